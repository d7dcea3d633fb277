"""Where in its document the answer to one of LaRA's questions is."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from lcrag.benchmarks.lara import GENRES, KINDS, LENGTHS
from lcrag.errors import LcragError, reason


def evidence_positions(folder: Path | str) -> dict[str, float]:
    """The middle of the part that each question was written from, from 0 (the beginning) to 1, by ``question_id``.

    LaRA's authors cut a book or a report into equally long parts, a collection of papers into its papers, and wrote
    each question from one (``context_order``). Questions on the whole document or on two parts have no position and are
    left out.

    Args:
        folder: the repository, with ``datasets``.

    Raises:
        LcragError: a file of questions is missing or cannot be read.
    """
    positions: dict[str, float] = {}
    for length in LENGTHS:
        for genre in GENRES:
            for kind in KINDS:
                path = Path(folder) / "datasets" / "query" / f"{length}_{genre}_{kind}.jsonl"
                positions |= _positions(path, f"{length}-{genre}-{kind}", genre == "paper")
    return positions


def _positions(path: Path, prefix: str, by_file: bool) -> dict[str, float]:
    try:
        lines = path.read_text("utf-8").split("\n")
        rows = [(i, json.loads(line)) for i, line in enumerate(lines, start=1) if line.strip()]
    except (OSError, ValueError) as error:
        raise LcragError(f"LaRA's file {path} cannot be read ({reason(error)}).") from error
    parts: dict[str, set[int]] = defaultdict(set)  # of each paper collection, else of the whole set
    placed = [(i, r) for i, r in rows if isinstance(r.get("context_order"), int)]
    for _, row in placed:
        parts[row["file"] if by_file else ""].add(row["context_order"])
    counts = {name: max(orders) + 1 for name, orders in parts.items()}
    return {
        f"{prefix}-{i}": (row["context_order"] + 0.5) / counts[row["file"] if by_file else ""]
        for i, row in placed
    }
