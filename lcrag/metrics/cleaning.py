"""How an answer is cut out of a reply, by the rules that benchmarks name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lcrag.errors import LcragError, did_you_mean


def first_line(text: str) -> str:
    """The first line that holds something (LongBench: TREC, TriviaQA, SAMSum)."""
    return text.lstrip("\n").split("\n")[0]


def last_line(text: str) -> str:
    """The last line that holds something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()


def after_answer(text: str) -> str:
    """What follows ``Answer:`` up to the end of the line; the whole reply without it (HELMET's ``parse_output``)."""
    match = re.search(r"answer:[ \t]*(.+)", text, re.IGNORECASE)
    return match[1].strip() if match else text


def answer_tag(text: str) -> str:
    """What stands in ``<answer>``, whose end may be missing; the whole reply without it (NoCha)."""
    match = re.search(r"<answer>(.*?)(?:</answer>|$)", text, re.DOTALL | re.IGNORECASE)
    return match[1].strip() if match else text


def choice_tag(text: str) -> str:
    """What stands in ``<choice>``, whose end may be missing; nothing without it (PrefEval)."""
    match = re.search(r"<choice>(.*?)(?:</choice>|$)", text, re.DOTALL | re.IGNORECASE)
    return match[1].strip() if match else ""


def no_citations(text: str) -> str:
    """The text without citations such as ``[1]`` and ``[2, 3]``."""
    return re.sub(r"\s*\[\d+(?:\s*,\s*\d+)*\]", "", text)


def no_thinking(text: str) -> str:
    """What follows ``</think>``."""
    return text.rpartition("</think>")[2].strip()


def boxed(text: str) -> str:
    r"""What stands in the last ``\boxed{...}``; the whole reply without it (NeedleBench)."""
    matches = re.findall(r"\\boxed\{([^{}]*)\}", text)
    return matches[-1].strip() if matches else text


def control_characters(text: str) -> str:
    """Control characters as line breaks, and white space off both ends (RULER)."""
    return re.sub(r"[\x00-\x1f]", "\n", text.strip()).strip()


CLEANING: dict[str, Callable[[str], str]] = {
    rule.__name__: rule
    for rule in (
        first_line,
        last_line,
        after_answer,
        answer_tag,
        choice_tag,
        no_citations,
        no_thinking,
        boxed,
        control_characters,
    )
}


def clean(text: str, rules: Iterable[str]) -> str:
    """The text after these rules, one after the other.

    Raises:
        LcragError: there is no rule of that name.
    """
    for name in rules:
        if name not in CLEANING:
            raise LcragError(f"There is no cleaning {name!r}; {did_you_mean(name, CLEANING)}")
        text = CLEANING[name](text)
    return text
