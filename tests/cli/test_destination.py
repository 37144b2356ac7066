"""Output files: names, checks and saving without loss."""

import itertools
import os
import signal
import tempfile
from pathlib import Path

import pytest
from PIL import Image

import puppyslug.images
from puppyslug.cli.destination import Destination, unused_paths
from puppyslug.errors import OutputError

PICTURE = Image.new("RGB", (7, 5))


def from_option(output, folder, **options):
    return Destination.from_option(output, folder=folder, stem="a.dream", **options)


def test_unused_paths_skip_files_links_and_reserved_names(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "a-2.png").symlink_to("nowhere.png")
    reserved = {tmp_path / "a-3.png"}
    paths = list(itertools.islice(unused_paths(tmp_path, "a", reserved=reserved), 2))
    assert [path.name for path in paths] == ["a-4.png", "a-5.png"]
    assert reserved == {tmp_path / f"a-{n}.png" for n in (3, 4, 5)}


def test_long_names_are_shortened_for_the_file_system(tmp_path):
    path = next(unused_paths(tmp_path, "ä" * 200))
    path.write_bytes(b"")
    assert path.exists()


def test_long_names_are_cut_between_letters_and_keep_their_ending(tmp_path):
    for stem in ("ä" * 200 + ".dream", "x" + "ä" * 200 + ".dream", "日本" * 90 + ".dream"):
        path = next(unused_paths(tmp_path, stem))
        assert path.name.encode().decode() == path.name
        assert path.name.endswith(".dream.png")
        path.write_bytes(b"")


def test_the_option_names_a_file_or_a_folder_or_nothing(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    assert from_option(None, tmp_path).path == tmp_path / "a.dream.png"
    assert from_option(other, tmp_path).path == other / "a.dream.png"
    assert from_option(other / "b.jpg", tmp_path).path == other / "b.jpg"
    assert from_option(None, tmp_path, suffix=".webp").path.suffix == ".webp"
    assert from_option(other, tmp_path).folder == other


def test_an_existing_file_is_replaced_only_on_request(tmp_path):
    file = tmp_path / "b.png"
    file.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"b\.png"):
        from_option(file, tmp_path)
    assert from_option(file, tmp_path, overwrite=True).save(PICTURE) == file
    assert file.read_bytes() != b"old"


def test_a_dangling_link_is_not_written_through(tmp_path):
    link = tmp_path / "b.png"
    link.symlink_to("elsewhere.png")
    with pytest.raises(OutputError, match=r"b\.png"):
        from_option(link, tmp_path)


def test_a_folder_that_is_not_writable_is_refused(tmp_path, monkeypatch):
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        from_option(None, tmp_path)


def test_an_input_file_is_not_overwritten_even_through_a_link(tmp_path):
    file, link = tmp_path / "photo.png", tmp_path / "link.png"
    PICTURE.save(file)
    link.symlink_to(file)
    destination = from_option(file, tmp_path, overwrite=True)
    destination.check_not_input("noise", None, tmp_path / "other.png")
    for path in (file, link):
        with pytest.raises(OutputError, match=r"photo\.png"):
            destination.check_not_input("noise", path)


def test_a_name_that_another_process_takes_is_replaced_by_the_next(tmp_path, capsys):
    destination = from_option(None, tmp_path)
    destination.path.write_bytes(b"of another process")
    assert destination.save(PICTURE) == tmp_path / "a.dream-2.png"
    assert capsys.readouterr().out == f"{tmp_path / 'a.dream-2.png'}\n"
    assert (tmp_path / "a.dream.png").read_bytes() == b"of another process"


@pytest.fixture
def full_disk(monkeypatch):
    """Return a function that makes all files below a folder unwritable."""
    save_image = puppyslug.images.save_image

    def limit(folder):
        def save(picture, path, **arguments):
            if folder in path.parents:
                raise OutputError(f"{path} could not be written: No space left on device")
            return save_image(picture, path, **arguments)

        monkeypatch.setattr(puppyslug.images, "save_image", save)

    return limit


def test_a_picture_that_cannot_be_written_is_saved_to_a_temporary_folder(
    tmp_path, tmp_path_factory, monkeypatch, full_disk
):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    full_disk(tmp_path)
    with pytest.raises(OutputError) as raised:
        from_option(None, tmp_path).save(PICTURE)
    (saved,) = temporary.rglob("*.png")
    assert str(saved) in str(raised.value)
    with Image.open(saved) as picture:
        assert picture.size == (7, 5)


def test_if_nothing_can_be_written_the_first_error_is_raised(tmp_path, full_disk):
    destination = from_option(None, tmp_path)
    full_disk(Path("/"))
    with pytest.raises(OutputError, match=r"a\.dream\.png") as raised:
        destination.save(PICTURE)
    assert str(raised.value).endswith("device")


def test_ctrl_c_does_not_interrupt_saving(tmp_path, monkeypatch):
    save_image = puppyslug.images.save_image

    def save(picture, path, **arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return save_image(picture, path, **arguments)

    monkeypatch.setattr(puppyslug.images, "save_image", save)
    assert from_option(None, tmp_path).save(PICTURE).exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
