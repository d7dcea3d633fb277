"""RULER's thirteen tasks."""

from __future__ import annotations

import random
from collections.abc import Callable

from lcrag.datasets.base import Dataset
from lcrag.generators import ruler_needles, ruler_qa, ruler_tracking, ruler_words
from lcrag.generators.budget import Count, Tokens, check, chosen, counter, lengths_of
from lcrag.generators.drafts import Part, Prompt, gather

TITLE = "RULER"
NOTICE = "RULER's tasks are made of lcrag's own texts, words and questions: the paper's figures are of other texts."
MAKERS: dict[str, Callable[[str, str, int, random.Random, Count], Part]] = {
    **dict.fromkeys(ruler_needles.TASKS, ruler_needles.make),
    "vt": ruler_tracking.make,
    "cwe": ruler_words.common_words,
    "fwe": ruler_words.frequent_words,
    "qa_1": ruler_qa.make,
    "qa_2": ruler_qa.make,
}


def generate_ruler(
    tasks: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 10,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """RULER (Hsieh et al. 2024, arXiv 2404.06654): needles, variable tracking, common and frequent words, questions.

    Scores are means of a task; the headline is the mean of the thirteen tasks.

    Args:
        tasks: ``niah_single_1`` to ``_3``, ``niah_multikey_1`` to ``_3``, ``niah_multivalue``, ``niah_multiquery``,
            ``vt``, ``cwe``, ``fwe``, ``qa_1``, ``qa_2``; empty for all.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each task and length; the authors have 500.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks in RULER's words to the letter, with the beginning of the answer.

    Raises:
        LcragError: there is no such task, a number is out of range, or a task does not fit.

    Differs from the paper: generated prose instead of essays, questions on invented companies instead of SQuAD
    (``qa_1``) and HotpotQA (``qa_2``), words of our own instead of wonderwords. Needles are shuffled anew for each
    question, no gold string stands in another word of the text, and a text that cannot be short enough is an error.
    """
    check(TITLE, ("count", count, 1, 100_000))
    counted, names = counter(tokenizer), chosen(tasks, tuple(MAKERS), TITLE)
    parts = [
        MAKERS[task](task, f"{task}-{length}-{i + 1}", length, random.Random(f"{seed}/{task}/{length}/{i}"), counted)
        for length in lengths_of(tokens, TITLE)
        for task in names
        for i in range(count)
    ]  # fmt: skip
    return gather("ruler", prompt, parts, (NOTICE,))
