"""What every strategy promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from lcrag.errors import LcragError
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer, Question, Role
from lcrag.strategies.base import Strategy
from lcrag.testing import world
from lcrag.testing.promises import check_component, promise

ROLES: tuple[Role, ...] = ("read", "route", "build")  # roles under which the reader is asked


def check_strategy(strategy: Strategy) -> None:
    """Check a strategy on a small world with a scripted reader.

    It answers every kind of question; what its ledger says is what the reader saw; the same question gets the same
    answer; evidence comes from the question's documents and stands where it says; notes are numbers; prompts of a
    ``document_first`` strategy begin with the document; a document that does not fit is refused or said to be cut.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(strategy, "strategy", "name", "document_first", "closed_book")
    for question in world.dataset().questions:
        answer = _check_answer(strategy, label, question)
        again = _ask(strategy, question)[0]
        promise(again.text == answer.text, f"{label}: asked twice, question {question.id} has two answers.")
    if strategy.document_first:
        _check_prefix(strategy, label)
    if not strategy.closed_book:
        _check_overflow(strategy, label)


def _ask(strategy: Strategy, question: Question) -> tuple[Answer, MeteredToolbox]:
    tools = MeteredToolbox(world.resources(world.reader()), salt=strategy.name)
    return asyncio.run(strategy.answer(question, tools)), tools


def _check_answer(strategy: Strategy, label: str, question: Question) -> Answer:
    language_model = world.reader()
    shared = replace(
        world.resources(language_model), questions=[question.document_ids]
    )  # builds are not shared
    tools = MeteredToolbox(shared, salt=strategy.name)
    answer = asyncio.run(strategy.answer(question, tools))
    promise(
        isinstance(answer, Answer), f"{label}: `answer` must return an Answer, not {type(answer).__name__}."
    )
    prompts = sum(language_model.count_tokens(r.messages) for r in language_model.requests)
    booked = sum(tools.ledger[role].prompt_tokens for role in ROLES if tools.ledger[role].completion_tokens)
    promise(
        abs(prompts - booked) < 1e-6,
        f"{label}: the reader saw {prompts} prompt tokens for question {question.id}, the ledger has {booked:g}.",
    )
    texts = {d.id: d.text for d in tools.documents(question)}
    for passage in answer.evidence:
        promise(
            passage.document_id in texts,
            f"{label}: question {question.id} is not about {passage.document_id!r}, where its evidence comes from.",
        )
        place = texts[passage.document_id][passage.start : passage.end]
        promise(
            place == passage.text, f"{label}: evidence does not stand at its offsets: {passage.text[:40]!r}."
        )
    for key, value in answer.notes.items():
        promise(isinstance(value, int | float), f"{label}: the note {key!r} is not a number.")
    return answer


def _check_prefix(strategy: Strategy, label: str) -> None:
    question = world.dataset().questions[0]
    language_model = world.reader()
    tools = MeteredToolbox(world.resources(language_model), salt=strategy.name)
    asyncio.run(strategy.answer(question, tools))
    shared = [r for r in language_model.requests if r.prefix_chars]
    promise(
        all(question.text not in r.messages[-1].content[: r.prefix_chars] for r in shared),
        f"{label}: the prefix that questions share holds the question itself; put the document first.",
    )


def _check_overflow(strategy: Strategy, label: str) -> None:
    question = world.dataset().questions[0]
    language_model = world.reader(window=120)
    tools = MeteredToolbox(world.resources(language_model), salt=strategy.name)
    try:
        asyncio.run(strategy.answer(question, tools))
    except LcragError:
        return
    except Exception as error:
        raise AssertionError(
            f"{label}: a prompt that does not fit must raise LcragError, not {type(error).__name__} ({error})."
        ) from error
