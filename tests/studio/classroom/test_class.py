"""Class mode over HTTP: who gets in, what each sees, and what only the teacher can do."""

import json

import pytest

from puppyslug.studio import Limits, Services, create_app
from puppyslug.studio.classroom import guesses
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.limits import CLASS_LIMITS, PupilLimits
from puppyslug.studio.visitors import COOKIE
from support.classes import joined_pupil, open_browser, teacher_of
from support.studios import QUICK, assert_rejected

HTML = {"Accept": "text/html"}
PAGES = ("/", "/worksheet")
TEACHER_PAGES = ("/class", "/projector", "/teach")


@pytest.fixture
def services(tmp_path):
    with Services.open(tmp_path / "data", CLASS_LIMITS, workers=0, in_class=True) as services:
        services.classroom.address = "http://192.0.2.1:8000/"
        yield services


@pytest.fixture
def app(services):
    return create_app(services, host="0.0.0.0")


def submit(client, **form):
    recipe = {**QUICK, **form.pop("recipe", {})}
    return client.post("/api/dreams", data={"recipe": json.dumps(recipe), **form})


def dream(client, **form):
    response = submit(client, **form)
    assert response.status_code == 201, response.text
    return response.json()["id"]


def test_before_joining_there_is_only_the_page_to_join(app):
    with open_browser(app, "192.0.2.7") as client:
        for path in (*PAGES, *TEACHER_PAGES):
            response = client.get(path, headers=HTML)
            assert (response.status_code, response.headers["location"]) == (303, "/join")
        for path in ("/api/dreams", "/api/events", "/api/settings", "/api/openapi.json"):
            assert_rejected(client.get(path), 401, "/join")
        assert_rejected(submit(client), 401)
        page = client.get("/join")
        assert page.status_code == 200
        assert COOKIE not in page.headers.get("set-cookie", "")
        assert client.get("/static/class.css").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_the_pass_phrase_gives_a_cookie_that_scripts_and_other_sites_cannot_use(app, services):
    with open_browser(app, "192.0.2.7") as client:
        body = {"passphrase": services.classroom.passphrase.upper(), "name": " Ada \u200b"}
        response = client.post("/api/class/join", json=body)
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        page = client.get("/")
        assert "Ada" in page.text
        assert "/teach" not in page.text
        assert client.get("/join", headers=HTML).headers["location"] == "/"
        for path in TEACHER_PAGES:
            assert client.get(path, headers=HTML).headers["location"] == "/"
        assert client.post("/api/class/leave").status_code == 204
        assert_rejected(client.get("/api/dreams"), 401)


def test_wrong_pass_phrases_are_refused_and_limited_whether_right_or_wrong(app, services):
    right = {"passphrase": services.classroom.passphrase}
    with open_browser(app, "192.0.2.66") as guesser, open_browser(app, "192.0.2.7") as other:
        for _ in range(guesses.ADDRESS_GUESSES):
            response = guesser.post("/api/class/join", json={"passphrase": "a b c d"})
            assert_rejected(response, 403, "pass phrase")
            assert "set-cookie" not in response.headers
        limited = [
            guesser.post("/api/class/join", json=one) for one in ({"passphrase": "x"}, right)
        ]
        for response in limited:
            assert_rejected(response, 429, "try again")
            assert int(response.headers["retry-after"]) > 0
        assert limited[0].json() == limited[1].json()
        assert other.post("/api/class/join", json=right).status_code == 204
    with open_browser(app, "192.0.2.8") as client:
        headers = {"Origin": "http://evil.example"}
        assert_rejected(client.post("/api/class/join", json=right, headers=headers), 403, "evil")


def test_a_pupil_sees_and_controls_nothing_of_another(app, services):
    with joined_pupil(app, services, "Ada") as ada, joined_pupil(app, services, "Bob") as bob:
        hers, his = dream(ada), dream(bob)
        assert [one["id"] for one in ada.get("/api/dreams").json()] == [hers]
        assert [one["id"] for one in bob.get("/api/dreams").json()] == [his]
        for path in ("", "/preview", "/image", "/before", "/thumbnail", "/photo", "/recipe",
                     "/seen", "/events", "/mask", "/guides/1", "/film", "/seen/1"):  # fmt: skip
            assert_rejected(bob.get(f"/api/dreams/{hers}{path}"), 404, "does not exist")
        assert_rejected(bob.get("/api/download", params={"id": hers}), 404)
        for order in ("pause", "resume", "stop", "cancel", "rerun", "steer", "again"):
            assert_rejected(bob.post(f"/api/dreams/{hers}/{order}", json={}), 404)
        assert_rejected(bob.delete(f"/api/dreams/{hers}"), 404)
        assert_rejected(submit(bob, photo_of=hers), 404)
        assert ada.get(f"/api/dreams/{hers}/recipe").status_code == 200
        assert ada.post(f"/api/dreams/{hers}/cancel").json()["status"] == "cancelled"
        assert ada.delete(f"/api/dreams/{hers}").status_code == 204


def test_the_events_of_a_pupil_have_own_dreams_only(app, services):
    with joined_pupil(app, services, "Ada") as ada, joined_pupil(app, services, "Bob") as bob:  # noqa: SIM117
        with teacher_of(app, services) as teacher:
            hers, his = dream(ada), dream(bob)
            services.store.start_next()
            views = {}
            for name, client in (("ada", ada), ("bob", bob), ("teacher", teacher)):
                visitor = visitor_of(services, client, is_teacher=name == "teacher")
                views[name] = json.loads(services.class_activity.describe(visitor))
            version = views["bob"]["version"]
            assert (list(views["ada"]["active"]), views["ada"]["queue"]) == ([hers], [])
            assert (list(views["bob"]["active"]), views["bob"]["queue"]) == ([], [his])
            assert views["bob"]["waits"][his]["before"] == 0
            assert (list(views["teacher"]["active"]), views["teacher"]["queue"]) == ([hers], [his])
            assert "projected" not in views["bob"]
            services.store.update(hers, status=Status.DONE)
            visitor = visitor_of(services, bob)
            assert json.loads(services.class_activity.describe(visitor))["version"] == version


def visitor_of(services, client, *, is_teacher=False):
    from puppyslug.studio.owners import owner_of
    from puppyslug.studio.visitors import Visitor

    owner = owner_of(client.cookies.get(COOKIE, ""))
    return Visitor(owner, controls_all=is_teacher, sees_all=is_teacher)


def test_the_teacher_sees_and_controls_all_and_knows_the_names(app, services):
    with joined_pupil(app, services, "Ada") as ada, joined_pupil(app, services, "") as second:  # noqa: SIM117
        with teacher_of(app, services) as teacher:
            ids = [dream(ada), dream(second), dream(teacher)]
            seen = {one["id"]: one["pupil"] for one in teacher.get("/api/dreams").json()}
            assert seen == dict(zip(ids, ["Ada", "Pupil 2", ""], strict=True))
            assert ada.get(f"/api/dreams/{ids[0]}").json()["pupil"] == ""
            view = teacher.get("/api/class").json()
            assert view["passphrase"] == services.classroom.passphrase
            assert [(one["name"], one["queued"]) for one in view["pupils"]] == [
                ("Ada", 1),
                ("Pupil 2", 1),
            ]
            assert teacher.post(f"/api/dreams/{ids[0]}/cancel").json()["status"] == "cancelled"
            assert teacher.delete(f"/api/dreams/{ids[0]}").status_code == 204
            assert teacher.post("/api/class/clear").status_code == 204
            statuses = {one["status"] for one in teacher.get("/api/dreams").json()}
            assert statuses == {"cancelled"}
            assert teacher.delete("/api/class/dreams").status_code == 204
            assert services.store.ids() == set()


def test_what_leads_the_class_is_refused_to_pupils(app, services):
    with joined_pupil(app, services, "Ada") as ada:
        for method, path in (
            ("GET", "/api/class"), ("GET", "/api/class/code"), ("POST", "/api/class/pause"),
            ("POST", "/api/class/resume"), ("POST", "/api/class/clear"),
            ("POST", "/api/class/projector"), ("DELETE", "/api/class/dreams"),
            ("DELETE", "/api/class/pupils/1"), ("POST", "/api/lessons"), ("GET", "/api/lessons"),
            ("DELETE", "/api/networks/x"),
        ):  # fmt: skip
            body = {"json": {}} if method == "POST" else {}
            assert_rejected(ada.request(method, path, **body), 403, "teacher")


def test_the_teachers_token_is_worth_nothing_on_another_machine(app, services):
    token = services.classroom.teacher_token
    with open_browser(app, "192.0.2.7") as client:
        assert_rejected(client.get("/class", params={"token": token}), 403, "computer")
        headers = {"Authorization": f"Bearer {token}"}
        assert_rejected(client.get("/api/class", headers=headers), 401)
        cookie = {"Cookie": f"puppyslug_token={token}"}
        assert_rejected(client.get("/api/class", headers=cookie), 401)
    with open_browser(app, "127.0.0.1") as script:
        assert_rejected(script.get("/api/class"), 401)
        assert_rejected(script.get("/api/class", params={"token": "wrong"}), 401)
        assert script.get("/api/class", headers=headers).status_code == 200


def test_the_projector_shows_one_dream_or_how_to_join(app, services):
    with joined_pupil(app, services, "Ada") as ada, teacher_of(app, services) as teacher:
        job = dream(ada)
        page = teacher.get("/projector").text
        assert services.classroom.passphrase in page
        assert services.classroom.address in page
        code = teacher.get("/api/class/code")
        assert code.headers["content-type"] == "image/svg+xml"
        assert code.content.lstrip().startswith(b"<?xml") or b"<svg" in code.content
        assert teacher.post("/api/class/projector", json={"dream": job}).status_code == 204
        assert teacher.get("/api/class").json()["projected"] == job
        assert_rejected(teacher.post("/api/class/projector", json={"dream": "no"}), 404)
        assert teacher.post("/api/class/projector", json={}).status_code == 204
        assert teacher.get("/api/class").json()["projected"] is None


def test_a_removed_pupil_has_to_join_again_and_the_pictures_stay(app, services):
    with joined_pupil(app, services, "Ada") as ada, teacher_of(app, services) as teacher:
        job = dream(ada)
        assert teacher.delete("/api/class/pupils/1").status_code == 204
        assert_rejected(ada.get("/api/dreams"), 401)
        assert teacher.get(f"/api/dreams/{job}").status_code == 200
        assert_rejected(teacher.delete("/api/class/pupils/1"), 404)


def test_a_gallery_survives_a_restart_and_the_pass_phrase_does_not(app, services, tmp_path):
    with joined_pupil(app, services, "Ada") as ada:
        job, cookie = dream(ada), ada.cookies[COOKIE]
    passphrase = services.classroom.passphrase
    services.close()
    with Services.open(tmp_path / "data", CLASS_LIMITS, workers=0, in_class=True) as again:
        assert again.classroom.passphrase != passphrase
        with open_browser(create_app(again, host="0.0.0.0"), "192.0.2.7") as client:
            client.cookies.set(COOKIE, cookie)
            assert [one["id"] for one in client.get("/api/dreams").json()] == [job]
    assert cookie not in (tmp_path / "data" / "class.json").read_text()


def test_each_pupil_has_limits_which_others_do_not_feel(app, services):
    services.classroom.limits = PupilLimits(queued=2, trials=1, dream=100_000, frames=50)
    with joined_pupil(app, services, "Ada") as ada, joined_pupil(app, services, "Bob") as bob:
        first, _ = dream(ada), dream(ada)
        response = submit(ada)
        assert_rejected(response, 429, "2 of your dreams")
        assert int(response.headers["retry-after"]) > 0
        dream(ada, trial="true")
        assert_rejected(submit(ada, trial="true"), 429, "1 of your dreams")
        dream(bob)
        assert_rejected(ada.post(f"/api/dreams/{first}/again", json={}), 429)
        ada.post(f"/api/dreams/{first}/cancel")
        assert_rejected(submit(ada, recipe={"size": "400x400"}), 422, "megapixels")
        film = {"kind": "zoom", "frames": "51"}
        assert_rejected(submit(ada, **film), 422, "50")
        assert ada.get("/api/settings").json()["limits"]["dream"] == 100_000


def test_the_pictures_of_a_pupil_have_a_limit(app, services):
    services.classroom.limits = PupilLimits(bytes=1)
    with joined_pupil(app, services, "Ada") as ada, joined_pupil(app, services, "Bob") as bob:
        job = dream(ada)
        services.store.update(job, bytes=2)  # as if a photo had been uploaded
        assert_rejected(submit(ada), 413, "delete")
        dream(bob)
        ada.post(f"/api/dreams/{job}/cancel")
        ada.delete(f"/api/dreams/{job}")
        dream(ada)


def test_a_pupil_pauses_one_dream_at_a_time(app, services):
    with joined_pupil(app, services, "Ada") as ada:
        one, other = dream(ada), dream(ada)
        services.store.update(one, status=Status.PAUSED)
        services.store.update(other, status=Status.RUNNING)
        assert_rejected(ada.post(f"/api/dreams/{other}/pause"), 409, "paused another")


def test_without_class_mode_there_is_no_class(tmp_path):
    with Services.open(tmp_path / "data", Limits(), workers=0) as services:  # noqa: SIM117
        with open_browser(create_app(services), "127.0.0.1") as client:
            for path in ("/join", "/class", "/projector", "/worksheet", "/api/class"):
                assert client.get(path).status_code == 404
            body = {"passphrase": "a b c d"}
            assert_rejected(client.post("/api/class/join", json=body), 404, "--class")
            page = client.get("/").text
            assert "/teach" in page
            assert "/worksheet" not in page
            job = client.post("/api/dreams", data={"recipe": json.dumps(QUICK)}).json()
            assert job["wait_seconds"] is None
            assert "waits" not in json.loads(services.activity.describe())
