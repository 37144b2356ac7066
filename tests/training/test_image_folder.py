"""Folders of training images: what is read, and what is refused."""

import pytest

from puppyslug.errors import TrainingError
from puppyslug.training import image_folder
from puppyslug.training.image_folder import ImageCollection, find_class_folders, read_images
from support.training_images import save_random_images


def read(folder):
    *_, collection = read_images(find_class_folders(folder))
    assert isinstance(collection, ImageCollection)
    return collection


def error_of(folder):
    with pytest.raises(TrainingError) as caught:
        read(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_images_are_grouped_by_class(tmp_path):
    for number, name in enumerate(("hat", "cup", "None")):
        save_random_images(tmp_path / name, 3 + number, number)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "readme.txt").write_text("not a class")
    collection = read(tmp_path)
    assert collection.class_names == ("cup", "hat")
    assert [len(one.images) for one in collection.classes] == [4, 3]
    assert len(collection.negatives) == 5
    assert [image.path.name for image in collection.classes[1].images] == [
        "000.png", "001.png", "002.png",
    ]  # fmt: skip


def test_every_file_advances_the_progress(tmp_path):
    save_random_images(tmp_path / "cup", 3, 0)
    save_random_images(tmp_path / "hat", 4, 1)
    *progress, _ = read_images(find_class_folders(tmp_path))
    assert [(one.done, one.total) for one in progress] == [(n, 7) for n in range(1, 8)]


def test_a_path_that_is_not_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "missing", tmp_path / "file"):
        assert str(path) in error_of(path)


def test_a_folder_without_classes_is_refused(tmp_path):
    assert str(tmp_path) in error_of(tmp_path)
    save_random_images(tmp_path / "None", 4, 0)
    assert str(tmp_path) in error_of(tmp_path)


def test_an_empty_class_is_named(tmp_path):
    save_random_images(tmp_path / "cup", 4, 0)
    (tmp_path / "hat").mkdir()
    (tmp_path / "hat" / ".hidden").write_text("x")
    assert str(tmp_path / "hat") in error_of(tmp_path)


def test_nested_folders_are_refused(tmp_path):
    save_random_images(tmp_path / "cup" / "old", 4, 0)
    message = error_of(tmp_path)
    assert str(tmp_path / "cup") in message and "folder old" in message


@pytest.mark.parametrize(("one", "other"), [("My Dog", "my dog"), ("my-dog", "my_dog")])
def test_names_that_differ_in_case_or_dashes_only_are_refused(tmp_path, one, other):
    save_random_images(tmp_path / one, 3, 0)
    save_random_images(tmp_path / other, 3, 1)
    message = error_of(tmp_path)
    assert one in message and other in message


def test_too_many_classes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(image_folder, "MAX_NEW_CLASSES", 2)
    for number in range(3):
        (tmp_path / f"class {number}").mkdir()
        (tmp_path / f"class {number}" / "file").write_text("x")
    with pytest.raises(TrainingError, match=r"(?=.*\b3\b)(?=.*\b2\b)"):
        find_class_folders(tmp_path)


def test_unreadable_files_are_named_and_skipped(tmp_path):
    folder = save_random_images(tmp_path / "cup", 4, 0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (folder / "notes.txt").write_text("cups")
    collection = read(tmp_path)
    assert len(collection.classes[0].images) == 4
    for name in ("broken.jpg", "notes.txt"):
        assert len([notice for notice in collection.notices if name in notice]) == 1


def test_few_images_give_a_notice_and_too_few_an_error(tmp_path):
    folder = save_random_images(tmp_path / "cup", 3, 0)
    save_random_images(tmp_path / "hat", 10, 1)
    (notice,) = read(tmp_path).notices
    assert "cup" in notice and "3" in notice and "10" in notice
    (folder / "000.png").write_bytes(b"")
    message = error_of(tmp_path)
    assert str(folder) in message and "2" in message


def test_a_single_class_gives_a_notice(tmp_path):
    save_random_images(tmp_path / "cup", 12, 0)
    (notice,) = read(tmp_path).notices
    assert "cup" in notice and "none" in notice
    save_random_images(tmp_path / "hat", 12, 1)
    assert read(tmp_path).notices == ()


def test_the_same_image_in_two_classes_is_refused(tmp_path):
    cups = save_random_images(tmp_path / "cup", 3, 0)
    hats = save_random_images(tmp_path / "hat", 3, 1)
    (hats / "twin.png").write_bytes((cups / "001.png").read_bytes())
    message = error_of(tmp_path)
    assert str(cups / "001.png") in message and str(hats / "twin.png") in message
