from pathlib import Path

import pytest
from PIL import Image

from puppyslug.errors import RecipeError
from puppyslug.files.hashing import file_sha256
from puppyslug.recipe import FileReference, InputFiles, extract_files

REFERENCE = FileReference(name="a.png", sha256="0" * 64)


def test_settings_without_files_are_unchanged():
    settings = {"octaves": 3, "objective": "relu3_1"}
    assert extract_files(settings) == (settings, InputFiles())


def test_files_become_paths_and_leave_the_settings():
    settings, files = extract_files({"mask": "m.png", "weights": "w.pth", "octaves": 3})
    assert settings == {"octaves": 3}
    assert (files.mask, files.weights) == (Path("m.png"), "w.pth")


@pytest.mark.parametrize("mask", ["see(cat)", "not see(cat)", " not  see (cat)"])
def test_a_mask_by_name_stays_a_setting(mask):
    assert extract_files({"mask": mask}) == ({"mask": mask}, InputFiles())


def test_references_of_a_recipe_stay_settings():
    settings = {"mask": REFERENCE, "weights": REFERENCE, "labels": REFERENCE}
    assert extract_files(settings) == (settings, InputFiles())


def test_guides_are_named_after_their_files_or_numbered():
    picture = Image.new("RGB", (3, 3))
    settings, files = extract_files({"guide": ["folder/g.png", picture]})
    assert settings == {"guide": ["g.png", "guide-2"]}
    assert files.guides == {"g.png": Path("folder/g.png"), "guide-2": picture}
    assert extract_files({"guide": "g.png"})[0] == {"guide": ["g.png"]}


def test_two_guides_of_one_name_are_refused():
    with pytest.raises(RecipeError, match=r"g\.png"):
        extract_files({"guide": ["a/g.png", "b/g.png"]})


def test_guides_of_an_objective_are_files_in_the_current_folder():
    objective = 'guide("g.png", relu3_1)'
    assert extract_files({"objective": objective})[1].guides == {"g.png": Path("g.png")}
    _, files = extract_files({"objective": objective, "guides": [REFERENCE]})
    assert files.guides == {}


def test_a_labels_file_is_referenced_by_its_hash(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("cat\n")
    settings, files = extract_files({"labels": str(path)})
    assert settings == {"labels": FileReference(name="names.txt", sha256=file_sha256(path))}
    assert files.labels == path


def test_a_missing_labels_file_is_reported_by_whoever_reads_it(tmp_path):
    settings, files = extract_files({"labels": tmp_path / "missing.txt"})
    assert settings == {}
    assert files.labels == tmp_path / "missing.txt"
