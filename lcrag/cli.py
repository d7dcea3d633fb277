"""The command line; what is not about running an experiment is in ``lcrag/commands/``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lcrag.commands import import_outcomes
from lcrag.commands.components import components
from lcrag.commands.cost import cost
from lcrag.commands.replay import fit, replay
from lcrag.errors import LcragError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="RAG versus long context, measured: run every question through every strategy and compare.",
)

DEMO = Path(__file__).with_name("demo.yaml")
Output = Annotated[Path | None, typer.Option(help="Folder of the run; running again into it continues it.")]
Questions = Annotated[Path | None, typer.Option(help="JSONL of questions.")]
Documents = Annotated[Path | None, typer.Option(help="Folder of .txt, .md and .pdf documents.")]
NoMlflow = Annotated[bool, typer.Option("--no-mlflow", help="Do not log to MLflow.")]


@app.command()
def demo(
    full: Annotated[bool, typer.Option("--full", help="All questions instead of 24.")] = False,
    output: Output = None,
    no_mlflow: NoMlflow = False,
) -> None:
    """Compare all strategies on CPython's language reference with SmolLM2-135M on this machine."""
    spec = _demo()
    if full:
        del spec["dataset"]["questions"]
        spec["output"] = "runs/demo-full"
    _run(spec, DEMO, output, no_mlflow)


@app.command()
def run(
    config: Annotated[Path | None, typer.Argument(help="Experiment in YAML.")] = None,
    documents: Documents = None,
    questions: Questions = None,
    model: Annotated[
        str, typer.Option(help="smollm2, a Hugging Face name or folder, or the server's model.")
    ] = "",
    base_url: Annotated[
        str, typer.Option(help="OpenAI-compatible server, such as http://localhost:8000/v1.")
    ] = "",
    output: Output = None,
    no_mlflow: NoMlflow = False,
) -> None:
    """Run an experiment: a YAML file, or your own documents and questions with the demo's strategies."""
    from lcrag.components.yaml_file import read_yaml

    if config is not None:
        if documents or questions or model or base_url:
            raise LcragError("Give either a YAML file or --documents, --questions, --model and --base-url.")
        _run(read_yaml(config), config, output, no_mlflow)
        return
    if documents is None or questions is None:
        raise LcragError("Give a YAML file, or --documents FOLDER and --questions FILE.jsonl.")
    spec = _demo()
    spec["name"] = documents.resolve().name
    spec["output"] = f"runs/{spec['name']}"
    spec["dataset"] = {
        "type": "files",
        "documents": str(documents.resolve()),
        "questions": str(questions.resolve()),
    }
    if base_url:
        spec["reader"] = {"type": "openai", "model": model or "default", "base_url": base_url}
    elif model:
        spec["reader"]["model"] = model
    _run(spec, Path("the command line"), output, no_mlflow)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on localhost.")] = 5000,
    tracking_uri: Annotated[str, typer.Option(help="MLflow tracking URI; default: ./mlflow.db.")] = "",
) -> None:
    """Open MLflow's UI on the runs that were logged from this folder."""
    import os
    import subprocess

    from lcrag.experiment.tracking import check_store, default_tracking_uri, ui_command

    uri = tracking_uri or default_tracking_uri()
    check_store(uri)
    _say(f"MLflow on http://127.0.0.1:{port} shows {uri} (stop it with Ctrl-C).")
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    raise typer.Exit(subprocess.run(ui_command(uri, port), env=environment, check=False).returncode)


@app.command("training-pairs")
def training_pairs(
    config: Annotated[Path, typer.Argument(help="Experiment in YAML; its dataset is used.")],
    output: Annotated[Path, typer.Argument(help="JSONL file to write.")],
) -> None:
    """Write chats that teach a model to quote facts, then to answer from them (ALR2)."""
    from lcrag.commands.training_pairs import write_training_pairs
    from lcrag.experiment.config import load_dataset

    lines = write_training_pairs(load_dataset(config), output)
    _say(f"{lines} chats in {output}.")


app.command()(components)
app.command()(cost)
app.add_typer(import_outcomes.app, name="import")
app.command()(replay)
app.command()(fit)


@app.command()
def version() -> None:
    """Print the version."""
    from lcrag.version import __version__

    _say(__version__)


def _demo() -> Any:
    from lcrag.components.yaml_file import read_yaml

    return read_yaml(DEMO)


def _quiet() -> None:
    """Bars and notices of the libraries below would write across ours."""
    import logging
    import os

    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of what it can mend
    logging.getLogger("lcrag").setLevel(logging.ERROR)  # its notices are printed before the run
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")


def _run(spec: Any, where: Path, output: Path | None, no_mlflow: bool) -> None:
    from lcrag.experiment.config import from_mapping
    from lcrag.experiment.progress import RunProgress
    from lcrag.tables import human, many

    _quiet()
    if isinstance(spec, dict) and no_mlflow:
        spec["mlflow"] = False
    if isinstance(spec, dict) and output is not None:
        spec["output"] = str(output)
    experiment = from_mapping(spec, str(where), where.parent)
    dataset, strategies = experiment.dataset, experiment.strategies
    rows = len(dataset.questions) * len(strategies)
    _say(
        f"{many(len(dataset.questions), 'question')} on {many(len(dataset.documents), 'document')}, "
        f"{many(len(strategies), 'strategy', 'strategies')}: {many(rows, 'answer')} by {experiment.reader.name}."
    )
    for notice in experiment.check():
        _say(notice)
    with RunProgress(rows) as progress:
        results = experiment.run(progress.on_row)
    if progress.resumed:
        _say(f"{progress.resumed} of {rows} answers were there already.")
    if results.rewarmed.prompt_tokens:
        tokens = human(results.rewarmed.prompt_tokens)
        _say(f"The interruption cost {tokens} prompt tokens of prefixes computed twice; they are in no row.")
    _say(str(results))
    _say("")
    for title, path in (("Report", results.report), ("Table", results.output / "outcomes.parquet")):
        if path.is_file():
            _say(f"{title:<9}{path}")
    if experiment.mlflow != "":
        _say("MLflow   lcrag ui")
    for problem in results.problems:
        _complain(problem)
    if results.failed:
        first = results.failed[0]
        raise LcragError(
            f"{len(results.failed)} of {rows} answers failed, the first {first.strategy} on question "
            f"{first.question_id}: {first.error}"
        )
    if results.problems:
        raise typer.Exit(1)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"lcrag: {' '.join(text.splitlines())}\n")


def main() -> None:
    """Run the command line; an ``LcragError`` is one sentence on stderr and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file's name need not be text
    try:
        app()
    except LcragError as error:
        _complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        _complain("stopped; run the same command again to continue.")
        sys.exit(130)


if __name__ == "__main__":
    main()
