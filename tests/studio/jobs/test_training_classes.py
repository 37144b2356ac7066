"""Classes of a training job: names, duplicates, thumbnails."""

import errno

import pytest
from PIL import Image

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import TrainingClass, TrainingConfig
from puppyslug.studio.jobs.training_classes import (
    delete_picture,
    find_class,
    find_duplicate,
    find_picture,
    thumbnail_file,
    validate_name,
    write_picture,
)
from puppyslug.studio.jobs.uploads import Upload
from support.studios import random_picture, upload_of


@pytest.fixture
def config():
    classes = [TrainingClass(number=1, name="my dog"), TrainingClass(number=4)]
    return TrainingConfig(base="efficientnet_lite0", things=classes)


def upload(data=None, name="a picture!.png"):
    return upload_of(data or random_picture((300, 200)), name)


def test_classes_are_found_by_number(config):
    assert find_class(config, 4) is config.things[1]
    with pytest.raises(HTTPError, match="2") as raised:
        find_class(config, 2)
    assert raised.value.status == 404


def test_names_are_compared_without_case_and_punctuation(config):
    assert validate_name(config, " cat ", None) == "cat"
    assert validate_name(config, "  ", None) == ""
    assert validate_name(config, "My Dog", config.things[0]) == "My Dog"
    for name in ("MY DOG", "my_dog"):
        with pytest.raises(HTTPError, match="my dog") as raised:
            validate_name(config, name, config.things[1])
        assert raised.value.status == 409


def test_a_picture_is_written_found_and_deleted(config, tmp_path):
    file = upload()
    folder = tmp_path / "things" / "1"
    stored = write_picture(folder, file)
    config.things[0].pictures.append(stored)
    assert stored.file == f"{file.sha256[:16]}-a-picture.png"
    assert (folder / stored.file).read_bytes() == file.data
    assert find_picture(config, 1, stored.file) is stored
    with pytest.raises(HTTPError, match="other"):
        find_picture(config, 1, "other.png")
    with Image.open(folder / thumbnail_file(stored.file)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (240, 160))
    delete_picture(folder, stored)
    delete_picture(folder, stored)
    assert list(folder.iterdir()) == []


def test_a_picture_is_written_with_its_thumbnail_or_not_at_all(monkeypatch, tmp_path):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Upload, "save", fail)
    with pytest.raises(OSError, match="No space"):
        write_picture(tmp_path, upload())
    assert list(tmp_path.iterdir()) == []


def test_a_duplicate_is_found_in_its_class_and_rejected_in_another(config, tmp_path):
    file = upload()
    first, second = config.things
    assert find_duplicate(config, first, file) is None
    first.pictures.append(write_picture(tmp_path, file))
    renamed = file._replace(name="b.png")
    assert find_duplicate(config, first, renamed) is first.pictures[0]
    with pytest.raises(HTTPError, match=r"b\.png.*my dog"):
        find_duplicate(config, second, renamed)


def test_names_have_no_invisible_characters(config):
    assert validate_name(config, "ca\u202et\x07", None) == "cat"
    assert validate_name(config, "\u202e\u200f", None) == ""
    assert validate_name(config, "می\u200cخواهم", None) == "می\u200cخواهم"
