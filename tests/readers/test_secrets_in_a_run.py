"""Keys and passwords of a real run: in none of the files that it leaves, and not on the screen."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys

import pandas as pd
import pytest

from lcrag.errors import LcragError
from lcrag.readers import LangChainReader, Message, OpenAIReader, Request
from tests.readers.scripted_server import Server

KEY, BODY, PASSWORD = "k-1234567890", "body-secret-1", "hunter2hunter2"
ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)


def echo(body):
    """Refuses one question and repeats what it was sent."""
    if "audits" not in body["messages"][-1]["content"]:
        return None
    told = f"Incorrect key {KEY}, sent as Authorization: Bearer {KEY} with {body.get('api_key')}"
    return 400, {"error": {"message": told, "code": 400}}, {}


def test_no_secret_is_left_behind(run, tmp_path, server: Server):
    server.rule = echo
    url = server.url.replace("http://", f"http://ada:{PASSWORD}@")
    done = run(
        url=url,
        reader=f"api_key_env: ODD_NAME, extra_body: {{api_key: {BODY}}}",
        env={"ODD_NAME": KEY},
        mlflow=f"{{tracking_uri: 'sqlite:///{tmp_path}/ml.db'}}",
    )
    assert "2 of 6 answers failed" in done.stderr and "Incorrect key ***" in done.stderr
    assert server.seen[0][1]["api_key"] == BODY  # it was sent
    places = {"stdout": done.stdout, "stderr": done.stderr}
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.name != "own.yaml":
            places[str(file)] = file.read_bytes().decode("latin-1")
            if file.suffix == ".parquet":
                places[f"{file} read"] = pd.read_parquet(io.BytesIO(file.read_bytes())).to_csv()
    with sqlite3.connect(tmp_path / "ml.db") as store:
        parameters = dict(store.execute("select key, value from params").fetchall())
    assert "http://***@127.0.0.1" in parameters["reader.base_url"]
    assert parameters["reader.extra_body.api_key"] == "***"
    names = " ".join(places)
    assert all(
        n in names for n in ("outcomes.jsonl", "parquet read", "report.html", "experiment.json", "ml.db")
    )
    leaks = {n: s for n, text in places.items() for s in (KEY, BODY, PASSWORD) if s in text}
    assert leaks == {}


async def test_a_key_that_is_refused(server: Server, monkeypatch, caplog):
    monkeypatch.setenv("ODD_NAME", KEY)
    url = server.url.replace("http://", f"http://ada:{PASSWORD}@")
    server.then(503, f"busy {KEY}", retry_after="2.5").then(418, f"no {KEY}")
    with pytest.raises(LcragError) as caught:
        await OpenAIReader("m", url, api_key_env="ODD_NAME").generate(ASK)
    server.models = []
    with pytest.raises(LcragError) as unknown:
        _ = OpenAIReader("m", url, api_key_env="ODD_NAME").context_window
    told = f"{caught.value} {unknown.value} {caplog.text}"
    assert "***@127.0.0.1" in told and "Waiting" in told
    assert KEY not in told and PASSWORD not in told


async def test_a_langchain_model(server: Server):
    from langchain_openai import ChatOpenAI

    server.then(400, f"Incorrect key {KEY}")
    model = ChatOpenAI(model="m", base_url=server.url, api_key=KEY, max_retries=0)
    with pytest.raises(LcragError, match=r"Incorrect key \*\*\*") as caught:
        await LangChainReader(model, 4096).generate(ASK)
    assert KEY not in str(caught.value)


def test_a_password_in_a_tracking_uri(run):
    done = run(mlflow=f"{{tracking_uri: 'http://ada:{PASSWORD}@127.0.0.1:9'}}")
    assert "could not be logged to MLflow at http://***@127.0.0.1:9" in done.stderr
    assert PASSWORD not in done.stderr + done.stdout


def test_the_ui_names_its_store_without_the_password(tmp_path):
    command = [sys.executable, "-m", "lcrag.cli", "ui", "--tracking-uri", f"nonsense://ada:{PASSWORD}@db/x"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    printed = done.stdout + done.stderr
    assert "nonsense://***@db/x" in printed and PASSWORD not in printed
