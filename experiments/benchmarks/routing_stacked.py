"""The stacked router on the shown half of LaRA's documents: the table, where it gains, what is chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from routing_compared import BLIND, COMPARED, LABEL, LC, RAG, STACKED, WORDS
from routing_selective import equivalence, probabilities, risk_control
from routing_split import FILE, is_shown
from routing_transfer import genres, left_out, style

from lcrag.published import evidence_positions
from lcrag.replay import RoutingComparison, evaluate, gains_by, repeatable
from lcrag.routers import Examples
from lcrag.tables import markdown

TWINS = ("llama-3.3-70b", "llama-3.3-70b-turbo")


def halves(examples: Examples) -> tuple[Examples, Examples]:
    """The examples to choose with, and those to show; both complete."""
    known = ~np.isnan(examples.scores).any(1) & ~np.isnan(examples.costs).any(1)
    shown = is_shown(examples.clusters)
    return examples.take(np.flatnonzero(known & ~shown)), examples.take(np.flatnonzero(known & shown))


def slices(comparison: RoutingComparison, data: Path) -> str:
    """Where `stacked` gains, by kind, length, genre, reader and position of the evidence."""
    examples = comparison.examples
    positions = evidence_positions(data)
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


def budget(examples: Examples) -> float:
    """The cost of always retrieving plus 35% of the surcharge of long context."""
    cost = dict(zip(examples.strategies, examples.mean_costs, strict=True))
    return float(cost[RAG] + 0.35 * (cost[LC] - cost[RAG]))


def verdict(comparison: RoutingComparison, name: str) -> str:
    """One router's share of the headroom with both intervals, and what it costs."""
    row = comparison.table.set_index("name").loc[name]
    headroom = row["gain"] / row["headroom"]
    low, high, low_both, high_both = (
        row[c] / headroom for c in ("gain_low", "gain_high", "gain_low_two_way", "gain_high_two_way")
    )
    return (
        f"`{name}`: {row['headroom']:.1%} of the oracle's headroom (95% by document {low:.0%} to {high:.0%}, by "
        f"document and model {low_both:.0%} to {high_both:.0%}), {row['gain']:+.3f}, for {row['cost']:,.0f} tokens"
    )


def page(sound: Examples, warm: Examples, data: Path) -> dict[str, str]:
    """What the template asks for.

    Args:
        sound: LaRA's questions of location and hallucination, costs with a cold cache, with embeddings.
        warm: the same with a warm cache.
        data: LaRA's folder.
    """
    choose, shown = halves(sound)
    comparison = evaluate(COMPARED, shown, extra=choose)
    return texts(comparison, choose, halves(warm)[1], data)


def texts(comparison: RoutingComparison, choose: Examples, warm: Examples, data: Path) -> dict[str, str]:
    """The parts of the page."""
    shown = comparison.examples
    split = json.loads(FILE.read_text("utf-8"))
    decided = comparison.replayed[STACKED.name]
    ran = decided.ran * warm.costs
    return {
        "split": f"seed {split['seed']}, {split['date']}",
        "table": f"```\n{comparison}\n```",
        "verdicts": "\n".join(f"- {verdict(comparison, r.name)}." for r in (STACKED, WORDS, BLIND, LABEL)),
        "budget": f"{budget(shown):,.0f}",
        "chance": chance(shown),
        "slices": slices(comparison, data),
        "left_out": left_out(choose, shown),
        "style": style(choose, shown),
        "probabilities": probabilities(comparison),
        "equivalence": equivalence(comparison),
        "risk": risk_control(comparison),
        "warm": f"{ran.sum(1).mean():,.0f} tokens; always retrieving costs {budget_parts(warm)[0]:,.0f}, long context "
        f"{budget_parts(warm)[1]:,.0f}, and always retrieving with 35% of the surcharge {budget(warm):,.0f}",
    }


def budget_parts(examples: Examples) -> tuple[float, float]:
    """Mean costs of retrieval and of long context."""
    short, long = (float(examples.mean_costs[examples.strategies.index(s)]) for s in (RAG, LC))
    return short, long
