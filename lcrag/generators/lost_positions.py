"""Lost in the Middle's questions with the gold passage at chosen places among other questions' passages."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from lcrag.benchmarks.base import Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.lost_in_the_middle import BENCHMARK, question_on
from lcrag.benchmarks.records import files_of, rows_of
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError

FILES = ("**/nq-open-oracle.jsonl", "**/nq-open-oracle.jsonl.gz")
STEP = 5  # the authors move the gold passage by five places: 0, 4, 9, 14, ...


def load_lost_positions(
    path: Path,
    passages: int = 20,
    positions: tuple[int, ...] = (),
    limit: int | None = None,
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """NQ-Open questions with the gold passage at chosen places (Lost in the Middle, Liu et al. 2023, arXiv 2307.03172).

    Every question stands there once for each place, among the same other passages. The same arguments give the same
    data set.

    Args:
        path: The folder with the authors' ``nq-open-oracle.jsonl.gz``, or the file.
        passages: How many passages a question is asked on.
        positions: Places of the gold passage, counted from 0; empty for the authors' (0, 4, 9, 14, 19 of 20).
        limit: The first so many questions, each at every place.
        seed: Seeds the choice of the other passages.
        prompt: ``official`` asks in the authors' words to the letter.

    Differs from the paper: the other passages are gold passages of other questions in which no gold answer stands,
    drawn at random, since the authors' files with passages by Contriever are too large to be at hand everywhere. These
    are easier to tell from the gold passage, so that scores are higher than the paper's.

    Raises:
        LcragError: a number is out of range, or something is wrong with the file.
    """
    places = tuple(positions) or usual_positions(passages)
    for name, value, low, high in [
        ("passages", passages, 2, None), *(("positions", p, 0, passages - 1) for p in places)
    ]:  # fmt: skip
        if value < low or (high is not None and value > high):
            bound = f"from {low} to {high}" if high is not None else f"at least {low}"
            raise LcragError(f"lost_positions: {name} must be {bound}, not {value}.")
    title = "Lost in the Middle's nq-open-oracle"
    rows = [row for file in files_of(Path(path), FILES, title) for row in rows_of(file)]
    pool = [_gold(row) for row in rows]
    if len(pool) < passages:
        raise LcragError(f"lost_positions: {passages} passages are wanted, but {path} has only {len(pool)}.")
    numbers = {row.where: number for number, row in enumerate(rows)}

    def mixed(row: Row) -> Iterator[Item]:
        number = numbers[row.where]
        if limit is not None and number >= limit:
            return
        answers = row.texts("answers")
        others = _others(pool, number, answers, passages - 1, f"{seed} {number}", row)
        for place in places:
            texts = [*others[:place], pool[number], *others[place:]]
            yield question_on(row.text("question"), answers, texts, place, f"{number + 1}-at-{place}")

    dataset = load(replace(BENCHMARK, title=title, files=FILES, items=mixed), path, ("nq",), None, prompt)
    return replace(dataset, name="lost_positions", benchmark="")  # its figures are not the paper's


def usual_positions(passages: int) -> tuple[int, ...]:
    """The authors' places: the first, every fifth, the last."""
    return tuple(sorted({0, *range(STEP - 1, passages, STEP), passages - 1}))


def _gold(row: Row) -> tuple[str, str]:
    passages = row.rows("ctxs")
    gold = next((p for p in passages if p.values.get("isgold")), None)
    if gold is None:
        raise row.wrong("ctxs", "passages of which one has isgold")
    return gold.text("title"), gold.text("text")


def _others(
    pool: Sequence[tuple[str, str]], number: int, answers: Sequence[str], count: int, seed: str, row: Row
) -> list[tuple[str, str]]:
    """Passages of other questions, each once, in which no gold answer stands as a whole word."""
    rng = random.Random(seed)
    golds = [re.compile(rf"(?<!\w){re.escape(a.strip())}(?!\w)", re.IGNORECASE) for a in answers if a.strip()]
    others: dict[tuple[str, str], None] = {}
    drawn = rng.sample(range(len(pool)), min(len(pool), 4 * count))
    for i in chain(drawn, range(len(pool))):
        if pool[i] != pool[number] and not any(gold.search(" ".join(pool[i])) for gold in golds):
            others[pool[i]] = None
        if len(others) == count:
            return list(others)
    raise LcragError(
        f"{row.where}: only {len(others)} passages of other questions lack the answer, {count} are wanted; take fewer "
        "passages."
    )
