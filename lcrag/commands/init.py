"""``lcrag init``: what a folder of documents holds, and the files to start an experiment from."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embedders.tokens import estimate_tokens
from lcrag.commands.output import say
from lcrag.commands.readers import BaseUrl, ContextWindow, Dollars, Model, reader_spec
from lcrag.errors import LcragError
from lcrag.tables import human, many, ruled, wrapped

if TYPE_CHECKING:
    from lcrag.datasets.folder import Folder

EXPERIMENT = Path(__file__).with_name("init_experiment.yaml")
QUESTIONS = Path(__file__).with_name("init_questions.jsonl")


def init(
    documents: Annotated[Path, typer.Argument(help="Folder of documents.")],
    output: Annotated[Path, typer.Option(help="Folder for experiment.yaml and questions.jsonl.")] = Path(),
    model: Model = "",
    base_url: BaseUrl = "",
    context_window: ContextWindow = None,
    dollars: Dollars = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Look at a folder of documents, and write an experiment.yaml and a questions.jsonl to start from."""
    from lcrag.datasets.folder import survey_folder
    from lcrag.files import write_atomically
    from lcrag.runtime.caps import Limits
    from lcrag.statistics import min_documents

    reader = reader_spec(model, base_url, context_window)
    Limits(dollars=dollars)
    if dollars is not None and not base_url:
        raise LcragError(
            "--dollars: a model in this process has no price; leave it out, or name a server with --base-url."
        )
    targets = [output / "experiment.yaml", output / "questions.jsonl"]
    for target in targets:
        if target.exists() and not force:
            raise LcragError(
                f"{target} exists already: choose another --output, or overwrite it with --force."
            )
    folder = survey_folder(documents)
    say(folder_table(folder, documents))
    if not folder.documents:
        raise LcragError(f"{documents}: there is no document that can be read.")
    write_atomically(targets[0], experiment_yaml(folder, documents, output, reader, dollars))
    write_atomically(targets[1], QUESTIONS.read_text("utf-8"))
    say(f"Written: {targets[0]} and {targets[1]}.")
    if folder.unread:
        files = many(len(folder.unread), "file")
        say(f"A run refuses a folder with documents that it cannot read: mend or remove {files} first.")
    if len(folder.documents) < (enough := min_documents()):
        say(
            f"No difference between strategies can be shown to be more than chance on fewer than {enough} documents."
        )
    if dollars is not None and not _has_price(str(reader["model"])):
        say(f"The price of {reader['model']} is not known: fill in `prices` in {targets[0]}.")
    flags = "".join(
        f" {name} {shlex.quote(value)}"
        for name, value in (("--model", model), ("--base-url", base_url))
        if value
    )
    command = f"lcrag questions {shlex.quote(str(documents))} --output {shlex.quote(str(targets[1]))}{flags}"
    say(f"Next: write questions into {targets[1]}, or let the model write them: {command}")
    say(f"Then: lcrag run {shlex.quote(str(targets[0]))}")


def folder_table(folder: Folder, place: Path) -> str:
    """Every document with its tokens, estimated from its characters, and every other file with why it is not read."""
    tokens = {id: estimate_tokens(len(d.text)) for id, d in folder.documents.items()}
    rows = [
        ["file", "tokens", ""],
        *([id, human(count), folder.remarks.get(id, "")] for id, count in tokens.items()),
    ]
    rows += [[id, "-", _why(str(error), place, id)] for id, error in folder.unread.items()]
    rows += [[id, "-", "not a document"] for id in folder.others]
    rows = [[cell if cell.isprintable() else repr(cell) for cell in row] for row in rows]
    lines = [line.rstrip() for line in ruled([[r[0], r[2], r[1]] for r in rows], left=2)]
    total = f"{many(len(tokens), 'document')}, about {human(sum(tokens.values()))} tokens"
    return "\n".join([*lines, *wrapped([f"{total}, the longest {human(max(tokens.values(), default=0))}."])])


def experiment_yaml(
    folder: Folder, documents: Path, output: Path, reader: dict[str, Any], dollars: float | None
) -> str:
    """A commented experiment on the folder, with the reader and the cap that were given."""
    import yaml

    def quoted(value: object) -> str:
        return (
            yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
            .removesuffix("...\n")
            .strip()
        )

    longest = max(estimate_tokens(len(d.text)) for d in folder.documents.values())
    budget = (
        f"budget: {{experiment: {{dollars: {dollars:g}}}}}"
        if dollars
        else "# budget: {experiment: {dollars: 1.0}}"
    )
    values = {
        "NAME": quoted(documents.resolve().name),
        "DOCUMENTS": quoted(Path(os.path.relpath(documents, output)).as_posix()),
        "READER": quoted(reader),
        "LONGEST": human(longest),
        "BUDGET": budget,
    }
    text = EXPERIMENT.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _has_price(model: str) -> bool:
    from lcrag.cost.price import dollars

    return dollars(model, 1, 0, 1) is not None


def _why(message: str, place: Path, id: str) -> str:
    """A message without the file's name at its beginning."""
    return message.removeprefix(f"{place / id}: ").removeprefix(f"{id}: ").removeprefix(f"{place}: ")
