"""What the routing scripts share: the published answers, their examples, the budget, and the page that they write.

Set LCRAG_DATA to the folder that holds ``LaRA`` and ``NoCha``. Tables and answers are kept in ``runs/routing``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from page import put
from routing_split import is_shown

from embedders.base import Embedder
from lcrag.outcomes import load_outcomes, save_outcomes
from lcrag.outcomes.amounts import Cache
from lcrag.published.lara import import_lara
from lcrag.replay import examples_of
from lcrag.routers import Examples

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "routing.md"
KEPT = ROOT / "runs" / "routing"
RAG, LC = "chunked_retrieval", "long_context"


def data() -> Path:
    """The folder of the published data."""
    folder = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "LaRA").is_dir():
        sys.exit(f"No LaRA in {folder}: set LCRAG_DATA to the folder that holds LaRA and NoCha.")
    return folder


@lru_cache
def lara() -> pd.DataFrame:
    """LaRA's published answers; reasoning and comparison scored by token recall."""
    file = KEPT / "lara.parquet"
    if not file.exists():
        save_outcomes(import_lara(data() / "LaRA", scores="recall"), file)
    return load_outcomes(file)


def sound_rows() -> pd.DataFrame:
    """The answers whose scores need no judge."""
    table = lara()
    return table[table["kind"].isin(["location", "hallucination"])]


@lru_cache
def embedder() -> Embedder:
    """The default embedder."""
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder()


@lru_cache
def sound(cache: Cache = "cold") -> Examples:
    """Queries of ``sound_rows`` with embeddings, costs in tokens with a cold or warm cache."""
    if cache == "warm":
        return replace(sound("cold"), costs=examples_of(sound_rows(), cache="warm").costs)
    return examples_of(sound_rows(), cache=cache, embedder=embedder())


def halves(examples: Examples) -> tuple[Examples, Examples]:
    """The examples to choose with, and those to show; both complete."""
    known = ~np.isnan(examples.scores).any(1) & ~np.isnan(examples.costs).any(1)
    shown = is_shown(examples.clusters)
    return examples.take(np.flatnonzero(known & ~shown)), examples.take(np.flatnonzero(known & shown))


def limit(examples: Examples) -> float:
    """The cost of always retrieving plus 35% of the surcharge of long context."""
    cost = dict(zip(examples.strategies, examples.mean_costs, strict=True))
    return float(cost[RAG] + 0.35 * (cost[LC] - cost[RAG]))


def write_block(name: str, page: Callable[[], str]) -> None:
    """Replace one block of the page."""
    put(PAGE, name, page())
