"""LongICLBench: entities are typed after many demonstrations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.records import rows_of, stamp
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Task

TRAIN = "fewnerd_train_10turns.json"
DEMONSTRATIONS = {1: 57, 2: 114, 3: 170, 4: 224, 5: 281}  # by rounds; a round has each type once
_ASKED = (
    "Given the sentence, please find the name entities in the sentence and their corresponding entity types in the "
    "strict format of given examples as following (Entity: EntityType):\n"
)


def items(row: Row, rounds: int = 1) -> Iterator[Item]:
    """A sentence, with the demonstrations that stand in the file beside it."""
    sentence = row.text("sentence")
    train = row.path.with_name(TRAIN)
    yield Item(
        sentence,
        _demonstrations(train, stamp(train), rounds),
        "few_nerd",
        (json.dumps(_entities(row), ensure_ascii=False),),
        metadata={"sentence": sentence, "rounds": rounds},
    )


def _entities(row: Row) -> dict[str, str]:
    entities = row.row("entities")
    return {entity: entities.text(entity) for entity in entities.values}


@lru_cache(maxsize=1)
def _demonstrations(file: Path, _: tuple[int, int], rounds: int) -> str:
    if not file.is_file():
        raise LcragError(f"{file} is missing: the demonstrations of LongICLBench stand in it.")
    lines = []
    for row in [row for row, _ in zip(rows_of(file), range(DEMONSTRATIONS[rounds]), strict=False)]:
        pairs = (f"{entity}: {kind}\n" for entity, kind in _entities(row).items())
        lines.append(f"Sentence: {row.text('sentence')}\n{''.join(pairs)}")
    return "".join(lines)


BENCHMARK = Benchmark(
    name="longiclbench",
    title="LongICLBench",
    paper="Li et al. 2024, arXiv 2404.02060",
    licence="MIT; Few-NERD CC BY-SA 4.0",
    source="github.com/TIGER-AI-Lab/LongICLBench (processed_data)",
    files=("**/fewnerd_test_1800.json",),
    tasks={
        "few_nerd": Task(
            "few_nerd",
            instruction="Find the named entities in the sentence and their types in the strict format of the examples "
            "(Entity: EntityType), one a line.",
            max_tokens=100,
            template=f"{_ASKED}{{context}}Sentence: {{question}}\n",
            metric="entity_pairs",
        )
    },
    items=items,
    counts={"few_nerd": 1800},
    note="One of the six tasks, the one whose demonstrations are in the authors' repository. The demonstrations "
    "are the document. The authors' F1 is over all pairs, ours the mean over sentences. Keys and prompt are from "
    "the authors' code; not tried on the authors' files.",
)


def load_longiclbench(
    path: Path | None = None,
    tasks: tuple[str, ...] = (),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
    rounds: int = 1,
) -> Dataset:
    """LongICLBench (Li et al. 2024, arXiv 2404.02060): Few-NERD.

    Args:
        path: The authors' folder ``processed_data``.
        tasks: ``few_nerd``; empty for the same.
        limit: The first so many questions.
        prompt: ``official`` asks in the authors' words to the letter.
        rounds: 1 to 5: how often each type of entity is demonstrated.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    if rounds not in DEMONSTRATIONS:
        raise LcragError(f"LongICLBench has rounds from 1 to {max(DEMONSTRATIONS)}, not {rounds!r}.")
    return load(replace(BENCHMARK, items=partial(items, rounds=rounds)), path, tasks, limit, prompt)
