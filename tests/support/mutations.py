"""Mutated input for readers, which must read it or refuse it in one line.

A reader runs in a process of its own, which measures the processor time and the peak memory of
every input: a reader that hangs, crashes or fills the memory must not take the tests with it.

    python -m support.mutations picture 2000 7
"""

import contextlib
import importlib
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

MAX_SECONDS = 5.0  # of processor time, for one input
MAX_MEMORY = 10**9  # bytes, beyond what the process had before
HANGS_AFTER = 30  # seconds of processor time after which the process is ended by a signal
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_TOKENS = (
    "",
    "-",
    "1e999",
    "9" * 40,
    "NaN",
    "(" * 30,
    '"',
    "\0",
    "é",
    "[]",
    "{}",
    "null",
    ",",
    "*",
)


class Target(NamedTuple):
    """A reader with valid input.

    Attributes:
        read: reads a file; raises ``PuppyslugError`` if it cannot.
        seeds: valid files, by name.
        text: whether the files are text.
        repair: corrects the checksums of half of the changed files; without this, few changes of
            some formats are ever looked at.
    """

    read: Callable[[Path], object]
    seeds: dict[str, bytes]
    text: bool = False
    repair: Callable[[bytes], bytes] | None = None


class Report(NamedTuple):
    """What became of mutated input.

    Attributes:
        read: number of inputs that were read.
        refused: number of inputs that were refused with a ``PuppyslugError`` of one line.
        faults: what else happened, one line each.
        seconds: longest processor time of one input.
        memory: largest growth of the peak memory, in bytes.
    """

    read: int
    refused: int
    faults: list[str]
    seconds: float
    memory: int


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Change some bytes: flipped, overwritten by extreme numbers, cut out, repeated or cut off."""
    result = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 4, 12))):
        if not result:
            break
        # the start of a file holds its structure
        reach = len(result) if generator.random() < 0.5 else min(len(result), 400)
        place = generator.randrange(reach)
        match generator.randrange(8):
            case 0:
                result[place] ^= 1 << generator.randrange(8)
            case 1:
                result[place] = generator.randrange(256)
            case 2 | 3:
                size = generator.choice((1, 2, 4))
                number = generator.choice(_NUMBERS) & (256**size - 1)
                order = generator.choice(("big", "little"))
                result[place : place + size] = number.to_bytes(size, order)
            case 4:
                del result[place : place + generator.randrange(1, 40)]
            case 5:
                result[place:place] = result[place : place + generator.randrange(1, 40)]
            case 6:  # a small number, such as the type of a tag
                order = generator.choice(("big", "little"))
                result[place : place + 2] = generator.randrange(15).to_bytes(2, order)
            case 7 if generator.random() < 0.3:
                del result[place:]
    return bytes(result)


def mutate_text(data: bytes, generator: random.Random) -> bytes:
    """Change a text: as ``mutate`` does, or by tokens that parsers find hard."""
    if generator.random() < 0.3:
        return mutate(data, generator)
    text = data.decode()
    for _ in range(generator.choice((1, 1, 2, 4))):
        start = generator.randrange(len(text) + 1)
        stop = min(len(text), start + generator.choice((0, 1, 1, 3, 10)))
        token = generator.choice((*_TOKENS, text[start : start + 20] * generator.choice((1, 50))))
        text = text[:start] + token + text[stop:]
    return text.encode("utf-8", "replace")


def mutations(target: Target, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and mutated content; the same seed gives the same ones."""
    generator = random.Random(seed)
    change = mutate_text if target.text else mutate
    names = sorted(target.seeds)
    for index in range(count):
        name = names[index % len(names)]
        content = change(target.seeds[name], generator)
        if target.repair is not None and generator.random() < 0.5:
            content = target.repair(content)
        yield name, content


def run_reader(target: str, count: int, seed: int) -> Report:
    """Read mutated input in another process, forked from one that has imported all readers.

    Args:
        target: name of a target in ``support.mutation_targets``, or ``module:name``.
        count: number of inputs.
        seed: of the mutations.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.mutation_targets"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_results, args=(sender, target, count, seed))
    process.start()
    sender.close()
    read = refused = 0
    faults, seconds, memory, done = [], 0.0, 0, -1
    with receiver, contextlib.suppress(EOFError):
        while True:
            result = receiver.recv()
            done = result["index"]
            read += result["outcome"] == "read"
            refused += result["outcome"] == "refused"
            seconds, memory = max(seconds, result["seconds"]), max(memory, result["memory"])
            if result["outcome"] not in ("read", "refused"):
                faults.append(f"{done} ({result['name']}): {result['outcome']}")
    process.join()
    if process.exitcode or done + 1 < count:
        faults.append(f"{done + 1}: the process ended with status {process.exitcode}")
    return Report(read, refused, faults, seconds, memory)


def _send_results(sender: Connection, name: str, count: int, seed: int) -> None:
    with sender:
        for result in _read_all(name, count, seed):
            sender.send(result)


def _read_all(name: str, count: int, seed: int) -> Iterator[dict[str, object]]:
    """Read mutated input in this process, and yield what became of it."""
    module, _, key = name.rpartition(":")
    targets = importlib.import_module(module or "support.mutation_targets").TARGETS
    target: Target = targets[key]()
    with tempfile.TemporaryDirectory() as folder:
        for seed_name, content in target.seeds.items():  # loads libraries, and checks the seeds
            target.read(_write(Path(folder), seed_name, content))
        base = _peak_memory()
        for index, (seed_name, content) in enumerate(mutations(target, count, seed)):
            path = _write(Path(folder), seed_name, content)
            signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER)
            start = time.process_time()
            outcome = _outcome(target, path)
            seconds = time.process_time() - start
            memory = _peak_memory() - base
            if memory > MAX_MEMORY:
                outcome = f"{outcome}, {memory / 1e9:.1f} GB"
                base += memory  # name only the input that needed it
            if seconds > MAX_SECONDS:
                outcome = f"{outcome}, {seconds:.1f} s"
            yield {
                "index": index, "name": seed_name, "outcome": outcome, "seconds": seconds,
                "memory": memory,
            }  # fmt: skip


def _write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _outcome(target: Target, path: Path) -> str:
    from puppyslug.errors import PuppyslugError

    try:
        target.read(path)
    except PuppyslugError as error:
        text = str(error)
        if len(text.splitlines()) == 1 and "unexpected" not in text and len(text) < 2000:
            return "refused"
        return f"message of {len(text.splitlines())} lines, {len(text)} letters: {text[:200]!r}"
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:200]} at {place.filename}:{place.lineno}"
    return "read"


def _peak_memory() -> int:
    if sys.platform == "linux":  # getrusage counts what the parent had when it started this
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _main() -> None:
    name, count, seed = sys.argv[1:]
    report = run_reader(name, int(count), int(seed))
    kinds = Counter(fault.partition(": ")[2][:120] for fault in report.faults)
    print(f"{name}: {report.read} read, {report.refused} refused, {len(report.faults)} faults, "
          f"{report.seconds:.2f} s, {report.memory / 1e6:.0f} MB")  # fmt: skip
    for kind, number in kinds.most_common(20):
        print(f"  {number} × {kind}")
    for fault in report.faults[:10]:
        print(f"    {fault[:400]}")


if __name__ == "__main__":
    _main()
