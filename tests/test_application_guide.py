"""The Python in the guide to applications runs, from top to bottom."""

import re
import threading
from pathlib import Path

import pytest

from lcrag.testing.world import TEXTS, WordEmbedder

GUIDE = Path(__file__).parents[1] / "docs" / "application.md"


def test_the_application_guide_runs(tmp_path, monkeypatch, scripted, capsys):
    pytest.importorskip("langgraph")
    import uvicorn

    import lcrag
    from lcrag.runtime import defaults
    from lcrag.serving.http import create_server

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lcrag, "TransformersReader", lambda model: scripted())  # the guide's real one is slow
    monkeypatch.setattr(defaults, "default_embedder", WordEmbedder)
    (tmp_path / "manuals").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "manuals" / name).write_text(text)
    first, documents, stream, conversation, langgraph, client = re.findall(
        r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
    )
    names: dict = {}
    exec(compile(first, "application.md", "exec"), names)
    assert set(re.findall(r"^\| (`.*?) \|", GUIDE.read_text("utf-8"), re.MULTILINE)) >= {"`id`"}
    keys = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[a-z, `]+) \|", GUIDE.read_text("utf-8"), re.M)))
    assert set(keys) | {"routing"} == set(names["result"])
    for block in (documents, stream, conversation):
        exec(compile(block, "application.md", "exec"), names)
    assert list(names["app"].documents) == list(TEXTS)
    assert names["follow_up"]["usage"]["calls"] == 2
    exec(compile(langgraph, "application.md", "exec"), names)
    asked = {"messages": [("user", "When was Northwind founded?")]}
    thread = {"configurable": {"thread_id": "t"}}
    (*_, said) = names["graph"].invoke(asked, thread)["messages"]
    assert said.response_metadata["strategy"] == "chunked_retrieval"
    assert names["app"].conversations.turns("t")[0].question == "When was Northwind founded?"

    config = uvicorn.Config(create_server(names["app"]), port=0, log_level="warning")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    try:
        address = f"127.0.0.1:{socket.getsockname()[1]}"
        exec(compile(client.replace("127.0.0.1:8080", address), "application.md", "exec"), names)
    finally:
        server.should_exit = True
        thread.join()
    assert "chunked_retrieval" in capsys.readouterr().out


def test_the_guide_names_commands_that_there_are():
    from typer.testing import CliRunner

    from lcrag.cli import app

    for command, options in re.findall(
        r"^lcrag (\w+) [^#\n]*?((?: --[\w-]+ \S+)*) *(?:#.*)?$", GUIDE.read_text("utf-8"), re.M
    ):
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"--[\w-]+", options):
            assert option in shown, (command, option)
