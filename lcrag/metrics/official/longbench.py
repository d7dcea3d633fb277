"""LongBench's scorers, one for each task."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from lcrag.metrics.bags import agreement
from lcrag.metrics.chinese import Segmentation, check_segmentation, chinese_words, cut
from lcrag.metrics.pip_rouge import rouge_l
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

_PARAGRAPH = re.compile(r"(?:Paragraph |段落)(\d+)")


@dataclass(frozen=True)
class LongBench:
    """What LongBench scores its task with: F1, ROUGE-L, accuracy, similarity (Bai et al. 2023, arXiv 2308.14508).

    ``metadata["task"]`` chooses: token F1 for questions, ROUGE-L for summaries, the share of the class names in the
    answer that are right for ``trec`` and ``lsht``, the share of the numbers in it that are right for passages, and
    the similarity of the first line that is code. The best of several gold answers counts.

    Attributes:
        variant: ``official`` drops class names that are part of the right one while it walks along the list, so that
            one of two neighbours stays and halves the score; ``fixed`` drops them all.
        segmentation: How Chinese is cut into words: ``jieba`` as the authors do it, if it is installed, or
            ``characters``, which gives other figures than theirs.

    Raises:
        LcragError: jieba is asked for and not installed.

    Differs from the paper: Chinese is cut into characters by default.
    """

    name: str = "longbench"
    variant: Literal["official", "fixed"] = "official"
    segmentation: Segmentation = "characters"

    def __post_init__(self) -> None:
        check_segmentation(self.name, self.segmentation)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of LongBench's tasks with gold answers."""
        rule = _RULES.get(str(question.metadata.get("task", "")).removesuffix("_e"))
        if rule is None or not question.answers:
            return None
        classes = question.metadata.get("classes") or ()
        return max(rule(answer.text, gold, classes, self) for gold in question.answers)


def _f1(prediction: str, gold: str, *_: Any) -> float:
    return agreement(squad_normalise(prediction).split(), squad_normalise(gold).split()).f1


def _f1_chinese(prediction: str, gold: str, _: Sequence[str], metric: LongBench) -> float:
    words = chinese_words(prediction, metric.segmentation), chinese_words(gold, metric.segmentation)
    return agreement(*words).f1


def _rouge(prediction: str, gold: str, *_: Any) -> float:
    score = rouge_l(prediction, gold)
    return score.f1 if score else 0.0


def _rouge_chinese(prediction: str, gold: str, _: Sequence[str], metric: LongBench) -> float:
    return _rouge(" ".join(cut(prediction, metric.segmentation)), " ".join(cut(gold, metric.segmentation)))


def _class(prediction: str, gold: str, classes: Sequence[str], metric: LongBench) -> float:
    named = [name for name in classes if name in prediction]
    if metric.variant == "fixed":
        named = [name for name in named if name == gold or name not in gold]
    else:
        position = 0  # the authors' loop does not look at the neighbour of a name that it drops
        while position < len(named):
            if named[position] != gold and named[position] in gold:
                del named[position]
            position += 1
    return 1 / len(named) if gold in named else 0.0


def _numbers(prediction: str, gold: str, *_: Any) -> float:
    """The share of the numbers that are the gold one, which may be a paragraph's."""
    paragraph = _PARAGRAPH.search(gold)
    wanted = paragraph[1] if paragraph else gold
    numbers = re.findall(r"\d+", prediction)
    return numbers.count(wanted) / len(numbers) if numbers else 0.0


def _code(prediction: str, gold: str, *_: Any) -> float:
    """The similarity of the first line without a mark of comments or of a fence, in whole percent (fuzzywuzzy)."""
    lines = prediction.lstrip("\n").split("\n")
    line = next((line for line in lines if not any(mark in line for mark in ("`", "#", "//"))), "")
    return round(100 * SequenceMatcher(None, line, gold).ratio()) / 100


_RULES: dict[str, Callable[[str, str, Sequence[str], LongBench], float]] = {
    "narrativeqa": _f1,
    "qasper": _f1,
    "multifieldqa_en": _f1,
    "multifieldqa_zh": _f1_chinese,
    "hotpotqa": _f1,
    "2wikimqa": _f1,
    "musique": _f1,
    "dureader": _rouge_chinese,
    "gov_report": _rouge,
    "qmsum": _rouge,
    "multi_news": _rouge,
    "vcsum": _rouge_chinese,
    "trec": _class,
    "triviaqa": _f1,
    "samsum": _rouge,
    "lsht": _class,
    "passage_count": _numbers,
    "passage_retrieval_en": _numbers,
    "passage_retrieval_zh": _numbers,
    "lcc": _code,
    "repobench-p": _code,
}
