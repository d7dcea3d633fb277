"""L-Eval's scorers: exams of several kinds, F1 and ROUGE."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lcrag.metrics.bags import agreement
from lcrag.metrics.library import require
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

PARTIAL = 0.25  # for some of the right letters and no wrong one
_LETTERS = frozenset("ABCD")
_FACT = "[fact:"
_CODE_FILLERS = ("will be", "of the code", "is", "would be", "the value of", "the result of", "printed")
_CODE_DROPPED = ("'", "\\", ".0")
_CODE_JOINED = (("] [", "]["), ("[ [", "[["), ("] ]", "]]"))


@dataclass(frozen=True)
class LEval:
    """What L-Eval scores its task with: exact match of what an exam's reply says, F1, ROUGE (arXiv 2307.11088).

    ``metadata["task"]`` and ``metadata["evaluation"]`` choose. An exam's reply is cut as the authors cut it: to the
    first letter from A to D anywhere ("Apples are C" is A), in ``coursera`` to several letters, in ``gsm100`` to
    digits, in ``codeU`` to the last words, in ``sci_fi`` to two verdicts. Letters that are some of the right ones earn
    a quarter; a reply without a letter counts as A, an empty one as wrong.

    Attributes:
        variant: ``official`` takes any letter and A for none; ``fixed`` takes only a letter that stands alone, and
            none for none.
        rouge: Which ROUGE decides for summaries.

    Raises:
        LcragError: rouge-score is not installed.

    Differs from the paper: for summaries the authors also print the geometric mean of the three ROUGE means, which no
    question has. Without the second verdict ``[fact: ...]`` in the reply to ``sci_fi`` the first alone counts.
    """

    name: str = "leval"
    variant: Literal["official", "fixed"] = "official"
    rouge: Literal["rouge1", "rouge2", "rougeL"] = "rougeL"

    def __post_init__(self) -> None:
        require(self.name, "rouge_score")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of L-Eval's tasks with gold answers."""
        evaluation = question.metadata.get("evaluation")
        task = str(question.metadata.get("task", ""))
        if evaluation not in ("exam", "f1", "rouge") or not question.answers:
            return None
        if evaluation == "exam":
            return max(self._exam(task, answer.text, gold) for gold in question.answers)
        if evaluation == "f1":
            words = squad_normalise(answer.text).split()
            return max(agreement(words, squad_normalise(gold).split()).f1 for gold in question.answers)
        scorer = _scorer(self.rouge)
        return max(float(scorer.score(g, answer.text)[self.rouge].fmeasure) for g in question.answers)

    def _exam(self, task: str, reply: str, gold: str) -> float:
        if task in ("tpo", "quality", "coursera"):
            if self.variant == "fixed":
                return _exact(_letters_alone(reply, several=task == "coursera"), _gold_letters(gold))
            return _exact(_letters(reply, several=task == "coursera"), _gold_letters(gold))
        if task == "gsm100":
            return _exact(_number(reply), _number(gold))
        if task == "codeU":
            return _exact(_output(reply, len(gold.split())), _code(gold))
        if task == "sci_fi":
            verdicts, golds = _verdicts(reply), gold.lower().removesuffix("]").split(_FACT)
            pairs = [*zip(verdicts, map(str.strip, golds), strict=False)]
            return sum(_exact(ours, theirs) for ours, theirs in pairs) / len(pairs)
        return _exact(reply, gold)


def _exact(prediction: str, gold: str) -> float:
    """Letters by the set, numbers by value, else whether the gold text is in the first line longer than a letter."""
    ours, theirs = _plain(prediction), _plain(gold)
    if set(theirs) <= _LETTERS:
        return 1.0 if ours == theirs else PARTIAL if set(ours) <= set(theirs) else 0.0
    try:
        return float(float(prediction) == float(gold))
    except ValueError:
        line = next((line for line in prediction.split("\n") if len(line) > 1), prediction)
        return float(gold.lower().replace(" ", "") in line.lower().replace(" ", ""))


def _plain(text: str) -> str:
    """Without punctuation and articles; the case stays, so that the letter A does."""
    text = text.translate(str.maketrans("", "", string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _letters(reply: str, several: bool) -> str:
    if not reply.strip():
        return "None"
    if reply in "ABCD":
        return reply
    first = next((c for c in reply if c in _LETTERS), "")
    if not several:
        return first or "A"
    leading = re.match("[A-D]*", reply)
    run = leading[0] if leading else ""
    if len(run) > 1:
        return "".join(sorted(set(run)))
    rest = reply[len(run) :].split("Question")[0]
    marked = {*run, *"".join(re.findall(r"\s*[A-Z](?=[\s.)])", rest))} & _LETTERS
    if marked:
        return "".join(sorted(marked))
    later = re.search("[A-D]+", rest)
    return later[0] if later else "A"


def _letters_alone(reply: str, several: bool) -> str:
    """Letters from A to D that are words; ours, for replies such as "Apples are C"."""
    letters = re.findall(r"\b[A-D]+\b", reply)
    return "".join(sorted(set("".join(letters)))) if several else next(iter(letters), "None")[:1]


def _gold_letters(gold: str) -> str:
    return re.sub("[^A-D]", "", next(iter(gold.split()), "")) or "A"


def _number(text: str) -> str:
    """Digits up to the first full stop of what follows "The answer is", or of the last word with a digit."""
    stated = re.search(r"The answer is (\S+)", text)
    words = text.split("\n\n")[0].split(" ")
    word = stated[1] if stated else next((w for w in reversed(words) if any(map(str.isdigit, w))), "")
    return "".join(c for c in word.partition(".")[0] if c.isdigit())


def _code(text: str) -> str:
    text = re.sub(r"\s+", " ", text).replace(",", "")
    for dropped in _CODE_DROPPED:
        text = text.replace(dropped, "")
    for apart, joined in _CODE_JOINED:
        text = text.replace(apart, joined)
    return text


def _output(reply: str, words: int) -> str:
    """The last words, or the first after "the final output": as many as the gold answer has, and three."""
    text = _code(reply)
    for filler in _CODE_FILLERS:
        text = text.replace(filler, "")
    _, stated, rest = text.rpartition("the final output")
    parts = re.split(r"\s+", rest)
    return " ".join(parts[: words + 3] if stated else parts[-(words + 3) :])


def _verdicts(reply: str) -> list[str]:
    """The first true or false before and after ``[fact:``."""
    parts = reply.lower().split(_FACT)[:2]
    return [next(filter(None, map(_verdict, part.split())), "<error>") for part in parts]


def _verdict(word: str) -> str:
    return "true" if "true" in word else "false" if "false" in word else ""


@cache
def _scorer(name: str) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([name], use_stemmer=False)
