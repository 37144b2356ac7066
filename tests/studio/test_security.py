"""Access control: host names, origins, tokens, security headers."""

import pytest

from puppyslug.studio import create_app
from puppyslug.studio.credentials import COOKIE
from puppyslug.studio.security import allowed_hosts, is_loopback
from support.app_client import AppClient
from support.studios import assert_rejected

TOKEN = "secret-token"


@pytest.fixture
def public_client(services):
    """A client of a studio that listens on all addresses, with a token."""
    app = create_app(services, host="0.0.0.0", token=TOKEN)
    with AppClient(app, "http://192.0.2.1:8000") as client:
        yield client


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "a b", "x@127.0.0.1"],
)
def test_requests_to_other_host_names_are_rejected(client, host):
    for response in (
        client.get("/", headers={"Host": host}),
        client.post("/api/dreams", headers={"Host": host}),
    ):
        assert_rejected(response, 421, host[:60])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1234", "[::1]:80", "LOCALHOST."])
def test_requests_to_own_host_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:1", "x", "http://[", ""]
)
def test_writes_from_other_origins_are_rejected(client, origin):
    headers = {"Origin": origin}
    form = {"recipe": "{}"}
    assert_rejected(client.post("/api/dreams", headers=headers, data=form), 403, origin)
    assert_rejected(client.delete("/api/dreams/x", headers=headers), 403, origin)
    assert client.get("/healthz", headers=headers).status_code == 200


def test_writes_from_own_pages_and_from_scripts_are_accepted(client):
    other_site = {"Sec-Fetch-Site": "cross-site"}
    assert_rejected(client.post("/api/dreams", headers=other_site, data={"recipe": "{}"}), 403)
    for headers in (
        {"Origin": client.base_url},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ):
        assert client.post("/api/dreams/x/stop", headers=headers).status_code == 404


def test_pages_load_nothing_from_elsewhere_and_contain_no_scripts(client):
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    for path in ("/", "/teach", "/static/studio.css", "/static/teach.css"):
        text = client.get(path).text.replace(client.base_url, "")
        assert "//" not in text.replace("http://www.w3.org", "")
        for forbidden in ("<script>", " style=", " onclick"):
            assert forbidden not in text


def test_responses_are_not_cached_except_static_files(client):
    assert client.get("/api/settings").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/static/studio.css").headers


def test_static_files_are_confined_to_their_folder(client):
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_without_the_token_only_the_health_check_answers(public_client):
    assert public_client.get("/healthz").status_code == 200
    for path in ("/", "/api/dreams", "/static/studio.css", "/?token=wrong", "/?token="):
        assert_rejected(public_client.get(path), 401, "token", "puppyslug studio")
    for credentials in ("Bearer wrong", "Bearer", f"Basic {TOKEN}", TOKEN):
        headers = {"Authorization": credentials}
        assert_rejected(public_client.get("/api/dreams", headers=headers), 401)
    assert_rejected(public_client.post("/api/dreams/x/stop", params={"token": TOKEN}), 401)


def test_a_bearer_token_is_accepted(public_client):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert public_client.get("/api/dreams", headers=headers).json() == []


def test_the_first_visit_sets_a_cookie_and_hides_the_token(public_client):
    first = public_client.get("/", params={"token": TOKEN, "see": "castle"})
    assert (first.status_code, first.headers["location"]) == (303, "/?see=castle")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert public_client.get("/").status_code == 200
    public_client.cookies.clear()
    for cookie in (f"{COOKIE}=wrong", f"{COOKIE}", 'a="', f'x="{TOKEN}"'):
        assert_rejected(public_client.get("/", headers={"Cookie": cookie}), 401)


def test_the_redirect_stays_on_this_host(public_client):
    url = f"{public_client.base_url}//evil.example/"
    response = public_client.get(url, params={"token": TOKEN})
    assert response.headers["location"] == "/evil.example/"


def test_with_a_token_addresses_are_allowed_but_other_names_are_not(public_client):
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "198.51.100.7"}
    assert public_client.get("/api/dreams", headers=headers).status_code == 200
    headers["Host"] = "evil.example"
    assert_rejected(public_client.get("/api/dreams", headers=headers), 421)


def test_loopback_addresses_are_recognised():
    for host in ("localhost", "LocalHost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org", ""):
        assert not is_loopback(host)


def test_the_allowed_hosts_depend_on_the_address():
    assert allowed_hosts("127.0.0.1") == {"localhost", "127.0.0.1", "::1"}
    assert "192.0.2.1" in allowed_hosts("192.0.2.1")
    public = allowed_hosts("0.0.0.0")
    assert {"localhost", "127.0.0.1"} < public
    assert "0.0.0.0" not in public
