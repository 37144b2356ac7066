"""What a training task makes of a job's classes and messages."""

from pathlib import Path

from puppyslug.studio.jobs.models import StoredFile, TrainingClass, TrainingConfig
from puppyslug.studio.workers.training_task import _class_folders, _display_names, _replace_paths

JOB = Path("/data/dreams/x")


def picture(file, name):
    return StoredFile(file=file, name=name, sha256="ab" * 32, size=(60, 80))


def config():
    return TrainingConfig(
        base="efficientnet_lite0",
        things=[
            TrainingClass(number=1, name="dog", pictures=[picture("b.png", "Rex.png"),
                                                          picture("a.png", "Bello.png")]),
            TrainingClass(number=2, name="none"),
            TrainingClass(number=11, name="cat", pictures=[picture("c.png", "Tom.png")]),
        ],
    )  # fmt: skip


def test_classes_are_sorted_by_name_and_pictures_by_file():
    folders = _class_folders(JOB, config())
    assert list(folders) == ["cat", "dog"]  # no negatives without pictures
    dogs = JOB / "things" / "1"
    assert folders["dog"].files == (dogs / "a.png", dogs / "b.png")


def test_messages_name_files_as_the_user_does():
    names = _display_names(JOB, config())
    text = f"{JOB}/things/1/b.png is like {JOB}/things/11/c.png; {JOB}/things/11 has 1 picture"
    assert _replace_paths(text, names) == "Rex.png is like Tom.png; cat has 1 picture"
