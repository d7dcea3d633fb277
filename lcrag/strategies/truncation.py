"""Fitting a text into the window by a declared policy; nothing is cut silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from lcrag.errors import LcragError
from lcrag.schema import Document, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.prompts import chat, text_block

Truncate = Literal["error", "middle", "end"]
GAP = "\n[...]\n"
QUESTION_TOKENS = 256


def cut(text: str, keep: int, policy: Truncate) -> str:
    """``text`` cut to ``keep`` characters and a mark where the cut is."""
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
    """Cut the documents, all to the same length, until they, ``ending`` and the answer fit.

    A cut leaves at least ``QUESTION_TOKENS`` for the ending whatever its length, so that the questions
    on a document share the same cut text and with it the cached prefix.

    Returns:
        The documents as they go into the prompt, and the policy that was used (empty if none was).

    Raises:
        LcragError: they do not fit and the policy is ``"error"``, or not even a piece of them fits.
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
