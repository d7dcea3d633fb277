"""Whether the files on this disk are the benchmark's own: questions by task, and digests."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.benchmarks.load import load


@dataclass(frozen=True)
class Check:
    """What was found.

    Attributes:
        counts: Questions by task.
        documents: Their documents.
        differences: What is not as the authors have it, in sentences.
        notices: What reading has changed or left out.
        compared: Whether there was anything to compare with.
    """

    counts: dict[str, int]
    documents: int
    differences: tuple[str, ...]
    notices: tuple[str, ...]
    compared: bool


def check(benchmark: Benchmark, path: Path) -> Check:
    """Read a benchmark's files and compare them with what its authors have.

    Raises:
        LcragError: the files cannot be read.
    """
    dataset = load(benchmark, path)
    counts = Counter(str(q.metadata["task"]) for q in dataset.questions)
    differences = [
        f"{task}: {counts[task]} questions, the authors have {expected}."
        for task, expected in benchmark.counts.items()
        if counts[task] != expected
    ]
    for name, expected_digest in benchmark.digests.items():
        file = path / name
        if not file.is_file():
            differences.append(f"{name}: the file is not there.")
        elif _digest(file) != expected_digest:
            differences.append(f"{name}: its content is not the authors' (SHA-256 differs).")
    return Check(
        dict(counts),
        len(dataset.documents),
        tuple(differences),
        dataset.notices,
        bool(benchmark.counts or benchmark.digests),
    )


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
