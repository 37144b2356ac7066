"""Every reader reads mutated input, or refuses it in one line: no other error, no hang."""

import random

import pytest

from support.mutation_targets import TARGETS
from support.mutations import Target, mutate, mutate_text, run_reader

COUNT = 300
SEED = 2015


@pytest.mark.parametrize("target", TARGETS)
def test_mutated_input_is_read_or_refused_in_one_line(target):
    report = run_reader(target, COUNT, SEED)
    assert not report.faults, "\n".join(report.faults)
    assert report.read + report.refused == COUNT
    assert report.refused > COUNT / 10  # else the mutations change too little
    assert report.read > 0


def test_mutations_differ_and_can_be_repeated():
    for change in (mutate, mutate_text):
        text = b"a recipe of some length, to be changed"
        first = [change(text, random.Random(n)) for n in range(50)]
        assert first == [change(text, random.Random(n)) for n in range(50)]
        assert len(set(first)) > 30


def test_faults_of_a_reader_are_found(tmp_path, monkeypatch):
    """A reader that raises, crashes, hangs or fills the memory is reported as such."""
    (tmp_path / "bad_target.py").write_text(BAD_READERS)
    monkeypatch.syspath_prepend(tmp_path)
    for name, sign in {
        "raises": "KeyError: 'x'",
        "two_lines": "message of 2 lines",
        "crashes": "ended with status",
        "fills": ", 0.1 GB",
        "hangs": ", 0.5 s",
    }.items():
        report = run_reader(f"bad_target:{name}", 2, SEED)
        assert report.faults, name
        assert sign in report.faults[0], report.faults
    assert isinstance(TARGETS["objective"](), Target)


BAD_READERS = """
import os, time
from puppyslug.errors import PuppyslugError
from support import mutations
from support.mutations import Target

mutations.MAX_SECONDS, mutations.MAX_MEMORY = 0.3, 10**8  # in this process

def raises(path):
    if path.read_bytes() != b"seed":
        raise KeyError("x")

def two_lines(path):
    if path.read_bytes() != b"seed":
        raise PuppyslugError("one\\ntwo")

def crashes(path):
    if path.read_bytes() != b"seed":
        os.abort()

def fills(path):
    if path.read_bytes() != b"seed":
        bytearray(b"1") * 110_000_000

def hangs(path):
    start = time.process_time()
    while path.read_bytes() != b"seed" and time.process_time() < start + 0.5:
        pass

TARGETS = {reader.__name__: (lambda reader=reader: Target(reader, {"a": b"seed"}))
           for reader in (raises, two_lines, crashes, fills, hangs)}
"""
