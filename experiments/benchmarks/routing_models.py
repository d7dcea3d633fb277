"""Models times strategies on LaRA: which model reads what, per question, against the best fixed pair."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_data import LC, RAG, embedder, halves, sound_rows
from routing_transfer import figures

from lcrag.outcomes.costs import Unit
from lcrag.replay import Replayed, cross_replay, examples_of
from lcrag.routers import CascadeRouter, Examples, ProbeRouter, QualityRouter, StackedRouter
from lcrag.tables import markdown


@dataclass(frozen=True)
class Choice:
    """Models to choose among, the cheapest first, and what is paid for them: published prices, or FLOPs."""

    name: str
    models: tuple[str, ...]
    unit: Unit
    scale: float
    form: str


CHOICES = (
    Choice("gpt-4o-mini, gpt-4o", ("gpt-4o-mini", "gpt-4o"), "dollars", 1000, "$/1,000"),
    Choice(
        "the same, Claude 3.5 Haiku and Sonnet",
        ("gpt-4o-mini", "claude-3-5-haiku-20241022", "gpt-4o", "claude-3-5-sonnet-20241022"),
        "dollars", 1000, "$/1,000",
    ),
    Choice(
        "open weights",
        ("llama-3.2-3b", "llama-3.1-8b", "llama-3.3-70b", "qwen2.5-72b-instruct"),
        "flops", 1e-12, "TFLOPs",
    ),
)  # fmt: skip


def examples(choice: Choice) -> tuple[Examples, Examples]:
    """The two halves, with an arm for each model and strategy, costs with a cold cache."""
    table = sound_rows()
    table = table[table["model"].isin(choice.models)]
    arms = [f"{m}: {s}" for m in choice.models for s in (RAG, LC)]
    return halves(
        examples_of(table, strategies=arms, cost=choice.unit, cache="cold", embedder=embedder(),
                    arms=("model", "strategy"))
    )  # fmt: skip


def table_of(choice: Choice) -> str:
    """Every pair, the oracle, and routers within what the best fixed pair costs and within four times that."""
    choose, shown = examples(choice)
    cheap, best = f"{choice.models[0]}: {RAG}", choose.strategies[choose.best_fixed]
    fixed_cost = float(choose.mean_costs[choose.best_fixed])
    rows = [
        _row(f"always {name}", shown.scores[:, i], shown.costs[:, i], shown, choice, "")
        for i, name in enumerate(shown.strategies)
    ]
    dearest = float(choose.mean_costs.max())
    for multiple in (1, 4):
        budget = multiple * fixed_cost / dearest
        label = f"budget x{multiple}"
        for router in (
            StackedRouter(name=f"stacked, probe, {label}", probe=cheap, budget=budget, embedding=True),
            StackedRouter(name=f"stacked, no probe, {label}", probe="", budget=budget, embedding=True),
            CascadeRouter(name=f"cascade, {label}", budget=budget),
        ):
            rows.append(_decided(cross_replay(router, shown, extra=choose), shown, choice))
    for router in (
        QualityRouter(name="quality, probe", probe=cheap, cost_weight=0.02),
        ProbeRouter(name="Self-Route to the best pair, threshold learned", first=cheap, then=best),
    ):
        rows.append(_decided(cross_replay(router, shown, extra=choose), shown, choice))
    everything = np.arange(len(shown))
    top = np.lexsort((shown.costs, -shown.scores), axis=1)[:, 0]
    rows.append(_row("oracle", shown.scores.max(1), shown.costs[everything, top], shown, choice, ""))
    return markdown(pd.DataFrame(rows))


def _decided(replayed: Replayed, shown: Examples, choice: Choice) -> dict[str, str]:
    """A router's row, with the pairs that it takes most."""
    counts = Counter(shown.strategies[i] for i in replayed.chosen).most_common(3)
    taken = ", ".join(f"{pair} {n / len(shown):.0%}" for pair, n in counts)
    return _row(replayed.name, replayed.scores, replayed.costs, shown, choice, taken)


def _row(
    name: str,
    scores: NDArray[np.float64],
    costs: NDArray[np.float64],
    shown: Examples,
    choice: Choice,
    taken: str,
) -> dict[str, str]:
    cells = figures(scores, costs, shown)
    cells.pop("tokens")
    return {
        "router": name,
        "accuracy": f"{scores.mean():.3f}",
        **cells,
        choice.form: f"{costs.mean() * choice.scale:,.2f}",
        "pairs": taken,
    }


def parts() -> dict[str, str]:
    """The tables of models times strategies for the page."""
    texts = [f"Choice: {c.name} (cost: {c.form}).\n\n{table_of(c)}" for c in CHOICES]
    return {"models": "\n\n".join(texts)}
