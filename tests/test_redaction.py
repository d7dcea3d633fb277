"""No secret is in what is written, printed or logged."""

from __future__ import annotations

import pytest

from lcrag.errors import LcragError, reason
from lcrag.redaction import redact


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("http://ada:s3cret@host:1/v1", "http://***@host:1/v1"),
        ("at http://tok3n@host/v1: refused", "at http://***@host/v1: refused"),
        ("postgresql+psycopg2://ada:p@ss@db/mlflow", "postgresql+psycopg2://***@db/mlflow"),
        ("https://h/v1?api_key=s3cret&v=2", "https://h/v1?api_key=***&v=2"),
        ("https://h/v1?v=2&access_token=s3cret", "https://h/v1?v=2&access_token=***"),
        ("{'Authorization': 'Bearer s3cret.abc'}", "{'Authorization': '***'}"),
        ("Authorization: Basic czNjcmV0", "Authorization: ***"),
        ('"x-api-key": "s3cret"', '"x-api-key": "***"'),
        ("api-key=s3cret, model=m", "api-key=***, model=m"),
        ("refused Bearer s3cret-s3cret.", "refused Bearer ***"),
    ],
)
def test_credentials_in_a_text(text, safe):
    assert redact(text) == safe


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////tmp/a@b/mlflow.db",
        "http://localhost:8000/v1",
        "mail ada@example.org: 10:30",
        "api_key_env: set the environment variable MY_KEY",
        "The server at http://h/v1 refuses the key: put a valid one into MY_KEY.",
        "Which tokens does the bearer of the key hold?",
    ],
)
def test_other_texts_stay(text):
    assert redact(text) == text


def test_known_values_and_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "abcdefgh12")
    monkeypatch.setenv("SHORT_KEY", "on")
    assert redact("on abcdefgh12 and xyz", ["xyz", "", None]) == "on *** and ***"


def test_values_by_their_name():
    given = {
        "api_key": "s3cret",
        "max_tokens": 5,
        "tokenizer": "t",
        "api_key_env": "MY_KEY",
        "inner": [{"Authorization": "x", "password": ""}, ("http://a:b@c",)],
    }
    assert redact(given) == {
        "api_key": "***",
        "max_tokens": 5,
        "tokenizer": "t",
        "api_key_env": "MY_KEY",
        "inner": [{"Authorization": "***", "password": ""}, ("http://***@c",)],
    }


def test_reasons_are_safe():
    assert reason(LcragError("no http://a:b@c")) == "no http://***@c"
