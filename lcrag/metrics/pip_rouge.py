"""ROUGE as the package ``rouge`` 1.0.1 computes it, which LongBench, LV-Eval, LooGLE and L-CiteEval use.

It differs from Google's rouge-score: words are split at white space in any alphabet, sentences at every full stop,
and words that occur twice count once. White space after the last full stop counts as one more, empty word.
"""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.bags import Agreement

_TINY = 1e-8  # the package adds it to the denominator of F1


def rouge_n(prediction: str, gold: str, n: int) -> Agreement | None:
    """The different runs of ``n`` words that both have; ``None`` where the package raises, for an empty text."""
    sentences = _sentences(prediction), _sentences(gold)
    if not all(sentences):
        return None
    ours, theirs = (_runs(_words(s), n) for s in sentences)
    return _agreement(len(ours & theirs), len(ours), len(theirs))


def rouge_l(prediction: str, gold: str) -> Agreement | None:
    """The different words of the longest common subsequences; ``None`` where the package raises, for an empty text.

    Differs from the package: a sentence of more than about a thousand words ends there in an error of recursion,
    which LongBench scores 0.
    """
    ours, theirs = _sentences(prediction), _sentences(gold)
    if not ours or not theirs:
        return None
    shared: set[str] = set()
    for gold_sentence in theirs:
        for sentence in ours:
            shared |= _common(gold_sentence.split(" "), sentence.split(" "))
    return _agreement(len(shared), len(set(_words(ours))), len(set(_words(theirs))))


def _agreement(shared: int, ours: int, theirs: int) -> Agreement:
    precision = shared / ours if ours else 0.0
    recall = shared / theirs if theirs else 0.0
    return Agreement(precision, recall, 2 * precision * recall / (precision + recall + _TINY))


def _sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(".") if part]


def _words(sentences: Sequence[str]) -> list[str]:
    return [word for sentence in sentences for word in sentence.split(" ")]


def _runs(words: Sequence[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def _common(gold: Sequence[str], words: Sequence[str]) -> set[str]:
    """The words of one longest common subsequence: of several, the one that the package finds."""
    table = [[0] * (len(words) + 1)]
    for word in gold:
        row, above = [0], table[-1]
        for j, other in enumerate(words):
            row.append(above[j] + 1 if word == other else max(above[j + 1], row[j]))
        table.append(row)
    shared, i, j = set(), len(gold), len(words)
    while i and j:
        if gold[i - 1] == words[j - 1]:
            shared.add(gold[i - 1])
            i, j = i - 1, j - 1
        elif table[i - 1][j] > table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return shared
