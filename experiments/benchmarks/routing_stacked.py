"""The stacked router on the shown half of LaRA's documents: the table, where it gains, what is chance."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from routing_compared import COMPARED, STACKED
from routing_data import LC, RAG, ROOT, data, halves, limit, sound, write_block
from routing_selective import equivalence, probabilities, risk_control
from routing_split import FILE
from routing_transfer import fitted, genres, left_out, style
from routing_warm import warm_table

from lcrag.outcomes.baselines import ORACLE
from lcrag.published import evidence_positions
from lcrag.replay import RoutingComparison, evaluate, gains_by, repeatable
from lcrag.replay.plots import quality_cost
from lcrag.routers import Examples, StackedRouter
from lcrag.tables import markdown

TWINS = ("llama-3.3-70b", "llama-3.3-70b-turbo")


def slices(comparison: RoutingComparison, folder: Path) -> str:
    """Where `stacked` gains, by kind, length, genre, reader and position of the evidence."""
    examples = comparison.examples
    positions = evidence_positions(folder)
    labels = {
        "kind": [q.kind for q in examples.queries],
        "length": list(examples.lengths),
        "genre": genres(examples),
        "reader": [q.model for q in examples.queries],
        "evidence": [third(positions.get(q.id)) for q in examples.queries],
    }
    tables = []
    for name, values in labels.items():
        table = gains_by(values, comparison.replayed[STACKED.name], examples)
        tables.append(table.assign(by=name))
    rows = pd.concat(tables)
    cells = pd.DataFrame(
        {
            "by": rows["by"],
            "slice": rows["slice"],
            "queries": rows["queries"].map("{:,}".format),
            "gain [95%]": [
                f"{g:+.3f} [{lo:+.3f}, {hi:+.3f}]"
                for g, lo, hi in zip(rows["gain"], rows["low"], rows["high"], strict=True)
            ],
            "headroom": rows["headroom"].map("{:.3f}".format),
            "of the whole gain": rows["contribution"].map("{:.0%}".format),
            "escalated": rows["escalated"].map("{:.0%}".format),
        }
    )
    return markdown(cells)


def third(position: float | None) -> str:
    """The third of the document that a question was written from."""
    if position is None:
        return "whole document"
    return ("first third", "middle third", "last third")[min(2, int(position * 3))]


def chance(examples: Examples) -> str:
    """How much of the headroom other runs repeat: all models, and two runs of one model."""
    twins = examples.take([i for i, q in enumerate(examples.queries) if q.model in TWINS])
    every, pair = repeatable(examples), repeatable(twins)
    assert every is not None and pair is not None
    return (
        f"- All {len({q.model for q in examples.queries})} models: {every}\n"
        f"- Two versions of one model ({' and '.join(TWINS)}): {pair} An oracle that has to choose one strategy "
        f"for both wins {pair.together:+.3f}, {pair.together / pair.headroom:.0%}."
    )


def table(comparison: RoutingComparison) -> str:
    """Accuracy, gain, share of the headroom with both intervals, and cost of every router."""
    routers = comparison.table[comparison.table["group"] == "router"]
    rows = []
    for row in routers.itertuples():
        possible = row.gain / row.headroom if row.headroom else 1.0  # 0 of anything is 0
        rows.append(
            {
                "router": row.name,
                "accuracy": f"{row.accuracy:.3f}",
                "gain over retrieval [95%]": f"{row.gain:+.3f} [{row.gain_low:+.3f}, {row.gain_high:+.3f}]",
                "of the headroom [95% by document]": f"{row.headroom:.1%} "
                + _shares(row.gain_low / possible, row.gain_high / possible),
                "by document and model": _shares(
                    row.gain_low_two_way / possible, row.gain_high_two_way / possible
                ),
                "tokens": f"{row.cost:,.0f}",
            }
        )
    return markdown(pd.DataFrame(rows))


def _shares(low: float, high: float) -> str:
    return f"[{low:.0%}, {high:.0%}]"


def fixed(comparison: RoutingComparison) -> str:
    """The strategies and the oracle in a sentence."""
    accuracy = comparison.table.set_index("name")["accuracy"]
    clusters = len(set(comparison.examples.clusters))
    return (
        f"{comparison.queries:,} queries on shown documents ({clusters} clusters): always retrieving "
        f"{accuracy[RAG]:.3f}, always long context {accuracy[LC]:.3f}, oracle {accuracy[ORACLE]:.3f}"
    )


def milliseconds(router: StackedRouter, examples: Examples, count: int = 300) -> str:
    """How long one decision takes by itself, the probe's answer and the embedding given; the median."""
    times = []
    for query in examples.queries[:count]:
        started = time.perf_counter()
        router.choose([query], examples.strategies)
        times.append(time.perf_counter() - started)
    return f"{1000 * float(np.median(times)):.2f}"


def page() -> str:
    """The block `stacked`; draws the picture, too."""
    choose, shown = halves(sound())
    comparison = evaluate(COMPARED, shown, extra=choose)
    picture = quality_cost(comparison, lines=4)
    picture.savefig(ROOT / "docs" / "images" / "routing_curve.png", dpi=150)
    split = json.loads(FILE.read_text("utf-8"))
    warm_choose, warm_shown = halves(sound("warm"))
    parts = {
        "split": f"seed {split['seed']}, {split['date']}",
        "fixed": fixed(comparison),
        "table": table(comparison),
        "budget": f"{limit(shown):,.0f}",
        "warm": warm_table(warm_choose, warm_shown, dict(comparison.replayed)),
        "warm_budget": f"{limit(warm_shown):,.0f}",
        "chance": chance(shown),
        "slices": slices(comparison, data() / "LaRA"),
        "left_out": left_out(choose, shown),
        "style": style(choose, shown),
        "probabilities": probabilities(comparison),
        "equivalence": equivalence(comparison),
        "risk": risk_control(comparison),
        "milliseconds": milliseconds(fitted(choose, "all"), shown),
    }
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**parts)


if __name__ == "__main__":
    write_block("stacked", page)
