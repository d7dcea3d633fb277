"""SnapKV without the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lcrag.readers.kv.snapkv import SnapKV


@dataclass(frozen=True)
class QuestionBlindSnapKV(SnapKV):
    """SnapKV that observes the document's end, so that questions share what is kept (as SCBench, arXiv 2412.10319).

    Differs from the paper: the observation window is the document's end, not the question.
    """

    reads_question: ClassVar[bool] = False
