"""The command line; what is not about running an experiment is in ``lcrag/commands/``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands import data, import_outcomes, judge
from lcrag.commands.bench import bench
from lcrag.commands.compare import compare
from lcrag.commands.components import components
from lcrag.commands.cost import cost
from lcrag.commands.drift import drift
from lcrag.commands.examples import examples
from lcrag.commands.export import export
from lcrag.commands.fit import fit
from lcrag.commands.init import init
from lcrag.commands.output import AsJson, say, terminal_width
from lcrag.commands.power import power
from lcrag.commands.published import print_known
from lcrag.commands.questions import questions
from lcrag.commands.quick import own_documents
from lcrag.commands.readers import BaseUrl, ContextWindow, Model, with_window
from lcrag.commands.replay import replay
from lcrag.commands.report import report
from lcrag.commands.run import run_experiment
from lcrag.commands.score import score
from lcrag.commands.serve import serve
from lcrag.commands.stopping import StoppableGroup, stopped, treat_sigterm_as_interrupt
from lcrag.errors import LcragError
from lcrag.redaction import redact
from lcrag.tables import WIDTH, fitting

MIN_BOXES = 72  # characters; in fewer the boxes of the help cut the names of options
RENAMED = {
    "kinds": "kind",
    "judge-url": "judge-base-url",
    "metric": "metrics",
}  # options that had other names
app = typer.Typer(
    cls=StoppableGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if (terminal_width() or WIDTH) >= MIN_BOXES else None,
    context_settings={"token_normalize_func": lambda word: RENAMED.get(word, word)},
    help="RAG versus long context, measured: run every question through every strategy and compare.",
    epilog="Exit codes: 0 done, 1 failed (one sentence says why), 2 wrong usage, 130 Ctrl-C, 143 SIGTERM.",
)

DEMO = Path(__file__).with_name("demo.yaml")
FULL_DEMO = Path(__file__).with_name("demo_full.yaml")
Output = Annotated[Path | None, typer.Option(help="Folder of the run; running again into it continues it.")]
Questions = Annotated[Path | None, typer.Option(help="Questions: JSONL, CSV or parquet.")]
Documents = Annotated[
    Path | None, typer.Option(help="Folder of documents: text, Markdown, PDF, HTML, Word, PowerPoint.")
]
NoMlflow = Annotated[bool, typer.Option("--no-mlflow", help="Do not log to MLflow.")]


def demo(
    full: Annotated[
        bool, typer.Option("--full", help="Other questions: 64 of four kinds, on longer documents.")
    ] = False,
    output: Output = None,
    no_mlflow: NoMlflow = False,
    as_json: AsJson = False,
) -> None:
    """Compare strategies on CPython's language reference with SmolLM2-135M on this machine."""
    from lcrag.components.yaml_file import read_yaml

    config = FULL_DEMO if full else DEMO
    if not as_json:
        print_known()
    run_experiment(read_yaml(config), config, output, no_mlflow, as_json=as_json)


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
    as_json: AsJson = False,
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
    run_experiment(with_window(spec, context_window), where, output, no_mlflow, dry_run, limit, as_json)


def ui(
    port: Annotated[int, typer.Option(help="Port on localhost.")] = 5000,
    tracking_uri: Annotated[str, typer.Option(help="MLflow tracking URI; default: ./mlflow.db.")] = "",
) -> None:
    """Open MLflow's UI on the runs that were logged from this folder."""
    from lcrag.experiment.tracking.store import check_store, default_tracking_uri
    from lcrag.experiment.tracking.ui import last_experiment, runs_page, serve_ui

    uri = tracking_uri or default_tracking_uri()
    check_store(uri)
    say(f"MLflow on http://127.0.0.1:{port} shows {redact(uri)} (stop it with Ctrl-C).")
    if experiment := last_experiment(uri):
        say(f"The runs of the last experiment: {runs_page(experiment, port=port)}")
    sys.stdout.flush()
    try:
        raise typer.Exit(serve_ui(uri, port))
    except KeyboardInterrupt:
        raise stopped("MLflow's UI is stopped.") from None


def training_pairs(
    config: Annotated[Path, typer.Argument(help="Experiment in YAML; its dataset is used.")],
    output: Annotated[Path, typer.Argument(help="JSONL file to write.")],
) -> None:
    """Write chats that teach a model to quote facts, then to answer from them (ALR2)."""
    from lcrag.commands.training_pairs import write_training_pairs
    from lcrag.experiment.config import load_dataset

    lines = write_training_pairs(load_dataset(config), output)
    say(f"{lines} chats in {output}.")


def version() -> None:
    """Print the version."""
    from lcrag.version import __version__

    say(__version__)


GROUPS = {
    "Run": (demo, run, bench),
    "Prepare": (init, questions, cost, power, components, training_pairs),
    "Look at runs": (report, compare, score, ui),
    "Route": (replay, fit, drift),
    "Serve": (serve, export),
    "More": (version,),
}
for panel, commands in GROUPS.items():
    for command in commands:
        name = command.__name__.replace("_", "-")
        app.command(name, rich_help_panel=panel, epilog=examples(name) or None)(command)
for name, group in {"data": data.app, "import": import_outcomes.app, "judge": judge.app}.items():
    app.add_typer(group, name=name, rich_help_panel="More")


def main() -> None:
    """Run the command line; an ``LcragError`` is one sentence on stderr and exit status 1."""
    treat_sigterm_as_interrupt()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file's name need not be text
    try:
        with fitting(terminal_width()):
            app()
    except LcragError as error:
        sys.stdout.flush()
        sys.stderr.write(f"lcrag: {' '.join(redact(str(error)).splitlines())}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
