"""MLflow's UI on a run, in a headless Chromium: what a user sees who follows the address that a run prints."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from lcrag.cost.price_cards import PriceCard
from lcrag.strategies import ChunkedRetrieval, LongContext

browsers = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]
MILLISECONDS = 240_000  # for a busy machine


@pytest.fixture
def ui(tmp_path):
    """Starts ``lcrag ui`` on a store and gives the address that it prints; ends it, and nothing is left of it."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers = []

    def start(store):
        command = [sys.executable, "-m", "lcrag.cli", "ui", "--port", str(port), "--tracking-uri", store]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        servers.append(server)
        until = time.monotonic() + MILLISECONDS / 1000
        while time.monotonic() < until and server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                break
            time.sleep(0.5)
        lines = iter(server.stdout.readline, "")
        return next(re.search(r"http\S+#\S+", line)[0] for line in lines if "#/experiments" in line)

    yield start
    for server in servers:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 143
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)


def test_runs_outcomes_comparison_and_traces_are_seen(experiment, ui, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    results = experiment(strategies=[ChunkedRetrieval(k=2), LongContext()], prices=PriceCard(2.0, 8.0),
                         mlflow=store, mlflow_traces=True).run()  # fmt: skip
    assert results.problems == ()
    ids = json.loads((results.output / "mlflow.json").read_text())[store]
    address = ui(store)
    root, experiment_id = address.split("#")[0], results.tracked.experiment_id
    with browsers.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1800, "height": 760})
        page.set_default_timeout(MILLISECONDS)

        page.goto(address)
        for text in ("long_context", "chunked_retrieval", "accuracy", "dollars", "seconds_p50"):
            page.get_by_text(text, exact=True).first.wait_for()
        name = page.get_by_text("long_context", exact=True).first.bounding_box()
        assert name["width"] > 60  # the whole name

        page.goto(f"{root}#/experiments/{experiment_id}/runs/{ids['long_context']}/artifacts/outcomes.json")
        page.get_by_text("When was Northwind founded?").first.wait_for()
        assert page.get_by_text("question_id").count()

        both = quote(json.dumps([ids["long_context"], ids["chunked_retrieval"]]))
        page.goto(f"{root}#/compare-runs?runs={both}&experiments={quote(json.dumps([experiment_id]))}")
        page.get_by_text("accuracy_high").first.wait_for()

        other = f"traces?compareToRunUuid={ids['chunked_retrieval']}"  # strategies question by question
        page.goto(f"{root}#/experiments/{experiment_id}/runs/{ids['long_context']}/{other}")
        page.get_by_text("When was Northwind founded?").first.wait_for()
        page.get_by_text("1987", exact=True).first.wait_for()  # what was expected
        page.get_by_text("chunked_retrieval").first.wait_for()

        page.goto(f"{root}#/experiments/{experiment_id}/traces")
        page.get_by_text("Got it").click()
        page.get_by_text("When was Northwind founded?").first.click()
        for part in ("Spans", "read", "tokens"):
            page.get_by_text(part).first.wait_for()
        browser.close()
