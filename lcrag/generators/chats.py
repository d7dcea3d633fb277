"""A long history of dated chats with one user, and questions on what was said in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_prose import filler
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, chosen, counter, fit, lengths_of
from lcrag.generators.chat_facts import MAKERS, Asked, Said
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.schema import Task

TITLE = "Chats"
START, DAYS = date(2023, 1, 9), 300
ROUNDS = 6  # of small talk in a session
TEMPLATE = (
    "I will give you several history chats between you and a user. Please answer the question based on the relevant "
    "chat history.\n\n\nHistory Chats:\n\n{context}\n\nCurrent Date: %s\nQuestion: {question}\nAnswer:"
)
REQUESTS = (
    "Can you write two sentences about the {thing} of a firm?", "How would a board speak of a {thing}?",
    "Give me an example of plain prose about a {thing}.", "Please continue my text about the {thing}.",
)  # fmt: skip


def generate_chats(
    tasks: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 4,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Chats like LongMemEval's (Wu et al. 2024, arXiv 2410.10813): five abilities of a memory, over dated sessions.

    Each history has one question for each ability, and ``metadata["date"]`` says when it is asked.

    Args:
        tasks: ``information_extraction``: one thing that the user or the assistant said; ``multi_session``: a sum over
            sessions; ``knowledge_update``: what holds now; ``temporal``: days between two events, or since one;
            ``abstention``: never said. Empty for all five.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Histories of each length.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks in LongMemEval's words, from memory of its code.

    Raises:
        LcragError: there is no such task, a number is out of range, or a history does not fit.

    Differs from the paper: generated small talk; no questions on preferences (see ``preferences``); found by strings
    instead of a judge, which in ``temporal`` also takes one day more or less.
    """
    names, counted = chosen(tasks, tuple(MAKERS), TITLE), counter(tokenizer)
    check(TITLE, ("count", count, 1, 10_000))
    parts = list[Part]()
    for length in lengths_of(tokens, TITLE):
        for i in range(count):
            rng = random.Random(f"{seed}/chats/{length}/{i}")
            today = DAYS + rng.randrange(3, 20)
            made = {name: MAKERS[name](rng, i, DAYS, today) for name in MAKERS}
            said = [replace(s, name=f"{name}-{s.name}") for name, m in made.items() for s in m.said]
            drafts = tuple(_draft(name, made[name], today, length) for name in names)
            talk = Supply(lambda rng=rng: _small_talk(rng))  # type: ignore[misc]
            days = Supply(lambda rng=rng: rng.randrange(DAYS))  # type: ignore[misc]
            page = fit(
                lambda n, s=said, t=talk, d=days: _history(s, t.first(n), d.first(n // ROUNDS + 1)),  # type: ignore[misc]
                length - max(draft.overhead(counted) for draft in drafts),
                counted,
                TITLE,
            )
            parts.append(Part(f"chat-{length}-{i + 1}", page, drafts))
    return gather("chats", prompt, parts)


def _draft(name: str, asked: Asked, today: int, length: int) -> Draft:
    """A question with its date; what was never said should be declined."""
    day = (START + timedelta(today)).isoformat()
    task = Task(
        name,
        instruction=f"Today is {day}. Answer in a few words.",
        max_tokens=64,
        allow_decline=True,
        template=TEMPLATE % day,
        metric="contains" if asked.answers else "refusal",
        average=("task",),
    )
    metadata = {"length": length, "date": day}
    evidence = tuple(f"{name}-{piece}" for piece in asked.evidence)
    return Draft(asked.text, task, asked.answers, evidence, answerable=bool(asked.answers), metadata=metadata)


def _small_talk(rng: random.Random) -> tuple[str, str]:
    request = rng.choice(REQUESTS).format(thing=words.noun(rng))
    return request, f"{filler(rng)} {filler(rng)}"


def _history(said: Sequence[Said], talk: Sequence[tuple[str, str]], days: Sequence[int]) -> Page:
    """All sessions in the order of their dates: one for each thing that matters, and small talk in sessions of six."""
    sessions: list[tuple[int, int, list[Said]]] = [(s.day, i, [s]) for i, s in enumerate(said)]
    for i in range(0, len(talk), ROUNDS):
        day = days[i // ROUNDS]
        rounds = [Said(day, user, assistant) for user, assistant in talk[i : i + ROUNDS]]
        sessions.append((day, len(said) + i, rounds))
    page = Page()
    for number, (day, _, rounds) in enumerate(sorted(sessions, key=lambda s: s[:2]), 1):
        when = START + timedelta(day)
        page.write(f"Session {number}\nDate: {when.isoformat()} ({when:%A})\n")
        for each in rounds:
            user = each.name if each.by_user and each.name else None
            assistant = each.name if not each.by_user else None
            page.write("User: ")
            page.write(each.user, user, after="\nAssistant: ")
            page.write(each.assistant, assistant, after="\n")
        page.write("\n")
    return page
