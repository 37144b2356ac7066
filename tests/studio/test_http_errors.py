"""The responses that report errors."""

import json

from puppyslug.studio.http_errors import MAX_DETAIL_LENGTH, HTTPError, error_response


def detail(error):
    return json.loads(error_response(error).body)["detail"]


def test_status_and_reason_are_reported():
    response = error_response(HTTPError(422, "size is 0; choose a larger one"))
    assert response.status_code == 422
    assert json.loads(response.body) == {"detail": "size is 0; choose a larger one"}
    assert "retry-after" not in response.headers


def test_the_client_is_told_when_to_try_again():
    response = error_response(HTTPError(429, "the queue is full", retry_after=30))
    assert response.headers["retry-after"] == "30"


def test_the_reason_is_one_line_of_limited_length():
    assert detail(HTTPError(422, "two\n lines")) == "two lines"
    assert len(detail(HTTPError(422, "x" * 10_000))) <= MAX_DETAIL_LENGTH + 2


def test_lone_surrogates_are_replaced():
    assert detail(HTTPError(422, "a\ud800b")) == "a?b"
