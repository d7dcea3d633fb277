"""``lcrag ui``: the address that it prints, and what is left of it after SIGTERM."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lcrag.experiment.tracking.ui import how_to_open, runs_page

MLFLOW = """
class MlflowClient:
    def __init__(self, uri): ...
    def search_experiments(self): return []
    def search_runs(self, ids, *settings, **more):
        return [type("Run", (), {"info": type("Info", (), {"experiment_id": "7"})})]
"""
SERVER = """
import pathlib, subprocess, sys, time
deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(99)"
worker = subprocess.Popen([sys.executable, "-c", deaf])
time.sleep(1)
pathlib.Path("workers").write_text(str(worker.pid))
time.sleep(99)
"""


def is_alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_sigterm_leaves_no_process_of_the_ui(tmp_path):
    """MLflow's server starts workers; a stand-in for it has one that does not hear SIGTERM."""
    (tmp_path / "mlflow").mkdir()
    errors = "class MlflowException(Exception): ..."
    for name, text in {"__init__": MLFLOW, "exceptions": errors, "__main__": SERVER}.items():
        (tmp_path / "mlflow" / f"{name}.py").write_text(text)
    (tmp_path / "mlflow.db").touch()
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"} | {"PYTHONPATH": path}
    ui = subprocess.Popen([sys.executable, "-m", "lcrag.cli", "ui", "--port", "5123"], cwd=tmp_path,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    until = time.monotonic() + 120
    while not (tmp_path / "workers").exists() and ui.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    worker = int((tmp_path / "workers").read_text())
    assert is_alive(worker)
    ui.send_signal(signal.SIGTERM)
    out, err = ui.communicate(timeout=60)
    assert ui.returncode == 143 and err == "lcrag: MLflow's UI is stopped.\n"
    assert "http://127.0.0.1:5123/#/experiments/7/runs?viewStateShareKey=lcrag" in out
    assert not is_alive(worker)


def test_the_address_of_an_experiments_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    page = runs_page("3")
    assert page == "http://127.0.0.1:5000/#/experiments/3/runs?viewStateShareKey=lcrag"
    assert how_to_open(f"sqlite:///{tmp_path}/mlflow.db", "3") == f"lcrag ui, then {page}"
    assert how_to_open("sqlite:///a.db", "3") == f"lcrag ui --tracking-uri sqlite:///a.db, then {page}"
    assert (
        how_to_open("https://ada:secret@host/x/", "3")
        == "https://***@host/x/#/experiments/3/runs?viewStateShareKey=lcrag"
    )
