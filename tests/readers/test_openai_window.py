"""How many tokens fit into a model on a server: known before the first call, and no part of a row's identity."""

from __future__ import annotations

import pytest

from lcrag.errors import ReaderUnavailable
from lcrag.readers import OpenAIReader
from tests.readers.scripted_server import Server


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "https://api.openai.com/v1/"])
@pytest.mark.parametrize(
    ("model", "window"), [("gpt-4o-mini", 128_000), ("gpt-4o-2024-08-06", 128_000), ("gpt-4", 8192)]
)
def test_openai_does_not_say_so_it_is_looked_up(address, model, window, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert OpenAIReader(model, address).context_window == window


def test_the_same_name_elsewhere(server: Server):
    server.models = [{"id": "gpt-4o-mini"}, {"id": "deepseek-r1:7b"}, {"id": "gpt-oss-20b"}]
    assert OpenAIReader("gpt-4o-mini", server.url).context_window == 128_000  # a proxy
    for model in ("deepseek-r1:7b", "gpt-oss-20b"):  # open weights: whoever serves them sets the window
        with pytest.raises(ReaderUnavailable, match=r"max_model_len .* --context-window"):
            _ = OpenAIReader(model, server.url).context_window


@pytest.mark.parametrize("field", ["max_model_len", "context_length", "context_window", "max_context_length"])
def test_servers_report_it_under_several_names(server: Server, field):
    server.models = [{"id": "m", field: 32_768}]
    assert OpenAIReader("m", server.url).context_window == 32_768


@pytest.mark.parametrize("bad", ["many", -1, 0, True, None])
def test_nonsense_is_not_a_window(server: Server, bad):
    server.models = [{"id": "m", "max_model_len": bad}]
    with pytest.raises(ReaderUnavailable, match="set max_model_len"):
        _ = OpenAIReader("m", server.url).context_window


def test_an_unknown_window_stops_a_run_before_its_first_call(run, server: Server):
    for strategies in ("[{type: chunked_retrieval, k: 2}]", "[long_context]"):
        done = run(model="n", strategies=strategies)
        assert done.returncode == 1
        assert "does not say how many tokens fit into n: set max_model_len" in done.stderr
        assert "--context-window" in done.stderr and done.stderr.count("\n") == 1
    assert server.seen == []


def test_another_window_pays_nothing_again(run, server: Server):
    assert run("--context-window", "5000", model="n").returncode == 0
    calls = len(server.seen)
    assert calls == 6
    done = run(model="n", reader="max_model_len: 6000")
    assert done.returncode == 0 and "6 of 6 answers were there already." in done.stdout
    done = run("--context-window", "7000", model="n", reader="max_model_len: 6000")
    assert done.returncode == 0 and len(server.seen) == calls


def test_a_window_for_a_reader_that_has_its_own(run):
    done = run("--context-window", "5000", reader_type="transformers")
    assert done.returncode == 1
    assert done.stderr == (
        "lcrag: --context-window is for a model on a server; the reader `transformers` knows its own.\n"
    )
