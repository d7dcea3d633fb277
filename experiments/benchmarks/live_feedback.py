"""Bandits that learn from feedback on one strategy's answer per question, on LaRA's table; writes docs/feedback.md.

``make live``. The table has both strategies' scores, so what the other one would have scored is known; the bandits do
not see it. Nothing is downloaded and no model is asked.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from page import put
from routing_split import is_shown
from scipy.stats import t

from lcrag.published import load_published
from lcrag.replay import examples_of, replay
from lcrag.routers import Examples, FixedRouter, LinUCBRouter, QualityRouter, StackedRouter, ThompsonRouter
from lcrag.serving.drift import Drift, drift_of
from lcrag.serving.off_policy import off_policy_value
from lcrag.statistics import clustered_mean
from lcrag.tables import markdown

PAGE = Path(__file__).parents[2] / "docs" / "feedback.md"
RAG, LC = "chunked_retrieval", "long_context"
QUESTIONS, SEEDS, BATCH, PART = 4000, 5, 20, 1000
KINDS = ["location", "hallucination"]  # those that LaRA's metric scores without a judge


def main(questions: int = QUESTIONS, seeds: int = SEEDS) -> None:
    """Measure and write the part of the page."""
    lara = load_published("lara")
    table = examples_of(lara[lara["kind"].isin(KINDS)], cache="cold")
    table = table.take(np.flatnonzero(~np.isnan(table.scores + table.costs).any(1)))
    shown = is_shown(table.clusters)
    other, live = table.take(np.flatnonzero(~shown)), table.take(np.flatnonzero(shown))
    fitted = {
        "always retrieval": FixedRouter(RAG),
        "always long context": FixedRouter(LC),
        "`quality`, fitted": QualityRouter().fit(other),
        "`stacked`, fitted, probes": StackedRouter(words=False, budget=0.37).fit(other),
    }
    bandits = {
        "`linucb` from nothing": LinUCBRouter(),
        "`thompson` from nothing": ThompsonRouter(),
        "`linucb`, fitted first": LinUCBRouter().fit(other),
        "`thompson`, fitted first": ThompsonRouter().fit(other),
        "`thompson`, probes, from nothing": ThompsonRouter(probe=RAG),
        "`thompson`, probes, fitted first": ThompsonRouter(probe=RAG).fit(other),
    }
    scores: dict[str, list[np.ndarray]] = {name: [] for name in (*fitted, *bandits, "oracle")}
    costs: dict[str, list[float]] = {name: [] for name in scores}
    documents: list[str] = []
    estimate = ""
    for seed in range(seeds):
        stream = live.take(np.random.default_rng(seed).permutation(len(live))[:questions])
        documents += stream.clusters
        for name, router in fitted.items():
            row = replay(router, stream)
            scores[name].append(row.scores)
            costs[name].append(float(row.costs.mean()))
        for name, bandit in bandits.items():
            chosen, log = run(bandit, stream, seed)
            rows = np.arange(len(stream))
            scores[name].append(stream.scores[rows, chosen])
            paid = stream.costs[rows, chosen]
            for probe in map(stream.strategies.index, bandit.probes):
                paid = paid + np.where(chosen == probe, 0.0, stream.costs[:, probe])
            costs[name].append(float(paid.mean()))
            if not estimate and name.startswith("`thompson` from"):
                estimate = off_policy(fitted["`quality`, fitted"], log, live)
        best = stream.scores.argmax(1)
        scores["oracle"].append(stream.scores.max(1))
        costs["oracle"].append(float(stream.costs[np.arange(len(stream)), best].mean()))
        print(f"seed {seed} of {seeds}", file=sys.stderr)
    text = (
        f"Made by `make live`, {date.today().isoformat()}: {questions:,} questions of location and hallucination from "
        f"the half of LaRA's documents that docs/routing.md shows, 12 readers, in {seeds} random orders. Those fitted "
        "have learned from the other half, where every strategy was run. A bandit sees the score of the strategy "
        f"that it drew, {BATCH} answers late at most. Tokens are counted with a cold cache.\n\n"
        f"{markdown(cells(scores, costs, documents))}\n\n{estimate}\n"
    )
    put(PAGE, "live", text)
    put(PAGE, "drift", f"```\n{books_and_papers(table)}\n```")
    print(text)


def books_and_papers(table: Examples) -> Drift:
    """What is told where a router that learned from books is asked about papers."""
    genres = np.array([c.split("/")[1] for c in table.clusters])
    books, papers = (table.take(np.flatnonzero(genres == g)) for g in ("book", "paper"))
    state = QualityRouter(estimator="linear").fit(books).fitted_state
    assert state.inputs is not None
    return drift_of(state.inputs, papers.queries, papers.clusters)


def run(bandit: LinUCBRouter | ThompsonRouter, stream: Examples, seed: int) -> tuple[np.ndarray, Examples]:
    """What a bandit chose on each question while it learned, and the feedback that it left."""
    rng = np.random.default_rng(1000 + seed)
    queries = tuple(replace(q, id=f"{seed}-{i}") for i, q in enumerate(stream.queries))
    stream = replace(stream, queries=queries, lengths=(), document_groups=(), counted_wrong=None)
    decisions = []
    feedback = stream.take([])
    for start in range(0, len(stream), BATCH):
        part = stream.take(range(start, min(start + BATCH, len(stream))))
        drawn = bandit.draw(part.queries, part.strategies, rng)
        decisions += drawn
        part = seen(part, drawn)
        if bandit.learns:
            feedback = part if not len(feedback) else feedback.joined(part)
        bandit = bandit.learn(feedback if bandit.learns else part)
    names = list(stream.strategies)
    return np.array([names.index(d.strategy) for d in decisions]), seen(stream, decisions)


def seen(part: Examples, decisions: list) -> Examples:
    """The examples as feedback: the chosen strategy's score and cost alone."""
    is_chosen = np.array([[d.strategy == s for s in part.strategies] for d in decisions])
    return replace(
        part,
        scores=np.where(is_chosen, part.scores, np.nan),
        costs=np.where(is_chosen, part.costs, np.nan),
        propensities=np.array([d.propensity for d in decisions]),
    )


def off_policy(router: QualityRouter, log: Examples, live: Examples) -> str:
    """What a bandit's log says of another router, beside the truth."""
    value = off_policy_value(router, log)
    truth = replay(router, live).scores.mean()
    figures = ", ".join(
        f"{name} {e.mean:.3f} [{e.low:.3f}, {e.high:.3f}]"
        for name, e in (("doubly robust", value.doubly_robust), ("SNIPS", value.snips), ("IPS", value.ips))
    )
    return (
        "From the feedback that `thompson` from nothing left in the first order, the value of `quality`, fitted, is "
        f"estimated as {figures}; on all questions of these documents it scores {truth:.3f}."
    )


def cells(
    scores: dict[str, list[np.ndarray]], costs: dict[str, list[float]], documents: list[str]
) -> pd.DataFrame:
    """The table of the page."""
    retrieval, oracle = np.concatenate(scores["always retrieval"]), np.concatenate(scores["oracle"])
    rows = []
    for name, orders in scores.items():
        every = np.concatenate(orders)
        gain = clustered_mean(every - retrieval, documents)
        parts = [[part(order, i) for order in orders] for i in range(max(1, len(orders[0]) // PART))]
        rows.append(
            {
                "": name,
                **{f"{i + 1}. thousand": over_seeds(values) for i, values in enumerate(parts)},
                "gain over retrieval [95% by document]": "0"
                if name == "always retrieval"
                else f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]",
                "regret per 1,000": f"{1000 * (oracle - every).mean():.0f}",
                "tokens": f"{np.mean(costs[name]):,.0f}",
            }
        )
    return pd.DataFrame(rows)


def part(order: np.ndarray, i: int) -> float:
    return float(order[i * PART : (i + 1) * PART].mean())


def over_seeds(values: list[float]) -> str:
    """Mean and half width of Student's 95% interval over orders."""
    if len(values) < 2:
        return f"{values[0]:.3f}"
    width = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3f} ± {width:.3f}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
