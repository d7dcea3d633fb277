"""``lcrag questions``: questions on one's own documents, written by a model and checked against the documents."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.readers import BaseUrl, ContextWindow, Dollars, Model, build_reader, reader_spec
from lcrag.commands.run import quiet_libraries
from lcrag.errors import LcragError, did_you_mean
from lcrag.tables import many

if TYPE_CHECKING:
    from lcrag.questions.writing import WrittenQuestions

TOO_SMALL = {"SmolLM2-135M-Instruct"}  # none of 20 of its replies was a question on the text


def questions(
    documents: Annotated[Path, typer.Argument(help="Folder of documents.")],
    count: Annotated[int, typer.Option(min=1, help="How many questions are wanted.")] = 40,
    output: Annotated[Path, typer.Option(help="JSONL file to write.")] = Path("questions.jsonl"),
    model: Model = "",
    base_url: BaseUrl = "",
    context_window: ContextWindow = None,
    kinds: Annotated[
        str, typer.Option(help="Which kinds, with commas; default: all five of docs/documents.md.")
    ] = "",
    dollars: Dollars = None,
    excerpt_tokens: Annotated[
        int,
        typer.Option(min=50, help="Tokens of text that one question is about; fewer may suit a small model."),
    ] = 1500,
    seed: Annotated[int, typer.Option(help="Seeds the choice of excerpts.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
) -> None:
    """Write questions on documents; each has its answer and evidence, and passed checks against the text."""
    from lcrag.datasets.folder import read_folder
    from lcrag.files import write_atomically
    from lcrag.judging.tools import Judging
    from lcrag.questions.prompts import KINDS
    from lcrag.questions.table import cost_sentence, question_lines, rejection_table
    from lcrag.questions.writing import write_questions
    from lcrag.runtime.caps import Budget, Limits
    from lcrag.runtime.meter import Spending
    from lcrag.schema import Usage

    quiet_libraries()
    wanted = [k.strip() for k in kinds.split(",") if k.strip()] or list(KINDS)
    for kind in wanted:
        if kind not in KINDS:
            raise LcragError(f"--kinds: there is no kind {kind!r}; {did_you_mean(kind, KINDS)}")
    if output.exists() and not force and not _is_unused(output):
        raise LcragError(f"{output} exists already: choose another --output, or overwrite it with --force.")
    texts = read_folder(documents).documents
    reader = build_reader(reader_spec(model, base_url, context_window))
    budget = Budget(experiment=Limits(dollars=dollars))
    judging = Judging(reader=reader, spending=Spending(budget), seed=seed)
    budget.check(judging.priced(reader, Usage(calls=1)), reader.name)
    judging.resume(output.with_suffix(".replies.jsonl"))
    _say(f"{many(count, 'question')} on {many(len(texts), 'document')} by {reader.name}.")
    if reader.name in TOO_SMALL:
        _say(
            f"{reader.name} is too small for this, as docs/documents.md shows: name a larger one with --model."
        )
    written = asyncio.run(
        write_questions(list(texts.values()), judging, count, wanted, _progress(count), excerpt_tokens)
    )
    for notice in judging.replies.notices:
        _say(notice)
    _say(rejection_table(written, wanted))
    _say(cost_sentence(written, reader.name))
    if written.failure:
        _say(f"The reader failed on some requests, first: {written.failure}.")
    if not written.candidates:
        raise LcragError(_nothing(written))
    write_atomically(output, question_lines(written.candidates, reader.name))
    _say(f"{len(written.candidates)} of {many(count, 'question')} in {output}.")
    if written.stopped:
        raise LcragError(f"writing ended early: {written.stopped}.")


def _is_unused(file: Path) -> bool:
    """Whether a file of questions has only comments, as `lcrag init` writes it."""
    from lcrag.datasets.file_text import read_text

    return all(not line.strip() or line.startswith("#") for line in read_text(file).splitlines())


def _progress(count: int) -> Callable[[int], None]:
    """Tells on a terminal how many questions there are."""

    def tell(kept: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{kept} of {count} questions" + ("\n" if kept == count else ""))
            sys.stderr.flush()

    return tell


def _nothing(written: WrittenQuestions) -> str:
    """Why there is no question at all."""
    if written.stopped:
        return f"No question was written: {written.stopped}."
    reasons = written.rejected.most_common(1)
    why = f"the commonest reason is: {reasons[0][0][1]}" if reasons else "the reader gave no reply"
    return f"No question passed the checks ({why}): use a stronger model, or ask for more with --count."


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
