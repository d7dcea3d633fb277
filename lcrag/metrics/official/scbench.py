"""SCBench's scorers, one for each of its tasks."""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.metrics.library import require
from lcrag.metrics.official.bleu_smoothed import smoothed_bleu
from lcrag.schema import Answer, Question

_CHINESE = (
    "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》"  # noqa: RUF001
    "「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏."  # noqa: RUF001
)
_PUNCTUATION = str.maketrans("", "", string.punctuation + _CHINESE)
_SIMILAR = 0.8  # from which on a function counts as repeated


@dataclass(frozen=True)
class SCBench:
    """What SCBench's task asks for (Li et al. 2024, arXiv 2412.10319, ``scbench/compute_scores.py``).

    Keys and strings must stand in the reply; ``qa_eng`` counts if the gold answer stands in it in any case, not by F1;
    ``summary`` is ROUGE-Lsum; ``repoqa`` asks for a function that is more like its own than like any other of the
    repository, with a smoothed BLEU of at least 0.8.

    Attributes:
        variant: ``official``: in ``many_shot`` any character of the gold answer counts, so that ``(`` is enough for
            ``(A)``. ``fixed``: the gold answer must stand in the reply.

    Differs from the paper: the function of ``repoqa`` is the whole first code block; the authors cut the first function
    out of it by tree-sitter.
    """

    name: str = "scbench"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there are gold answers."""
        if not question.answers:
            return None
        task = str(question.metadata.get("task", ""))
        golds, text = question.answers, answer.text
        if task.endswith("passkey"):
            return float(next(iter(re.findall(r"[0-9]+", text)), "") == golds[0])
        if task == "mf":
            return float(_first_number(text, golds[0]))
        if task == "choice_eng":
            return float(_is_choice(text, golds))
        if task == "qa_chn":
            return max(_character_f1(text, gold) for gold in golds)
        if task == "vt":
            return round(sum(gold.lower() in text.lower() for gold in golds) / len(golds), 2)
        if task.endswith("summary"):
            return _rouge(text, golds[0])
        if task.endswith("repoqa"):
            return float(_is_function(text, question))
        if task in ("qa_eng", "many_shot"):
            parts = list(golds[0]) if task == "many_shot" and self.variant == "official" else list(golds)
            return float(any(part.upper() in text.strip().upper() for part in parts))
        return float(golds[0] in text)


def _first_number(text: str, gold: str) -> bool:
    """The first number, whose sign is not read, is the gold one; of an integer the fraction is cut off."""
    match = re.search(r"\d+\.\d+|\d+", text)
    if match is None:
        return False
    try:
        return float(match[0]) == float(gold) if "." in gold else int(float(match[0])) == int(gold)
    except (ValueError, OverflowError):  # a reply of hundreds of digits, or a gold answer that is no number
        return False


def _is_choice(text: str, golds: tuple[str, ...]) -> bool:
    """The first letter, else the reply, else what follows "answer is", else the first word in ``ABCD``."""
    text = text.strip()
    if not text:
        return False
    if text[0] in "ABCD":
        return text[0] in golds
    if text in golds:
        return True
    text = re.sub(" {2,}", " ", re.sub(r"[\n\"'.,?!{}]", " ", text))
    for prefix in ("answer is:", "answer:", "answer is", "option is"):
        start = text.find(prefix)
        if start >= 0:
            return text[start + len(prefix) + 1 :].startswith(golds)
    return next((word for word in text.split() if word in "ABCD"), "") in golds


def _character_f1(text: str, gold: str) -> float:
    a, b = ("".join(t.lower().translate(_PUNCTUATION).split()) for t in (text, gold))
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if shared else 0.0


def _rouge(text: str, gold: str) -> float:
    require("scbench", "rouge_score")
    from rouge_score.rouge_scorer import RougeScorer

    return float(RougeScorer(["rougeLsum"]).score(gold, text)["rougeLsum"].fmeasure)


def _is_function(text: str, question: Question) -> bool:
    """The function is more like the gold one than like any other of the repository, and like it enough."""
    block = re.search(r"^```(?:\w+)?\s*\n(.*?)(?=^```)```", text.strip(), re.DOTALL | re.MULTILINE)
    words = (block[1] if block else text).split()
    needles: Any = question.metadata.get("needles", ())
    best, name = 0.0, ""
    for needle in needles:
        similarity = smoothed_bleu(words, str(needle["function"]).split())
        if similarity > best:
            best, name = similarity, str(needle["name"])
    return best >= _SIMILAR and name == question.metadata.get("function")
