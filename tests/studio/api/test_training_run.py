"""Training on a running server: the result, dreams of its classes, cancelling and stopping."""

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from support.studios import QUICK, TrainingJob, assert_rejected, random_picture, shape_picture

NETWORK = "pets.safetensors"


def submit_shapes(studio, name):
    job = TrainingJob(studio.client, name=name)
    for kind in ("stripes", "discs"):
        job.add_class(kind, *(shape_picture(kind, seed) for seed in range(4)))
    return job


@pytest.fixture(scope="module")
def trained(studio):
    """A training job that is done."""
    job = submit_shapes(studio, "pets")
    similar = io.BytesIO()
    Image.open(io.BytesIO(shape_picture("discs", 0))).save(similar, "JPEG", quality=90)
    stripes = job.get()["things"][0]["number"]
    assert job.upload(stripes, similar.getvalue(), "my twin.jpg").status_code == 201
    assert job.command("teach").status_code == 200
    job.wait("done")
    return job


def test_the_result_counts_held_out_pictures(studio, trained):
    view = trained.get()
    result = view["outcome"]
    assert view["here"]
    assert (result["file"], result["things"]) == (NETWORK, ["discs", "stripes"])
    assert result["pictures"] == [4, 5]
    assert [len(row) for row in result["counts"]] == [3, 3, 3]
    assert result["reported"]
    assert any("discs" in notice and "4" in notice for notice in view["notices"])
    assert any("my twin.jpg" in notice for notice in view["notices"])


def test_files_are_served_and_paths_are_not_disclosed(studio, trained):
    assert str(studio.data) not in json.dumps(trained.get())
    report = studio.client.get(f"{trained.url}/report")
    assert "discs" in report.text
    assert str(studio.data) not in report.text
    network = studio.client.get(f"/api/networks/{NETWORK}")
    assert network.content == (studio.data / "networks" / NETWORK).read_bytes()


def test_its_classes_are_found_before_those_of_the_base(studio, trained):
    (network,) = [n for n in studio.client.get("/api/networks").json() if n["name"] == NETWORK]
    assert (network["things"], network["here"]) == (["discs", "stripes"], True)
    for query, name in (("disc", "discs"), ("golden retriever", "golden retriever")):
        labels = studio.client.get("/api/labels", params={"network": NETWORK, "q": query}).json()
        assert labels[0]["name"] == name


def test_dreams_see_its_classes(studio, trained):
    recipe = {**QUICK, "network": NETWORK, "see": "discs", "size": "64x64"}
    del recipe["layer"]
    assert_rejected(studio.submit({**recipe, "see": "nonsense thing"}), 422, "nonsense thing")
    job_id = studio.dream(recipe)
    dream = studio.wait(job_id)
    assert dream["status"] == "done", dream["error"]
    assert dream["recipe"]["network"] == NETWORK
    again = studio.command(job_id, "again", recipe={"seed": 5}).json()["id"]
    assert studio.wait(again)["status"] == "done"
    image = studio.client.get(f"/api/dreams/{job_id}/image").content
    read = studio.client.post("/api/recipe", files={"dream": ("a.png", image)})
    assert read.json()["network"] == NETWORK


def test_a_network_is_known_by_name_and_not_by_path(studio, trained, tmp_path):
    elsewhere = tmp_path / "elsewhere.safetensors"
    elsewhere.write_bytes((studio.data / "networks" / NETWORK).read_bytes())
    response = studio.submit({"network": str(elsewhere), "photo": "clouds"})
    assert_rejected(response, 422, "elsewhere.safetensors")


def test_a_cancelled_job_is_trained_again_and_stopped_before_its_report(studio):
    job = submit_shapes(studio, "cancelled")
    number = job.add_class("grain", *(random_picture((90, 70), seed=seed) for seed in range(30)))
    job.command("teach")
    job.wait_for_progress()
    assert job.command("cancel").status_code == 200
    job.wait("cancelled")
    assert not (studio.data / "networks" / "cancelled.safetensors").exists()
    assert studio.client.delete(f"{job.url}/things/{number}").status_code == 200
    job.command("teach")
    events = []
    with studio.client.stream("GET", f"{job.url}/events") as response:
        for line in response.iter_lines():
            if line.startswith("data:"):
                events.append(json.loads(line.removeprefix("data:")))
                if (events[-1]["progress"] or {}).get("stage", "").startswith("report"):
                    job.command("stop")
    assert events[-1]["status"] == "done", events[-1]["error"]
    assert events[-1]["outcome"]["things"] == ["discs", "stripes"]
    fractions = [one["progress"]["fraction"] for one in events if one["progress"]]
    assert fractions == sorted(fractions)
    assert studio.client.delete("/api/networks/cancelled.safetensors").status_code == 204
    assert not job.get()["here"]
    missing = studio.submit({"network": "cancelled.safetensors", "see": "discs", "photo": "clouds"})
    assert_rejected(missing, 422, "cancelled.safetensors")
    assert studio.client.delete(job.url).status_code == 204
    assert job.id not in studio.files()


def test_the_training_script_in_the_docs_works(studio, tmp_path):
    page = Path("docs/studio.md").read_text()
    client, training = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for kind in ("stripes", "discs"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for seed in range(3):
            (tmp_path / "pets" / kind / f"{seed}.png").write_bytes(shape_picture(kind, seed))
    opening = "".join(client.splitlines(keepends=True)[:4])
    script = (opening + training).replace("http://127.0.0.1:8000", studio.address.rstrip("/"))
    script = script.replace('"photo": "clouds"', '"photo": "clouds", "size": "64", "octaves": 1')
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path) as process:
        while process.poll() is None:  # the report is tested elsewhere: skip it
            for job in studio.client.get("/api/lessons").json():
                if (job["name"], job["status"]) == ("my pets", "running") and job["outcome"]:
                    studio.client.post(f"/api/lessons/{job['id']}/stop")
            time.sleep(0.2)
    assert process.returncode == 0
    newest = studio.client.get("/api/dreams").json()[0]
    assert newest["recipe"]["network"] == "my pets.safetensors"
    assert studio.wait(newest["id"])["status"] == "done"
