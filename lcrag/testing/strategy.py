"""What every strategy promises."""

from __future__ import annotations

import asyncio

from embedders.base import Embedder
from lcrag.errors import LcragError
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Strategy
from lcrag.testing import world
from lcrag.testing.promises import check_component, promise


def check_strategy(strategy: Strategy) -> None:
    """Check a strategy on a small world with a scripted reader.

    It answers every kind of question. What its ledger says is what reader and embedder saw. The same question gets the
    same answer. Evidence comes from the question's documents and stands where it says. Notes are numbers. The prefix of
    a ``document_first`` strategy does not hold the question. A document that does not fit is cut, or refused with
    ``LcragError``.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(strategy, "strategy", "name", "document_first", "closed_book")
    for question in world.dataset().questions:
        _check_answer(strategy, label, question)
    if strategy.document_first:
        _check_prefix(strategy, label)
    if not strategy.closed_book:
        _check_overflow(strategy, label)


def _ask(
    strategy: Strategy, question: Question, language_model: ScriptedReader, embedder: Embedder | None = None
) -> tuple[Answer, MeteredToolbox]:
    """The answer and the toolbox that metered it, as if the question were the only one on its documents."""
    shared = world.resources(language_model, embedder, [question])
    tools = MeteredToolbox(shared, salt=strategy.name)
    return asyncio.run(strategy.answer(question, tools)), tools


def _check_answer(strategy: Strategy, label: str, question: Question) -> None:
    language_model, embedder = world.reader(), world.CountingEmbedder()
    try:
        answer, tools = _ask(strategy, question, language_model, embedder)
    except LcragError:
        if len(question.document_ids) > 1:  # a strategy may refuse several documents
            return
        raise
    promise(
        isinstance(answer, Answer), f"{label}: `answer` must return an Answer, not {type(answer).__name__}."
    )
    prompts = sum(language_model.count_tokens(r.messages) for r in language_model.requests)
    booked = tools.ledger.total.prompt_tokens
    promise(
        abs(prompts + embedder.tokens - booked) < 1e-6,
        f"{label}: for question {question.id} the reader saw {prompts} prompt tokens and the embedder "
        f"{embedder.tokens}, the ledger has {booked:g}.",
    )
    again, _ = _ask(strategy, question, world.reader())
    promise(again.text == answer.text, f"{label}: asked twice, question {question.id} has two answers.")
    texts = {d.id: d.text for d in tools.documents(question)}
    for passage in answer.evidence:
        promise(
            passage.document_id in texts,
            f"{label}: question {question.id} is not about {passage.document_id!r}, where its evidence comes from.",
        )
        excerpt = texts[passage.document_id][passage.start : passage.end]
        promise(
            excerpt == passage.text,
            f"{label}: evidence does not stand at its offsets: {passage.text[:40]!r}.",
        )
    for key, value in answer.notes.items():
        promise(isinstance(value, int | float), f"{label}: the note {key!r} is not a number.")


def _check_prefix(strategy: Strategy, label: str) -> None:
    question = world.dataset().questions[0]
    language_model = world.reader()
    _ask(strategy, question, language_model)
    promise(
        all(question.text not in r.messages[-1].content[: r.prefix_chars] for r in language_model.requests),
        f"{label}: the prefix that questions share holds the question itself; put the document first.",
    )


def _check_overflow(strategy: Strategy, label: str) -> None:
    try:
        _ask(strategy, world.dataset().questions[0], world.reader(window=120))
    except LcragError:
        return
    except Exception as error:
        raise AssertionError(
            f"{label}: a prompt that does not fit must raise LcragError, not {type(error).__name__} ({error})."
        ) from error
