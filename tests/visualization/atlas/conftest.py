"""Fixtures of the atlases' tests."""

import pytest


@pytest.fixture(autouse=True)
def atlas_folder(tmp_path, monkeypatch):
    """The folder of the user's atlases, which is empty; there are no included ones."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(
        "puppyslug.visualization.atlas.locations.bundled_atlas_folder", lambda: tmp_path / "built"
    )
    return tmp_path / "data" / "puppyslug" / "atlases"
