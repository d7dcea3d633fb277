"""InfiniteBench's scorers, one for each task."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lcrag.metrics.bags import agreement
from lcrag.metrics.chinese import normalise_chinese
from lcrag.metrics.choice import multiple_choice
from lcrag.metrics.library import require
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

_BETWEEN = re.compile("[\n:\"'.,?!{}]")  # what stands between words in the authors' eyes
_LETTER_BETWEEN = re.compile("[\n\"'.,?!{}]")
_DEBUG_BETWEEN = re.compile("\n|`|'|\"|-|\\*|Option|option")
_CHOICE_PREFIXES = ("answer is:", "answer:", "answer is", "option is")
_DEBUG_PREFIXES = ("answer is:", "is:", "answer:", "correct option is:")


@dataclass(frozen=True)
class InfiniteBench:
    """What InfiniteBench scores its task with: accuracy, F1 or ROUGE (Zhang et al. 2024, arXiv 2402.13718).

    ``metadata["task"]`` chooses: the first number in the reply, its last word, a word within it, a letter at its
    beginning or after "answer is", token F1 (of characters in Chinese), ROUGE-Lsum without a stemmer, or how many
    values of a long sum are right before the first wrong one.

    Attributes:
        variant: ``official`` misses a bare letter in ``code_debug``, finds only a name's first form in
            ``longdialogue_qa_eng``; ``fixed`` reads letters as the metric ``choice`` does and takes any form.

    Raises:
        LcragError: rouge-score is not installed.

    Differs from the paper: in ``math_calc`` the first number counts for every model; the authors drop it for GPT-4.
    """

    name: str = "infinitebench"
    variant: Literal["official", "fixed"] = "official"

    def __post_init__(self) -> None:
        require(self.name, "rouge_score")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of InfiniteBench's tasks with gold answers."""
        task = str(question.metadata.get("task", ""))
        golds = question.answers
        if not golds:
            return None
        if task in ("code_debug", "longbook_choice_eng"):
            if self.variant == "fixed":
                return multiple_choice(answer.text, question.choices, golds)
            right = next((i for i, choice in enumerate(question.choices) if choice in golds), None)
            if right is None:
                return None
            read = _debug if task == "code_debug" else _choice
            return float(read(answer.text.strip(), question.choices[right], "ABCD"[right]))
        if task == "longdialogue_qa_eng" and self.variant == "official":
            golds = golds[:1]
        rule = _RULES.get(task)
        return float(rule(answer.text, golds)) if rule else None


def _first_number(reply: str, golds: Sequence[str]) -> float:
    number = re.search("[0-9]+", reply)
    return float(bool(number) and number[0] == golds[0])  # type: ignore[index]


def _word(reply: str, golds: Sequence[str]) -> float:
    return float(golds[0] in _BETWEEN.sub(" ", reply).split())


def _name(reply: str, golds: Sequence[str]) -> float:
    words = [word.upper() for word in _BETWEEN.sub(" ", reply).split()]
    return float(any(gold in words for gold in golds))


def _last_word(reply: str, golds: Sequence[str]) -> float:
    words = re.sub("[\n.`'\":]", " ", reply).split()
    try:
        return float(int(words[-1]) == int(golds[0]))
    except (IndexError, ValueError):
        return 0.0


def _found(reply: str, golds: Sequence[str]) -> float:
    """The first number, whole where the gold one is."""
    number = re.search(r"\d+\.\d+|\d+", reply)
    if number is None or ("." not in golds[0] and "." in number[0]):
        return 0.0
    try:
        return float(float(number[0]) == float(golds[0]))
    except ValueError:  # a gold answer that is no number
        return 0.0


def _values(reply: str, golds: Sequence[str]) -> float:
    """Numbers without their signs, one after the other, up to the first that differs."""
    numbers, wanted = re.findall("[0-9]+", reply), re.findall("-?[0-9]+", golds[0])
    right = 0
    for number, value in zip(numbers, wanted, strict=False):
        if int(number) != int(value):
            break
        right += 1
    return right / len(wanted) if wanted else 0.0


def _f1(reply: str, golds: Sequence[str]) -> float:
    words = squad_normalise(reply).split()
    return max(agreement(words, squad_normalise(gold).split()).f1 for gold in golds)


def _f1_chinese(reply: str, golds: Sequence[str]) -> float:
    return max(agreement(normalise_chinese(reply), normalise_chinese(gold)).f1 for gold in golds)


def _rouge(reply: str, golds: Sequence[str]) -> float:
    return float(_scorer().score_multi(golds, reply)["rougeLsum"].fmeasure)


def _choice(reply: str, option: str, letter: str) -> bool:
    if reply[:1] in tuple("ABCD"):
        return reply[0] == letter
    if reply in (option, letter):
        return True
    text = re.sub(" +", " ", _LETTER_BETWEEN.sub(" ", reply))
    after = _after(text, _CHOICE_PREFIXES)
    if after is not None:
        return after.startswith((option, letter))
    return next((word == letter for word in text.split() if word in "ABCD"), False)


def _debug(reply: str, option: str, letter: str) -> bool:
    if reply[:2] in (f"{letter}.", f"{letter}:"):
        return True
    after = _after(re.sub(" +", " ", _DEBUG_BETWEEN.sub(" ", reply)), _DEBUG_PREFIXES)
    return after is not None and after.startswith((letter, option))


def _after(text: str, prefixes: Sequence[str]) -> str | None:
    """What follows the first of the prefixes that is there, and one character; empty if nothing does."""
    for prefix in prefixes:
        place = text.find(prefix)
        if place >= 0:
            return text[place + len(prefix) + 1 :]
    return None


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeLsum"], use_stemmer=False)


_RULES: dict[str, Callable[[str, Sequence[str]], float]] = {
    "passkey": _first_number,
    "number_string": _first_number,
    "kv_retrieval": _word,
    "longdialogue_qa_eng": _name,
    "longbook_qa_eng": _f1,
    "longbook_qa_chn": _f1_chinese,
    "longbook_sum_eng": _rouge,
    "math_find": _found,
    "math_calc": _values,
    "code_run": _last_word,
}
