"""`lcrag serve` on a run: what it says, how it answers, how it ends."""

import re
import signal
import subprocess
import sys

import openai
import pytest
import yaml
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.commands.application import application_of, load_plan, save_configuration
from lcrag.errors import LcragError

QUESTIONS = '{"question": "When was Northwind founded?", "documents": "north.md", "answers": ["1987"]}\n'
READER = """
from dataclasses import dataclass
from lcrag import ScriptedReader

@dataclass(frozen=True)
class Parrot(ScriptedReader):
    answers: object = lambda request: "1987" if "founded in 1987" in request.messages[-1].content else "unanswerable"
"""


@pytest.fixture
def run(tmp_path):
    """A finished run's YAML, with a reader of no weight."""
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "north.md").write_text(
        "Northwind was founded in 1987 in Bergen. " + "It sells kites. " * 200
    )
    (tmp_path / "questions.jsonl").write_text(QUESTIONS)
    (tmp_path / "mine.py").write_text(READER)

    def make(reader="./mine.py:Parrot", **more):
        spec = {
            "output": str(tmp_path / "run"),
            "dataset": {"type": "files", "documents": "manuals", "questions": "questions.jsonl"},
            "reader": reader,
            "retriever": "bm25",
            "strategies": ["closed_book", {"type": "chunked_retrieval", "k": 1}, "long_context"],
            "mlflow": False,
            **more,
        }
        (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(spec))
        return tmp_path / "experiment.yaml"

    return make


def test_a_run_knows_its_application(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = run()
    finished = CliRunner().invoke(app, ["run", str(config)])
    assert finished.exit_code == 0, finished.output
    config.unlink()  # the folder is enough
    application = application_of(tmp_path / "run")
    result = application.invoke("When was Northwind founded?")
    assert (result["answer"], result["strategy"]) == (
        "1987",
        "chunked_retrieval",
    )  # as good as long, and cheaper
    assert application_of(tmp_path / "run", "long_context").invoke("When?")["strategy"] == "long_context"
    with pytest.raises(LcragError, match="no strategy 'long'; did you mean"):
        application_of(tmp_path / "run", "long")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "west.md").write_text("Westwind rents boats.")
    other = application_of(tmp_path / "run", documents=tmp_path / "other")
    assert list(other.documents) == ["west.md"]


def test_a_router_chooses_among_the_strategies_that_read(run, tmp_path):
    from lcrag import QualityRouter, save_router
    from tests.routers.conftest import make_examples

    save_router(QualityRouter().fit(make_examples()), tmp_path / "my.router")
    application = application_of(run(), router=tmp_path / "my.router")
    assert [s.name for s in application.strategy.strategies] == ["chunked_retrieval", "long_context"]
    assert application.invoke("When was Northwind founded?")["answer"] == "1987"


def test_a_configuration_has_no_secrets(tmp_path):
    save_configuration(tmp_path, {"reader": {"base_url": "http://me:secret@host/v1"}}, tmp_path)
    assert "secret" not in (tmp_path / "configuration.json").read_text()


def test_what_is_no_run(tmp_path):
    with pytest.raises(LcragError, match=r"configuration\.json is missing\): give the YAML file"):
        load_plan(tmp_path)
    result = CliRunner().invoke(app, ["serve", str(tmp_path), "--api-key-env", "NO_SUCH_KEY"])
    assert isinstance(result.exception, LcragError) and "NO_SUCH_KEY is not set" in str(result.exception)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_a_real_model_answers_and_ends_in_order(run, tmp_path, number):
    config = run({"type": "transformers", "model": "smollm2"})
    command = [
        sys.executable,
        "-m",
        "lcrag.cli",
        "serve",
        str(config),
        "--strategy",
        "long_context",
        "--port",
        "0",
    ]
    server = subprocess.Popen(
        command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        line = server.stdout.readline()
        (url,) = re.findall(r"Serving 1 document.* on (http://127\.0\.0\.1:\d+/v1) ", line)
        with openai.OpenAI(base_url=url, api_key="x") as client:
            asked = [{"role": "user", "content": "When was Northwind founded?"}]
            stream = client.chat.completions.create(model="lcrag", messages=asked, stream=True)
            chunks = list(stream)
        told = [c.choices[0].delta.content for c in chunks if c.choices[0].delta.content]
        assert len(told) > 2
        assert chunks[-1].lcrag["strategy"] == "long_context" and chunks[-1].lcrag["usage"]["flops"] > 0
        server.send_signal(number)
        output, errors = server.communicate(timeout=60)
        assert (server.returncode, output) == (0, "Stopped.\n")
        assert "Traceback" not in errors
    finally:
        server.kill()
    assert (tmp_path / "serving" / "spent.json").is_file()
