from pathlib import Path

import pytest

from puppyslug.files.folders import CACHE_VARIABLE, cache_folder, data_folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", CACHE_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_the_cache_folder_can_be_overridden(home, monkeypatch):
    assert home in cache_folder().parents
    monkeypatch.setenv(CACHE_VARIABLE, "~/elsewhere")
    assert cache_folder() == home / "elsewhere"
    monkeypatch.setenv(CACHE_VARIABLE, "")
    assert cache_folder() != Path()


def test_data_and_cache_are_separate_and_not_created(home):
    assert home in data_folder().parents
    assert data_folder() != cache_folder()
    assert list(home.iterdir()) == []
