"""The command line; what is not about running an experiment is in ``lcrag/commands/``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands import data, import_outcomes, judge
from lcrag.commands.bench import bench
from lcrag.commands.components import components
from lcrag.commands.cost import cost
from lcrag.commands.drift import drift
from lcrag.commands.init import init
from lcrag.commands.power import power
from lcrag.commands.published import print_known
from lcrag.commands.questions import questions
from lcrag.commands.quick import own_documents
from lcrag.commands.readers import BaseUrl, ContextWindow, Model, with_window
from lcrag.commands.replay import fit, replay
from lcrag.commands.report import report
from lcrag.commands.run import run_experiment
from lcrag.commands.score import score
from lcrag.commands.stopping import StoppableGroup, treat_sigterm_as_interrupt
from lcrag.errors import LcragError
from lcrag.redaction import redact

app = typer.Typer(
    cls=StoppableGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="RAG versus long context, measured: run every question through every strategy and compare.",
)

DEMO = Path(__file__).with_name("demo.yaml")
FULL_DEMO = Path(__file__).with_name("demo_full.yaml")
Output = Annotated[Path | None, typer.Option(help="Folder of the run; running again into it continues it.")]
Questions = Annotated[Path | None, typer.Option(help="Questions: JSONL, CSV or parquet.")]
Documents = Annotated[
    Path | None, typer.Option(help="Folder of documents: text, Markdown, PDF, HTML, Word, PowerPoint.")
]
NoMlflow = Annotated[bool, typer.Option("--no-mlflow", help="Do not log to MLflow.")]


@app.command()
def demo(
    full: Annotated[
        bool, typer.Option("--full", help="Other questions: 64 of four kinds, on longer documents.")
    ] = False,
    output: Output = None,
    no_mlflow: NoMlflow = False,
) -> None:
    """Compare strategies on CPython's language reference with SmolLM2-135M on this machine."""
    from lcrag.components.yaml_file import read_yaml

    config = FULL_DEMO if full else DEMO
    print_known()
    run_experiment(read_yaml(config), config, output, no_mlflow)


@app.command()
def run(
    config: Annotated[Path | None, typer.Argument(help="Experiment in YAML.")] = None,
    documents: Documents = None,
    questions: Questions = None,
    model: Model = "",
    base_url: BaseUrl = "",
    context_window: ContextWindow = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="A strategy instead of the usual six; may be given several times."),
    ] = None,
    retriever: Annotated[str, typer.Option(help="A retriever instead of hybrid, such as bm25.")] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask only so many questions, spread over kinds and documents.")
    ] = None,
    output: Output = None,
    no_mlflow: NoMlflow = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print what the run may take in calls, tokens and dollars, and stop."),
    ] = False,
) -> None:
    """Run an experiment: a YAML file, or your own documents with the strategies of `lcrag demo --full`."""
    from lcrag.components.yaml_file import read_yaml

    if config is not None:
        if documents or questions or model or base_url or strategy or retriever:
            raise LcragError(
                "Give either a YAML file or --documents, --questions, --model, --base-url, --strategy and --retriever."
            )
        spec, where = read_yaml(config), config
    elif documents is None or questions is None:
        raise LcragError("Give a YAML file, or --documents FOLDER and --questions FILE.jsonl.")
    else:
        where = Path("the command line")
        spec = own_documents(
            read_yaml(FULL_DEMO), documents, questions, model, base_url, strategy or (), retriever
        )
    run_experiment(with_window(spec, context_window), where, output, no_mlflow, dry_run, limit)


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
    _say(f"MLflow on http://127.0.0.1:{port} shows {redact(uri)} (stop it with Ctrl-C).")
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


app.command()(report)
app.command()(score)
app.command()(components)
app.command()(cost)
app.command()(init)
app.command()(questions)
app.command()(power)
app.command()(bench)
app.add_typer(data.app, name="data")
app.add_typer(import_outcomes.app, name="import")
app.add_typer(judge.app, name="judge")
app.command()(replay)
app.command()(fit)
app.command()(drift)


@app.command()
def version() -> None:
    """Print the version."""
    from lcrag.version import __version__

    _say(__version__)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> None:
    """Run the command line; an ``LcragError`` is one sentence on stderr and exit status 1."""
    treat_sigterm_as_interrupt()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file's name need not be text
    try:
        app()
    except LcragError as error:
        sys.stdout.flush()
        sys.stderr.write(f"lcrag: {' '.join(redact(str(error)).splitlines())}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
