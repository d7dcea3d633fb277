"""The script behind docs/performance.md: its page has a place for each part, and its bounds are counted right."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from lcrag.readers import Message, Request

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "experiments" / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return import_module("throughput"), import_module("throughput_model")


def test_the_page_has_a_place_for_each_part(script):
    throughput, _ = script
    page = throughput.PAGE.read_text("utf-8")
    for name in throughput.parts():
        assert page.count(f"<!-- {name} -->") == page.count(f"<!-- end of {name} -->") == 1


def test_the_fewest_tokens_are_each_document_once_and_every_tail(script):
    _, model = script
    words = SimpleNamespace(
        encode=lambda messages, chars: (messages[0].content.split(), len(messages[0].content[:chars].split()))
    )

    def ask(text, chars=0):
        return Request((Message("user", text),), prefix_chars=chars)

    requests = [ask("a b c which", 6), ask("a b c who then", 6), ask("d e why", 4), ask("a b what")]
    assert model.least(requests, words) == 3 + 2 + (1 + 2 + 1) + 3


def test_the_same_requests_about_new_copies(script):
    _, model = script
    requests = [
        Request((Message("user", f"Copy 7000{n}.\nText. {q}"),), prefix_chars=9) for n in (1, 2) for q in "ab"
    ]
    other = model.retagged(requests)
    tags = [r.messages[0].content[5:10] for r in other]
    assert tags[0] == tags[1] != tags[2] == tags[3] and not {"70001", "70002"} & {*tags}
    assert [r.messages[0].content[10:] for r in other] == [r.messages[0].content[10:] for r in requests]


@pytest.mark.slow
def test_the_script_measures_rows():
    command = [sys.executable, str(FOLDER / "throughput.py"), "--small", "--only", "langchain"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "LangChain's `batch`" in done.stdout and "times as long" in done.stdout
