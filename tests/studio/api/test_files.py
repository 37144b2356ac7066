"""The API of a dream's files."""

import io
import json
import zipfile

import av
from PIL import Image

from support.studios import QUICK, assert_rejected, random_picture


def test_a_zoom_is_a_film(studio):
    form = {"recipe": json.dumps(QUICK), "kind": "zoom", "frames": "6", "fps": "12"}
    job_id = studio.client.post("/api/dreams", data=form).json()["id"]
    dream = studio.wait(job_id, "done")
    assert dream["frames"] == 6
    film = studio.client.get(f"/api/dreams/{job_id}/film").content
    with av.open(io.BytesIO(film)) as container:
        assert container.streams.video[0].average_rate == 12
        assert sum(1 for _ in container.decode(video=0)) == 6
    assert studio.image(job_id).size == (64, 48)
    assert not (studio.data / "dreams" / job_id / "film.mp4.frames").exists()


def test_files_that_do_not_exist_yet_are_not_found(client):
    job_id = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
    for resource in ("preview", "image", "film", "before", "thumbnail", "photo"):
        assert_rejected(client.get(f"/api/dreams/{job_id}/{resource}"), 404)


def test_the_preview_is_the_latest_picture_there_is(client, services):
    recipe = json.dumps({**QUICK, "size": "64"})
    photo = {"photo": ("a.png", random_picture())}
    job_id = client.post("/api/dreams", data={"recipe": recipe}, files=photo).json()["id"]
    folder = services.folder.job_folder(job_id)
    for name, content in (("before.jpg", b"before"), ("thumbnail.jpg", b"thumbnail")):
        (folder / name).write_bytes(content)
        response = client.get(f"/api/dreams/{job_id}/preview")
        assert (response.content, response.headers["content-type"]) == (content, "image/jpeg")
    services.hub.update(job_id, preview=b"preview")
    assert client.get(f"/api/dreams/{job_id}/preview").content == b"preview"


def test_downloads_are_named_after_the_photo(client, services):
    recipe = json.dumps({**QUICK, "size": "64"})
    photo = {"photo": ("my.cat.png", random_picture())}
    job_id = client.post("/api/dreams", data={"recipe": recipe}, files=photo).json()["id"]
    Image.new("RGB", (4, 4)).save(services.folder.job_folder(job_id) / "dream.png")
    shown = client.get(f"/api/dreams/{job_id}/image")
    assert "content-disposition" not in shown.headers
    download = client.get(f"/api/dreams/{job_id}/image", params={"download": True})
    assert 'filename="my.cat.dream.png"' in download.headers["content-disposition"]


def test_links_in_the_data_folder_are_not_followed(client, services, tmp_path):
    job_id = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
    (tmp_path / "secret").write_text("secret")
    for name in ("dream.png", "film.mp4", "before.jpg", "thumbnail.jpg"):
        (services.folder.job_folder(job_id) / name).symlink_to(tmp_path / "secret")
    for resource in ("preview", "image", "film", "before", "thumbnail"):
        assert_rejected(client.get(f"/api/dreams/{job_id}/{resource}"), 404)
    again = client.post(f"/api/dreams/{job_id}/again", json={"feed": True})
    assert_rejected(again, 409)


def test_the_results_of_several_dreams_are_one_zip_file(client, services):
    ids = []
    for colour in ("red", "blue", None):
        job_id = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()["id"]
        if colour:
            Image.new("RGB", (4, 4), colour).save(services.folder.job_folder(job_id) / "dream.png")
        ids.append(job_id)
    response = client.get("/api/download", params={"id": ids})
    assert 'filename="dreams.zip"' in response.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = archive.namelist()
        assert names == ["clouds.dream.png", "clouds.dream-2.png"]
        for name, colour in zip(names, ((255, 0, 0), (0, 0, 255)), strict=True):
            picture = Image.open(io.BytesIO(archive.read(name)))
            assert picture.getpixel((0, 0)) == colour
    assert not list(services.folder.path.glob("download-*"))
    assert_rejected(client.get("/api/download", params={"id": ids[2]}), 409, "wait")
    assert_rejected(client.get("/api/download", params={"id": "nonsense"}), 404)
    assert not list(services.folder.path.glob("download-*"))
