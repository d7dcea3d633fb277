"""HELMET's scorers for questions with passages, long books and recall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from lcrag.metrics.library import require
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Helmet:
    """What HELMET scores its task with: a gold answer within, ROUGE-L, a letter, recall (arXiv 2410.02694).

    ``metadata["task"]`` chooses. Each score is the better of the whole reply and of what follows "Answer:" on its line;
    without "Answer:" that is the first line. ``ruler_*`` is the share of the gold strings in the reply,
    ``infbench_choice_eng`` the letter, the letter with its option, or that pair anywhere in the reply.

    Raises:
        LcragError: rouge-score is not installed.

    Differs from the paper: NarrativeQA is judged by GPT-4o there; this is the ROUGE-L that the authors print beside.
    """

    name: str = "helmet"

    def __post_init__(self) -> None:
        require(self.name, "rouge_score")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of HELMET's tasks with gold answers."""
        task = str(question.metadata.get("task", ""))
        if not question.answers:
            return None
        if task.startswith("ruler_"):
            text = answer.text.lower()
            return sum(gold.lower() in text for gold in question.answers) / len(question.answers)
        prefix = "corresponding value:" if task == "json_kv" else "Answer:"
        replies = (answer.text, parsed(answer.text, prefix))
        if task == "infbench_choice_eng":
            return _choice(question, replies)
        if task in ("narrativeqa", "infbench_qa_eng"):
            scorer = _rouge()
            pairs = ((gold, reply) for gold in question.answers for reply in replies)
            return max(float(scorer.score(gold, reply)["rougeL"].fmeasure) for gold, reply in pairs)
        if not task.startswith("kilt_") and task != "json_kv":
            return None
        texts = [squad_normalise(reply) for reply in replies]
        return float(any(squad_normalise(gold) in text for gold in question.answers for text in texts))


def parsed(text: str, prefix: str) -> str:
    """What follows the prefix up to the end of its line, else the first line; a second prefix is dropped, too."""
    match = re.search(f"{re.escape(prefix)}(.*)", text, re.IGNORECASE)
    line = match[1] if match else text.partition("\n")[0]
    return re.sub(f"^{re.escape(prefix)}", "", line.strip(), flags=re.IGNORECASE).strip()


def _choice(question: Question, replies: tuple[str, str]) -> float:
    """The right letter or the letter with its option; ``A. option`` anywhere in the reply counts as well."""
    right = [i for i, choice in enumerate(question.choices) if choice in question.answers]
    if not right:
        return 0.0
    letter = "ABCD"[right[0]]
    pair = f"{letter}. {question.choices[right[0]]}"
    golds = {squad_normalise(letter), squad_normalise(pair)}
    exact = any(squad_normalise(reply) in golds for reply in replies)
    return float(exact or pair.lower() in replies[0].lower())


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=True)
