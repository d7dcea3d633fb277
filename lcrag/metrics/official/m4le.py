"""M4LE's scorers, by the task."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

from lcrag.metrics.library import require
from lcrag.schema import Answer, Question

Measure = Literal["accuracy", "exact_match", "class_f1", "rouge", "bleu"]
_BY_ENDS: dict[tuple[Measure, str], str] = {  # what cuts the reply off, by the tasks that are scored so
    ("rouge", "\n"): "arxiv pubmed booksum cnnnews wikihow cepsum lcsts ncls bigpatent_global_sum news2016",
    ("rouge", "\n新"): "cnewsum clts+",
    ("accuracy", "\n."): "triviaqa newsqa duorc nq-open hotpotqa",
    ("accuracy", "\n。"): "c3 dureader drcd_semantic-single",
    ("accuracy", ",\n"): "wow",
    ("accuracy", "，\n"): "drcd_explicit-single",  # noqa: RUF001
    ("accuracy", ":"): "bigpatent_global_cls",
    ("class_f1", ".,"): "marc mnds-news_explicit-multiple",
    ("class_f1", "。，"): "thucnews_explicit-multiple",  # noqa: RUF001
    ("class_f1", "。，="): "online-shopping",  # noqa: RUF001 - gold answers are not cut off there
    ("exact_match", "."): "wikitext-103 mnds-news_semantic-multiple",
    ("exact_match", "。"): "wiki2019zh thucnews_semantic-multiple",
    ("exact_match", ""): "mnds-news_explicit-single thucnews_explicit-single",
    ("bleu", ""): "open-subtitles-en2zh open-subtitles-zh2en news-commentary-en2zh news-commentary-zh2en "
    "tedtalks-en2zh tedtalks-zh2en",
}
RULES = {name: rule for rule, names in _BY_ENDS.items() for name in names.split()}
_CHINESE = frozenset(["cnewsum", "clts+", "cepsum", "lcsts", "ncls", "news2016"])


@dataclass(frozen=True)
class M4LE:
    """What M4LE's task asks for, after the reply is cut off (Kwan et al. 2023, arXiv 2310.19240, ``evaluation.py``).

    A gold answer stands in the reply or is the reply, F1 of lists of numbers, recall of ROUGE-L, or BLEU.

    Differs from the paper: words of ROUGE-L are split at white space, Chinese by characters (the authors: jieba and pip
    ``rouge``); BLEU is each reply's own by sacrebleu, not the corpus's. Scores are not divided by those of GPT-3.5 at
    1k words.
    """

    name: str = "m4le"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for the tasks that it knows."""
        task = str(question.metadata.get("task", ""))
        if not question.answers or task not in RULES:
            return None
        measure, ends = RULES[task]
        golds = question.answers
        if measure == "class_f1":
            return _class_f1(answer.text, golds[0], ends)
        text = answer.text
        if task == "news2016" and '"' in text:
            text = text.split('"')[1].strip()
        for end in ends:
            text = text.split("新闻" if end == "新" else end)[0].strip()
        if task.endswith("semantic-multiple"):
            golds = (golds[0].split(ends)[0],)
        if measure == "accuracy":
            return float(any(gold.lower() in text.lower() for gold in golds))
        if measure == "exact_match":
            return float(any(gold.lower().strip() == text.lower().strip() for gold in golds))
        if measure == "rouge":
            return max((_recall(text, gold, task in _CHINESE) for gold in golds if gold), default=0.0)
        return _bleu(text, golds, chinese=task.endswith("zh"))


def _class_f1(text: str, gold: str, ends: str) -> float:
    stop, comma = ends[0], ends[1]
    said = {part.strip() for part in text.split(stop)[0].strip().split(comma)}
    wanted = {part.strip() for part in (gold if "=" in ends else gold.split(stop)[0]).split(comma)}
    return 2 * len(said & wanted) / (len(said) + len(wanted))


def _recall(text: str, gold: str, chinese: bool) -> float:
    said, wanted = _words(text, chinese), _words(gold, chinese)
    return LCSseq.similarity(said, wanted) / len(wanted) if wanted else 0.0


def _words(text: str, chinese: bool) -> list[str]:
    return re.findall(r"[a-zA-Z0-9]+|[^\s\w]|\w", text) if chinese else text.split()


def _bleu(text: str, golds: Iterable[str], chinese: bool) -> float:
    require("m4le", "sacrebleu")
    from sacrebleu import sentence_bleu

    return float(sentence_bleu(text, list(golds), tokenize="zh" if chinese else "13a").score) / 100
