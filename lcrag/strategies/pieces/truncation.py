"""Fitting a text into the context window by a stated policy; nothing is cut silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from lcrag.errors import LcragError
from lcrag.schema import Document, Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat, passages_block, text_block

Truncate = Literal["error", "middle", "end"]
GAP = "\n[...]\n"
QUESTION_TOKENS = 256  # what a cut leaves for the question at least


def cut(text: str, keep: int, policy: Truncate) -> str:
    """``text`` cut to ``keep`` characters, with a mark at the cut."""
    if len(text) <= keep:
        return text
    if policy == "end":
        return text[:keep] + GAP
    head = (keep + 1) // 2
    tail = keep - head
    return text[:head] + GAP + (text[-tail:] if tail else "")


def fit(
    question: Question,
    documents: Sequence[Document],
    ending: str,
    tools: Toolbox,
    max_tokens: int,
    policy: Truncate,
) -> tuple[list[Document], str]:
    """Cut all documents to the same length so that they, ``ending`` and the answer fit.

    A cut leaves ``QUESTION_TOKENS`` for the ending even if it is shorter, so that the questions on a document share
    the same cut text and with it the cached prefix.

    Returns:
        The documents for the prompt, and the policy that was applied (empty if nothing was cut).

    Raises:
        LcragError: they do not fit and the policy is ``"error"``, or no text fits at all.
    """
    room = tools.context_window - max_tokens
    needed = tools.count_tokens(chat(text_block(documents) + ending))
    if needed <= room:
        return list(documents), ""
    if policy == "error":
        names = ", ".join(d.id for d in documents)
        raise LcragError(
            f"Question {question.id}: the prompt with {names} has {needed} tokens but the reader takes {room} "
            f"beside the answer; set `truncate: middle` or `end`, or give a reader with a longer window."
        )
    room -= max(QUESTION_TOKENS, tools.count_tokens(chat(ending)))
    fitting, low, high = [replace(d, text="") for d in documents], 0, max(len(d.text) for d in documents)
    while high - low > 16:
        keep = (low + high) // 2
        shorter = [replace(d, text=cut(d.text, keep, policy)) for d in documents]
        if tools.count_tokens(chat(text_block(shorter))) <= room:
            fitting, low = shorter, keep
        else:
            high = keep
    if not low:
        raise LcragError(
            f"Question {question.id}: a window of {tools.context_window} tokens leaves no room for text."
        )
    return fitting, policy


def excerpt(text: str, tokens: int, tools: Toolbox, at: Literal["start", "end"] = "start") -> str:
    """The start or end of a text, at most ``tokens`` tokens, cut at white space."""
    empty, low, high = tools.count_tokens(chat("", "")), 0, len(text)

    def part(size: int) -> str:
        return text[:size] if at == "start" else text[len(text) - size :]

    if tools.count_tokens(chat(text, "")) - empty <= tokens:
        return text
    while high - low > 16:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if tools.count_tokens(chat(part(middle), "")) - empty <= tokens else (low, middle)
        )
    whole = part(low)
    pieces = whole.rsplit(None, 1) if at == "start" else whole.split(None, 1)
    return pieces[0 if at == "start" else 1] if len(pieces) == 2 else whole


def fit_passages(
    question: Question,
    passages: Sequence[Passage],
    ending: str,
    tools: Toolbox,
    max_tokens: int,
    policy: Truncate,
) -> tuple[list[Passage], str]:
    """Leave out whole passages, from the middle or the end, until the rest, ``ending`` and the answer fit.

    Returns:
        The remaining passages in order, and the policy that was applied (empty if all fit).

    Raises:
        LcragError: they do not fit and the policy is ``"error"``, or none of them fits.
    """
    room = tools.context_window - max_tokens

    def shortened(count: int) -> list[Passage]:
        if policy == "end":
            return list(passages[:count])
        front = (count + 1) // 2
        return [*passages[:front], *passages[len(passages) - (count - front) :]]

    def fits(count: int) -> bool:
        return tools.count_tokens(chat(passages_block(shortened(count)) + ending)) <= room

    if fits(len(passages)):
        return list(passages), ""
    if policy == "error":
        raise LcragError(
            f"Question {question.id}: {len(passages)} passages do not fit into the {room} tokens that the reader "
            f"takes beside the answer; set `truncate: middle` or `end`, or give a reader with a longer window."
        )
    low, high = 0, len(passages)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    if not low:
        raise LcragError(
            f"Question {question.id}: a window of {tools.context_window} tokens leaves no room for a passage."
        )
    return shortened(low), policy
