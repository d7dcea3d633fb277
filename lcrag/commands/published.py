"""Published answers by name on the command line: ``lcrag replay lara``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.replay.comparison import RoutingComparison
    from lcrag.routers.learning.examples import Examples


def published_name(path: Path) -> str:
    """The name of the published table that is meant; empty where a table or a run is at ``path``."""
    from lcrag.published.shipped import IMPORTS

    is_there = path.is_file() or (path / "outcomes.parquet").is_file()
    return str(path) if str(path) in IMPORTS and not is_there else ""


def outcomes_at(path: Path) -> pd.DataFrame:
    """The table of outcomes in a file or a run's folder, or the published one of this name."""
    from lcrag.outcomes import load_outcomes
    from lcrag.published.shipped import load_published

    name = published_name(path)
    return load_published(name) if name else load_outcomes(path)


def check_texts(routers: Sequence[Any], name: str) -> None:
    """Refuse routers that read texts on a published table.

    Raises:
        LcragError: names the router, and how to get the texts.
    """
    from lcrag.published.shipped import IMPORTS

    for router in routers:
        if name and router.needs_text:
            raise LcragError(
                f"Router {router.name} reads the texts of questions, which the published table {name!r} does not have: "
                f"make one with texts from the authors' files (`{IMPORTS[name]}`) and replay that."
            )


def testable(routers: list[Any], examples: Examples) -> list[Any]:
    """The routers, or none where all examples are on one document: they learn on documents that they do not decide."""
    if len(set(examples.clusters)) > 1:
        return routers
    sys.stdout.write(
        "All strategies share one document only, so routers cannot be cross-validated: left out.\n"
    )
    return []


def print_headline(
    table: pd.DataFrame, strategies: list[str] | None, comparison: RoutingComparison, seed: int
) -> None:
    """What the answers say, after the table of routers."""
    from lcrag.published.headline import headline

    rows = table[table["strategy"].isin(strategies)] if strategies else table
    sys.stdout.write(f"\n{headline(rows, comparison, seed=seed)}\n")


def print_known() -> None:
    """What LaRA's published answers say, in a few lines."""
    from lcrag.published.headline import headline
    from lcrag.published.shipped import load_published

    known = headline(load_published("lara"))
    sys.stdout.write(
        f"What is known (LaRA's published answers: {known.title}):\n{known.short()}\n"
        "More: `lcrag replay lara`. Now a small model on this machine:\n\n"
    )
    sys.stdout.flush()
