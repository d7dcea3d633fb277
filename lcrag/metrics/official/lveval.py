# ruff: noqa: RUF001 - the authors' words
"""LV-Eval's scorers: F1 behind a gate of keywords."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.bags import agreement
from lcrag.metrics.chinese import Segmentation, check_segmentation, chinese_words
from lcrag.metrics.pip_rouge import rouge_l
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

GATE = {"en": 0.2, "zh": 0.4}  # keyword recall below which an answer scores 0
PLAIN = ("factrecall_en", "factrecall_zh")  # F1 without a gate
_EN = (
    "and to of in her was with for it from is that his he by she they or at because be on are their what as had were "
    "about being this who but have has when which does"
)
_ZH = (
    "的 和 是 等 在 年 可以 为 与 ‰ 了 或 一种 月 c 至 日 有 进行 于 不 中 × 根据 小 由 亩 也 要 指 法 会 元 主要 以及 "
    "通过 首先 对 然后 号 以 所 后 丁 包括 无 将 用 能 形 方面 因素 位于 而 从 到 一定 用于 但 使用 让 具有 并 亿元 "
    "万元 上 类 基于 才 来 地 片 其他 个 或者 变得 时 给 你 使 条 受 已经 带 度"
)
IGNORED = {  # words that count for no keyword, though they count among the keywords
    "en": frozenset(_EN.split()),
    "zh": frozenset(_ZH.split()),
}


@dataclass(frozen=True)
class LVEval:
    """LV-Eval's score: F1, but 0 for an answer that has too few of the keywords (Yuan et al. 2024, arXiv 2402.05136).

    Keywords are ``metadata["answer_keywords"]``, in Chinese the gold answer where there are none. ``factrecall_*`` is
    plain F1; ``dureader_mixup`` is ROUGE-L without the ignored words.

    Attributes:
        variant: ``official`` compares with the first gold answer only; ``fixed`` with the best.
        segmentation: How Chinese is cut into words: ``jieba`` as the authors do it, if it is installed, or
            ``characters``, which gives other figures than theirs.

    Raises:
        LcragError: jieba is asked for and not installed.

    Differs from the paper: Chinese is cut into characters by default.
    """

    name: str = "lveval"
    variant: Literal["official", "fixed"] = "official"
    segmentation: Segmentation = "characters"

    def __post_init__(self) -> None:
        check_segmentation(self.name, self.segmentation)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of LV-Eval's tasks with gold answers."""
        task = str(question.metadata.get("task", ""))
        if not question.answers or "language" not in question.metadata:
            return None
        golds = question.answers[:1] if self.variant == "official" else question.answers
        language = "zh" if question.metadata["language"] == "zh" else "en"
        keywords = str(question.metadata.get("answer_keywords") or "")
        return max(self._score(task, language, answer.text, gold, keywords) for gold in golds)

    def _score(self, task: str, language: str, reply: str, gold: str, keywords: str) -> float:
        words, golds = self._words(reply, language), self._words(gold, language)
        if task == "dureader_mixup":
            texts = (" ".join(w for w in side if w not in IGNORED["zh"]) for side in (words, golds))
            rouge = rouge_l(*texts)
            return rouge.f1 if rouge else 0.0
        wanted = self._words(keywords or (gold if language == "zh" else ""), language)
        if task not in PLAIN and wanted and _recall(words, wanted, IGNORED[language]) < GATE[language]:
            return 0.0
        return agreement(words, golds).f1

    def _words(self, text: str, language: str) -> list[str]:
        return chinese_words(text, self.segmentation) if language == "zh" else squad_normalise(text).split()


def _recall(words: Sequence[str], wanted: Sequence[str], ignored: frozenset[str]) -> float:
    shared = Counter(words) & Counter(wanted)
    return sum(n for word, n in shared.items() if word not in ignored) / len(wanted)
