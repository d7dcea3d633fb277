"""Which of LaRA's documents choices are made on, and which figures are shown of.

``write`` made ``routing_split.json`` before `stacked` was tuned. Its options, features and budget were chosen on the
half ``choose``; docs/routing.md shows the half ``show``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lcrag.files import write_atomically

FILE = Path(__file__).with_suffix(".json")
SEED = 20261125


def shown_clusters() -> frozenset[str]:
    """The clusters of documents that figures are shown of."""
    return frozenset(json.loads(FILE.read_text("utf-8"))["show"])


def is_shown(clusters: Sequence[str]) -> np.ndarray:
    """Which queries figures are shown of, shape (N,).

    Raises:
        SystemExit: a cluster is in neither half: the file belongs to other documents.
    """
    halves = json.loads(FILE.read_text("utf-8"))
    if unknown := set(clusters) - {*halves["choose"], *halves["show"]}:
        sys.exit(f"{FILE} does not have the document {min(unknown)!r}: it was made for other outcomes.")
    shown = set(halves["show"])
    return np.array([c in shown for c in clusters])


def write(clusters: Sequence[str], seed: int, when: str) -> None:
    """Halve the clusters at random within each genre and length, which are the first two parts of their names."""
    rng = np.random.default_rng(seed)
    halves: dict[str, list[str]] = {"choose": [], "show": []}
    strata = sorted({tuple(c.split("/")[:2]) for c in clusters})
    for number, stratum in enumerate(strata):
        members = sorted({c for c in clusters if tuple(c.split("/")[:2]) == stratum})
        order = rng.permutation(len(members))
        for place, i in enumerate(order):
            halves["show" if (place + number) % 2 else "choose"].append(members[i])
    content = {"seed": seed, "date": when} | {name: sorted(half) for name, half in halves.items()}
    write_atomically(FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
