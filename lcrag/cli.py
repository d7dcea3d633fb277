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
from lcrag.commands.power import power
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
    run_experiment(spec, DEMO, output, no_mlflow)


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
    context_window: Annotated[
        int | None,
        typer.Option(min=1, help="Tokens that fit into the server's model, if it does not say so."),
    ] = None,
    output: Output = None,
    no_mlflow: NoMlflow = False,
) -> None:
    """Run an experiment: a YAML file, or your own documents and questions with the demo's strategies."""
    from lcrag.components.yaml_file import read_yaml

    if config is not None:
        if documents or questions or model or base_url:
            raise LcragError("Give either a YAML file or --documents, --questions, --model and --base-url.")
        run_experiment(_with_window(read_yaml(config), context_window), config, output, no_mlflow)
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
    run_experiment(_with_window(spec, context_window), Path("the command line"), output, no_mlflow)


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
app.command()(power)
app.add_typer(import_outcomes.app, name="import")
app.command()(replay)
app.command()(fit)


@app.command()
def version() -> None:
    """Print the version."""
    from lcrag.version import __version__

    _say(__version__)


def _with_window(spec: Any, context_window: int | None) -> Any:
    """The experiment with another ``max_model_len`` of its reader."""
    if context_window is None or not isinstance(spec, dict):
        return spec
    reader = spec.get("reader", "transformers")
    reader = reader if isinstance(reader, dict) else {"type": reader}
    if reader.get("type") not in ("openai", "vllm"):
        raise LcragError(
            f"--context-window is for a model on a server; the reader `{reader.get('type')}` knows its own."
        )
    return {**spec, "reader": {**reader, "max_model_len": context_window}}


def _demo() -> Any:
    from lcrag.components.yaml_file import read_yaml

    return read_yaml(DEMO)


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
