# ruff: noqa: RUF001 - Chinese punctuation is meant
"""Chinese text as LongBench, LV-Eval and InfiniteBench read it before they compare."""

from __future__ import annotations

import string
from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from lcrag.errors import LcragError

Segmentation = Literal["characters", "jieba"]
_PUNCTUATION = str.maketrans(
    "",
    "",
    string.punctuation + "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～"
    "｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏.",
)


def normalise_chinese(text: str) -> str:
    """Lower case without punctuation and white space. The opening bracket of titles is missing in the authors' list."""
    return "".join(text.lower().translate(_PUNCTUATION).split())


def cut(text: str, segmentation: Segmentation) -> list[str]:
    """The text in words; joined they are the text again.

    Args:
        text: Chinese, with or without Latin words and numbers.
        segmentation: ``characters`` makes a word of each run of ASCII letters and digits and of each other
            character; ``jieba`` cuts as the package jieba does.

    Raises:
        LcragError: jieba is asked for and not installed.
    """
    if segmentation == "jieba":
        return [*import_module("jieba").cut(text, cut_all=False)]
    words: list[str] = []
    glue = False
    for character in text:
        plain = character.isascii() and character.isalnum()
        if plain and glue:
            words[-1] += character
        else:
            words.append(character)
        glue = plain
    return words


def check_segmentation(metric: str, segmentation: Segmentation) -> None:
    """Refuse a metric before anything is spent, if it needs jieba and has none.

    Raises:
        LcragError: jieba is not installed.
    """
    if segmentation == "jieba" and find_spec("jieba") is None:
        raise LcragError(f"The metric {metric!r} cuts Chinese with jieba: pip install jieba.")


def chinese_words(text: str, segmentation: Segmentation) -> list[str]:
    """The words of a Chinese text, normalised, without those that were punctuation only."""
    return [word for word in map(normalise_chinese, cut(text, segmentation)) if word]
