"""The queue of dreams: limits, stored files, and nothing left after a rejection."""

import pytest

from puppyslug.studio import Limits, Services
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.submission import Submission
from support.studios import QUICK, random_picture, upload_of

PHOTO = upload_of(random_picture((64, 48)), "cat.png")
MASK = upload_of(random_picture((64, 48), seed=1), "mask.png")
GUIDE = upload_of(random_picture((64, 48), seed=2), "flowers.png")
PHOTO_SETTINGS = {name: value for name, value in QUICK.items() if name != "photo"}


@pytest.fixture
def open_studio(tmp_path):
    opened = []

    def open_with(**limits):
        opened.append(Services.open(tmp_path / "data", Limits(**limits), workers=0))
        return opened[-1]

    yield open_with
    for services in opened:
        services.close()


def rejected(services, submission, status, *parts):
    with pytest.raises(HTTPError) as raised:
        services.dreams.submit(submission)
    assert raised.value.status == status
    for part in parts:
        assert part in str(raised.value)
    return raised.value


def test_a_submitted_dream_is_queued_with_its_files(services):
    submission = Submission(PHOTO_SETTINGS, photo=PHOTO, mask=MASK, guides=[GUIDE])
    job = services.dreams.submit(submission)
    assert services.store.get(job.id) == job
    assert (job.status, job.title, job.frames) == (Status.QUEUED, "cat.png", 1)
    folder = services.folder.job_folder(job.id)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files == {
        "photo.png": PHOTO.data,
        "mask.png": MASK.data,
        "guide-1.png": GUIDE.data,
        "start.jpg": PHOTO.thumbnail,
    }
    assert job.bytes == sum(map(len, files.values()))
    assert job.recipe["photo"] == {"name": "cat.png", "sha256": PHOTO.sha256}


def test_the_title_of_a_generated_start_is_its_name(services):
    job = services.dreams.submit(Submission(QUICK))
    assert (job.title, job.photo) == ("clouds", None)


def test_the_size_limit_counts_pixels(open_studio):
    services = open_studio(dream=3072, film=1000)
    services.dreams.submit(Submission({**QUICK, "size": "64x48"}))
    too_large = Submission({**QUICK, "size": "64x49"})
    rejected(services, too_large, 422, "64×49", "smaller")
    rejected(services, Submission({**QUICK, "size": "64x48"}, "zoom"), 422, "zoom", "smaller")


@pytest.mark.parametrize(
    ("frames", "fps", "part"), [(0, 25, "0"), (11, 25, "11"), (5, 0.5, "0.5"), (5, 121, "121")]
)
def test_frames_and_frame_rate_are_limited(open_studio, frames, fps, part):
    services = open_studio(frames=10)
    rejected(services, Submission(QUICK, "zoom", frames, fps), 422, part)
    services.dreams.submit(Submission(QUICK, "zoom", 10, 25))


def test_a_full_queue_rejects_and_keeps_nothing(open_studio):
    services = open_studio(queue=1)
    services.dreams.submit(Submission(QUICK))
    error = rejected(services, Submission(PHOTO_SETTINGS, photo=PHOTO), 429, "1", "later")
    assert error.retry_after > 0
    assert len(list((services.folder.path / "dreams").iterdir())) == 1
    with pytest.raises(HTTPError):
        services.dreams.check_capacity()


def test_a_rejected_dream_leaves_no_files(services):
    rejected(services, Submission(PHOTO_SETTINGS, photo=PHOTO, guides=[GUIDE, GUIDE]), 422, "guide")
    missing = {"objective": 'guide("other.png", relu1_1)'}
    rejected(services, Submission(missing, photo=PHOTO, guides=[GUIDE]), 422, "other.png")
    assert services.folder.is_empty
    assert services.store.ids() == set()


def test_weights_that_are_not_here_are_named_with_the_command_that_fetches_them(services):
    submission = Submission({"network": "googlenet", "photo": "clouds"})
    rejected(services, submission, 422, "puppyslug networks fetch googlenet")


def test_files_of_the_parent_are_shared(services):
    parent = services.dreams.submit(Submission(PHOTO_SETTINGS, photo=PHOTO, mask=MASK))
    child = services.dreams.submit(Submission({}, parent=parent))
    assert (child.parent, child.photo, child.mask) == (parent.id, parent.photo, parent.mask)
    source = services.folder.job_folder(parent.id) / "photo.png"
    copy = services.folder.job_folder(child.id) / "photo.png"
    assert source.samefile(copy)
    services.folder.delete_job(parent.id)
    assert copy.read_bytes() == PHOTO.data
    rejected(services, Submission({}, parent=parent), 409, "cat.png", "upload")


def test_a_fed_dream_starts_from_the_result_of_its_parent(services):
    parent = services.dreams.submit(Submission(PHOTO_SETTINGS, photo=PHOTO))
    rejected(services, Submission({}, parent=parent, feed=True), 409, "wait")
    result = random_picture((64, 48), seed=9)
    (services.folder.job_folder(parent.id) / "dream.png").write_bytes(result)
    parent = services.store.update(parent.id, width=64, height=48)
    child = services.dreams.submit(Submission({}, parent=parent, feed=True))
    assert (child.photo.name, child.photo.size) == ("cat.dream.png", (48, 64))
    assert (services.folder.job_folder(child.id) / "photo.png").read_bytes() == result
