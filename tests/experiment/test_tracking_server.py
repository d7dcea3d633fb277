"""MLflow on a tracking server with PostgreSQL, as a team would run it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext

pytestmark = pytest.mark.slow
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # where Debian's packages put them


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def postgres_command(program, *arguments):
    """A program of PostgreSQL; it refuses to run as root."""
    found = shutil.which(program) or str(PROGRAMS[-1] / program)
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return [*user, found, *map(str, arguments)]


@pytest.fixture(scope="module")
def database():
    """The address of a database in a PostgreSQL of its own."""
    if not PROGRAMS and not shutil.which("initdb"):
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip(
        "psycopg2", reason="MLflow needs psycopg2 for PostgreSQL: pip install psycopg2-binary"
    )
    folder = Path(tempfile.mkdtemp(prefix="lcrag-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port, data = free_port(), folder / "data"
    quiet = {"check": True, "capture_output": True, "cwd": folder}
    subprocess.run(postgres_command("initdb", "-D", data, "-U", "lcrag", "-A", "trust", "--no-sync"), **quiet)
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    log = ("-l", folder / "log", "-w")
    subprocess.run(postgres_command("pg_ctl", "-D", data, *log, "-o", options, "start"), **quiet)
    try:
        subprocess.run(
            postgres_command("createdb", "-h", folder, "-p", port, "-U", "lcrag", "mlflow"), **quiet
        )
        yield f"postgresql+psycopg2://lcrag@127.0.0.1:{port}/mlflow"
    finally:
        subprocess.run(postgres_command("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"), cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server(database, tmp_path_factory):
    """The address of an MLflow tracking server on that database."""
    port, folder = free_port(), tmp_path_factory.mktemp("mlflow")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database, "--workers", "1",
               "--artifacts-destination", str(folder), "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        until = time.monotonic() + 300
        while not _is_up(port):
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()[-2000:]
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _is_up(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


def runs_of(server, name):
    """The runs of an MLflow experiment: those of experiments, and those of strategies by their parent."""
    from mlflow import MlflowClient

    client = MlflowClient(server)
    found = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    parents = {r.info.run_id: r for r in found if r.data.tags.get("lcrag.kind") == "experiment"}
    children = {i: [] for i in parents}
    for run in found:
        if run.data.tags.get("lcrag.kind") == "strategy":
            children[run.data.tags["mlflow.parentRunId"]].append(run)
    return parents, children


RUN = """
import sys
from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.readers import ScriptedReader
from lcrag.schema import Document, Question
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from lcrag.testing.world import WordEmbedder
from retrievers.bm25 import BM25Retriever
folder, server, seed = sys.argv[1:]
text = "Northwind sells kites. It was founded in 1987."
dataset = Dataset("tiny", [Document("north", text)], [Question("n1", "When was it founded?", ("north",), ("1987",))])
reader = ScriptedReader(lambda request: "1987" if "founded in" in request.messages[-1].content else "unanswerable")
strategies = [ClosedBook(), ChunkedRetrieval(k=2), LongContext()]
results = Experiment(dataset, reader, strategies, name=f"run{seed}", output=folder, embedder=WordEmbedder(),
                     retriever=BM25Retriever(), mlflow=server, mlflow_experiment="together", seed=int(seed)).run()
print("problems:", "; ".join(results.problems))
"""


def test_two_runs_at_once_are_logged_whole(server, tmp_path):
    """In processes of their own: MLflow's active run and tracking address belong to a process."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path / seed), server, seed],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in "01"
    ]
    told = [(*process.communicate(timeout=300), process.returncode) for process in processes]
    assert [(out.splitlines()[-1].strip(), status) for out, _, status in told] == [("problems:", 0)] * 2, told
    parents, children = runs_of(server, "together")
    assert sorted(run.info.run_name for run in parents.values()) == ["run0", "run1"]
    for id, run in parents.items():
        assert run.info.status == "FINISHED" and run.data.params["seed"] == run.info.run_name[-1]
        names = {child.info.run_name: child.data.metrics for child in children[id]}
        assert set(names) == {"closed_book", "chunked_retrieval", "long_context"}
        assert names["long_context"]["accuracy"] == 1.0


def test_a_resumed_run_is_logged_with_every_row(server, experiment, tmp_path):
    import pandas as pd
    from mlflow import MlflowClient

    class Stopped(Exception):
        pass

    def stop(outcome, resumed):
        if outcome.strategy == "chunked_retrieval":
            raise Stopped

    given = {"mlflow": server, "mlflow_experiment": "resumed",
             "strategies": [ClosedBook(), ChunkedRetrieval(k=2), LongContext()]}  # fmt: skip
    with pytest.raises(Stopped):
        experiment(**given).run(stop)
    taken_over = []
    results = experiment(**given).run(lambda outcome, resumed: taken_over.append(resumed))
    assert not results.problems and any(taken_over)
    parents, children = runs_of(server, "resumed")
    (id,) = [i for i, run in parents.items() if run.info.status == "FINISHED"]
    assert len(children[id]) == 3
    client = MlflowClient(server)
    file = client.download_artifacts(id, "outcomes.parquet", str(tmp_path))
    assert len(pd.read_parquet(file)) == len(results.table) == 18
