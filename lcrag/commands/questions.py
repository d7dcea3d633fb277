"""``lcrag questions``: questions on one's own documents, by a model or as gaps, checked against the documents."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lcrag.commands.output import say
from lcrag.commands.readers import BaseUrl, ContextWindow, Dollars, Model, build_reader, reader_spec
from lcrag.commands.run import quiet_libraries
from lcrag.errors import LcragError, did_you_mean
from lcrag.tables import many

if TYPE_CHECKING:
    from lcrag.judging.tools import Judging
    from lcrag.questions.writing import WrittenQuestions

LINE_SECONDS = 5.0  # between two lines of progress where there is no terminal
TOO_SMALL = {"SmolLM2-135M-Instruct"}  # none of 20 of its replies was a question on the text


def questions(
    documents: Annotated[Path, typer.Argument(help="Folder of documents.")],
    count: Annotated[int, typer.Option(min=1, help="How many questions are wanted.")] = 40,
    output: Annotated[Path, typer.Option(help="JSONL file to write.")] = Path("questions.jsonl"),
    by: Annotated[
        Literal["model", "cloze"],
        typer.Option(
            help="A model's questions, or sentences of the text with a gap, for which no model is needed."
        ),
    ] = "model",
    model: Model = "",
    base_url: BaseUrl = "",
    context_window: ContextWindow = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only questions of this kind; may be repeated. Default: all five of docs/documents.md, for gaps two."
        ),
    ] = None,
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
    from lcrag.questions import cloze, prompts
    from lcrag.questions.table import cost_sentence, question_lines, rejection_table
    from lcrag.questions.writing import write_questions

    quiet_libraries()
    known = prompts.KINDS if by == "model" else cloze.KINDS
    named = [k.strip() for given in kind or () for k in given.split(",") if k.strip()]
    for each in named:
        if each in prompts.KINDS and each not in known:
            raise LcragError(f"--kind: gap questions are of the kinds {' and '.join(known)}, not {each}.")
        if each not in known:
            raise LcragError(f"--kind: there is no kind {each!r}; {did_you_mean(each, known)}")
    if output.exists() and not force and not _is_unused(output):
        raise LcragError(f"{output} exists already: choose another --output, or overwrite it with --force.")
    texts = list(read_folder(documents).documents.values())
    judging = None
    if by == "model" or model or base_url:
        judging = _judging(reader_spec(model, base_url, context_window), dollars, seed, output)
    elif dollars is not None or context_window is not None:
        raise LcragError(
            "--dollars and --context-window are for a model: name one with --model, or leave them out."
        )
    reader = judging.judge(None).name if judging else ""
    author = reader if by == "model" else "cloze"
    say(f"{many(count, 'question')} on {many(len(texts), 'document')} by {author}.")
    if by == "model" and reader in TOO_SMALL:
        say(
            f"{reader} is too small for this, as docs/documents.md shows: name a larger one with --model, or take gap "
            "questions with --by cloze."
        )
    if judging and by == "model":
        writing = write_questions(texts, judging, count, named or known, _progress(count), excerpt_tokens)
    else:
        writing = cloze.write_gap_questions(texts, count, named, judging, _progress(count), seed)
    written = asyncio.run(writing)
    for notice in judging.replies.notices if judging else ():
        say(notice)
    say(rejection_table(written, named or known, "replies" if by == "model" else "sentences"))
    if judging:
        say(cost_sentence(written, reader, "Written" if by == "model" else "Asked without the documents"))
    if written.failure:
        say(f"The reader failed on some requests, first: {written.failure}.")
    if not written.candidates:
        raise LcragError(_nothing(written, by))
    write_atomically(output, question_lines(written.candidates, author))
    say(f"{len(written.candidates)} of {many(count, 'question')} in {output}.")
    if written.stopped:
        raise LcragError(f"writing ended early: {written.stopped}.")


def _judging(spec: dict[str, Any], dollars: float | None, seed: int, output: Path) -> Judging:
    """The reader with its cap and with the replies beside the output."""
    from lcrag.judging.tools import Judging
    from lcrag.runtime.caps import Budget, Limits
    from lcrag.runtime.meter import Spending
    from lcrag.schema import Usage

    reader = build_reader(spec)
    budget = Budget(experiment=Limits(dollars=dollars))
    judging = Judging(reader=reader, spending=Spending(budget), seed=seed)
    budget.check(judging.priced(reader, Usage(calls=1)), reader.name)
    judging.resume(output.with_suffix(".replies.jsonl"))
    return judging


def _is_unused(file: Path) -> bool:
    """Whether a file of questions has only comments, as `lcrag init` writes it."""
    from lcrag.datasets.file_text import read_text

    return all(not line.strip() or line.startswith("#") for line in read_text(file).splitlines())


def _progress(count: int) -> Callable[[int], None]:
    """Tells how many questions there are and the time left: one line that changes, or one every few seconds."""
    started = last = time.monotonic()

    def tell(kept: int) -> None:
        nonlocal last
        now = time.monotonic()
        left = timedelta(seconds=round((now - started) * (count - kept) / kept)) if kept else "-:--:--"
        line = f"{kept} of {count} questions, {left} left"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line}" + ("\n" if kept == count else ""))
        elif now - last >= LINE_SECONDS:
            last = now
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    return tell


def _nothing(written: WrittenQuestions, by: str) -> str:
    """Why there is no question at all."""
    if written.stopped:
        return f"No question was written: {written.stopped}."
    reasons = written.rejected.most_common(1)
    why = f"the commonest reason is: {reasons[0][0][1]}" if reasons else "there was no text to write on"
    remedy = "use a stronger model, or ask for more with --count"
    if by == "cloze":
        remedy = "gap questions need sentences of prose with numbers, dates or names; write questions by hand"
    return f"No question passed the checks ({why}): {remedy}."
