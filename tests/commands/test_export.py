"""`lcrag export` logs a run's application as a model that MLflow serves."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from lcrag.commands.application import application_of
from lcrag.commands.export import pack_run
from lcrag.errors import LcragError
from tests.commands.test_serve import run  # noqa: F401 - a fixture

FOUNDED = {"question": "When was Northwind founded?"}


def test_an_application_is_packed_and_can_be_moved(run, tmp_path):  # noqa: F811
    (tmp_path / "packed").mkdir()
    answering = pack_run(run(), "long_context", None, None, tmp_path / "packed")
    assert answering == {"strategy": "long_context", "router": ""}
    shutil.move(tmp_path / "packed", tmp_path / "moved")
    shutil.rmtree(tmp_path / "manuals")
    (tmp_path / "mine.py").unlink()
    result = application_of(tmp_path / "moved", "long_context").invoke(FOUNDED)
    assert (result["answer"], result["strategy"]) == ("1987", "long_context")


def test_demonstrations_are_packed(tmp_path):
    from lcrag.serving.packing import pack, unpacked
    from lcrag.testing.world import dataset

    pack({}, tmp_path, dataset(), tmp_path)
    packed = unpacked(tmp_path / "dataset.json")
    assert (packed.documents, packed.demonstrations) == (dataset().documents, dataset().demonstrations)
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(LcragError, match="export the run again"):
        unpacked(tmp_path / "dataset.json")


def test_a_wrong_strategy_is_told_before_anything_is_logged(run, tmp_path):  # noqa: F811
    (tmp_path / "packed").mkdir()
    with pytest.raises(LcragError, match="no strategy 'x'"):
        pack_run(run(), "x", None, None, tmp_path / "packed")


@pytest.mark.slow
def test_mlflow_serves_the_model(run, tmp_path):  # noqa: F811
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    lcrag = [sys.executable, "-m", "lcrag.cli", "export", str(run()), "--strategy", "long_context"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow looks for uvicorn there
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path}
    exported = subprocess.run(lcrag, cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert exported.returncode == 0, exported.stderr
    model = exported.stdout.split()[0]
    shutil.rmtree(tmp_path / "manuals")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mlflow = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local"]
    server = subprocess.Popen([*mlflow, "--port", str(port)], cwd=tmp_path, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/ping").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        reply = httpx.post(f"{url}/invocations", json={"dataframe_records": [FOUNDED]}, timeout=60)
        (answer,) = reply.json()["predictions"]
        assert (answer["answer"], answer["strategy"]) == ("1987", "long_context")
        assert answer["usage"]["prompt_tokens"] > 0
    finally:
        server.terminate()
        server.wait(30)
