"""The stacked router on the shown half of LaRA's documents: where it gains, chance, transfer, calibration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_others import OTHERS
from routing_split import FILE, is_shown
from sklearn.metrics import roc_auc_score

from lcrag.published import evidence_positions
from lcrag.replay import RoutingComparison, evaluate, gains_by, repeatable, replay, selective
from lcrag.replay.selective import arms_not_worse, not_worse
from lcrag.routers import Examples, FeatureRouter, ProbeRouter, QualityRouter, StackedRouter
from lcrag.statistics import clustered_mean
from lcrag.tables import markdown

RAG, LC = "chunked_retrieval", "long_context"
STACKED = StackedRouter(name="stacked", budget=0.37, embedding=True)
WORDS = StackedRouter(name="stacked, no embedding", budget=0.37)
UNREAD = StackedRouter(name="stacked, no probe", budget=0.37, embedding=True, probe="")
BLIND = QualityRouter(name="quality, probe", probe=RAG, cost_weight=0.02)
LABEL = FeatureRouter(
    name="boosted, probe, label", estimator="boosting", probe=RAG, kind=True, cost_weight=0.05
)
COMPARED = [STACKED, WORDS, UNREAD, BLIND, ProbeRouter(), *OTHERS, LABEL]
TWINS = ("llama-3.3-70b", "llama-3.3-70b-turbo")
UNANSWERABLE = "hallucination"
MARGIN = 0.02
LOSSES = (0.04, 0.05, 0.06)  # of 30 documents none below 1/31 can be kept


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
            "queries": rows["queries"],
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


def genres(examples: Examples) -> list[str]:
    """The genre of each query's document."""
    return [d.split("/")[1] for d in examples.documents]


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


def left_out(choose: Examples, shown: Examples) -> str:
    """`stacked`, learned from the other half without a reader, length or genre, on shown documents of just that."""
    replayed = replay(fitted(choose, "all"), shown)
    rows = [{"learned from": "the other half", **figures(replayed.scores, replayed.costs, shown)}]
    for name, learned, told in (
        ("reader", *([q.model for q in e.queries] for e in (choose, shown))),
        ("length", choose.lengths, shown.lengths),
        ("genre", genres(choose), genres(shown)),
    ):
        scores, costs = np.empty(len(shown)), np.empty(len(shown))
        for label in sorted(set(told)):
            train, test = np.flatnonzero(np.array(learned) != label), np.flatnonzero(np.array(told) == label)
            part = replay(fitted(choose.take(train), f"{name} {label}"), shown.take(test))
            scores[test], costs[test] = part.scores, part.costs
        what = f"the other half without the {name} that is decided"
        rows.append({"learned from": what, **figures(scores, costs, shown)})
    return markdown(pd.DataFrame(rows))


_FITTED: dict[str, StackedRouter] = {}


def fitted(examples: Examples, key: str) -> StackedRouter:
    """`stacked` fitted on the examples, once for each key."""
    if key not in _FITTED:
        _FITTED[key] = STACKED.fit(examples)
    return _FITTED[key]


def figures(scores: NDArray[np.float64], costs: NDArray[np.float64], examples: Examples) -> dict[str, str]:
    """Gain, share of the headroom and tokens of what a router decided, as text."""
    fixed = examples.scores[:, examples.best_fixed]
    gains = scores - fixed
    mean = clustered_mean(gains, examples.clusters)
    headroom = float((examples.scores.max(1) - fixed).mean())
    low, share, high = (value / headroom for value in (mean.low, mean.mean, mean.high))
    return {
        "gain [95%]": f"{mean.mean:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]",
        "of the headroom": f"{share:.0%} [{low:.0%}, {high:.0%}]",
        "tokens": f"{costs.mean():,.0f}",
    }


def style(choose: Examples, shown: Examples) -> str:
    """How well unanswerable questions are told, by the words of one generator's questions and by other genres."""
    rows = []
    rows.append({"learned from": "the other half", "told of": "all", **telling(fitted(choose, "all"), shown)})
    for genre in sorted(set(genres(shown))):
        test = shown.take(np.flatnonzero(np.array(genres(shown)) == genre))
        rows.append(
            {"learned from": "the other half", "told of": genre, **telling(fitted(choose, "all"), test)}
        )
        train = choose.take(np.flatnonzero(np.array(genres(choose)) != genre))
        rows.append(
            {
                "learned from": f"the same without {genre}",
                "told of": genre,
                **telling(fitted(train, f"genre {genre}"), test),
            }
        )
    return markdown(pd.DataFrame(rows))


def telling(router: StackedRouter, examples: Examples) -> dict[str, str]:
    """Area under the ROC curve of p(unanswerable), before and after the probe's answer, and the calibration error."""
    labels = np.array([q.kind == UNANSWERABLE for q in examples.queries])
    first = np.unique([q.id for q in examples.queries], return_index=True)[1]
    alone = router.logits(examples.queries)[:, 0] * (
        1 if router.fitted_state.kinds[1] == UNANSWERABLE else -1
    )
    known = router.kinds(examples.queries)[UNANSWERABLE]
    bins = np.array_split(np.argsort(known), 10)
    error = sum(len(b) * abs(known[b].mean() - labels[b].mean()) for b in bins) / len(known)
    return {
        "AUC, question alone": f"{roc_auc_score(labels[first], alone[first]):.3f}",
        "AUC, with the answer": f"{roc_auc_score(labels, known):.3f}",
        "calibration error": f"{error:.3f}",
    }


def probabilities(comparison: RoutingComparison) -> str:
    """Calibration error and risk at coverage of every router that expects scores."""
    rows = []
    for name, replayed in comparison.replayed.items():
        result = selective(replayed)
        if result is None or name == LABEL.name:  # a probability of being best is not an expected score
            continue
        rows.append(
            {
                "router": name,
                "calibration error": f"{result.error:.3f}",
                **{f"risk at {c:.0%}": f"{result.risk(c):.3f}" for c in (0.5, 0.8, 1.0)},
                "area": f"{result.area:.3f}",
            }
        )
    return markdown(pd.DataFrame(rows))


def equivalence(comparison: RoutingComparison) -> str:
    """Is retrieval, is the router no worse than long context by more than a margin?"""
    examples = comparison.examples
    dear = examples.scores[:, examples.strategies.index(LC)]
    tests = {
        RAG: arms_not_worse(examples, MARGIN),
        STACKED.name: not_worse(comparison.replayed[STACKED.name].scores, dear, examples.clusters, MARGIN),
    }
    kinds = np.array([q.kind for q in examples.queries])
    for kind in sorted(set(kinds)):
        tests[f"{RAG}, {kind}"] = arms_not_worse(examples.take(np.flatnonzero(kinds == kind)), MARGIN)
    rows = [
        {
            "against long context": name,
            "difference": f"{t.difference:+.3f}",
            "one-sided 95% bound": f"{t.low:+.3f}",
            f"no worse by {MARGIN}": "yes" if t.is_shown else "not shown",
            "smallest effect that is seen": f"{t.detectable:.3f}",
        }
        for name, t in tests.items()
    ]
    return markdown(pd.DataFrame(rows))


def risk_control(comparison: RoutingComparison, repeats: int = 200) -> str:
    """Conformal risk control (Angelopoulos et al. 2024, arXiv 2208.02814) of what is lost against always long context.

    The loss of a query is what long context would have scored more, 0 where it was asked. By the expected gain of
    `stacked` the least part of queries is escalated for which the corrected mean loss of calibration documents keeps
    the bound; it is measured on the other documents, over random halves.
    """
    examples, replayed = comparison.examples, comparison.replayed[STACKED.name]
    long, short = (examples.strategies.index(s) for s in (LC, RAG))
    assert replayed.quality is not None
    value = replayed.quality[:, long] - replayed.quality[:, short]
    loss = np.maximum(examples.scores[:, long] - examples.scores[:, short], 0.0)
    clusters = np.unique(np.array(examples.clusters, dtype=object).astype(str), return_inverse=True)[1]
    rng = np.random.default_rng(0)
    rows = []
    for bound in LOSSES:
        found = [
            _controlled(value, loss, clusters, rng.permutation(clusters.max() + 1), bound, examples)
            for _ in range(repeats)
        ]
        lost, tokens, scores = np.array(found).mean(0)
        rows.append(
            {
                "bound on the mean loss": bound,
                "loss on other documents": f"{lost:.4f}",
                "accuracy": f"{scores:.3f}",
                "tokens": f"{tokens:,.0f}",
            }
        )
    return markdown(pd.DataFrame(rows))


def _controlled(
    value: NDArray[np.float64],
    loss: NDArray[np.float64],
    clusters: NDArray[np.int64],
    order: NDArray[np.int64],
    bound: float,
    examples: Examples,
) -> tuple[float, float, float]:
    """Loss, tokens and accuracy on half of the documents, with a threshold from the other half."""
    half = len(order) // 2
    known, unseen = np.isin(clusters, order[:half]), np.isin(clusters, order[half:])
    weights = 1 / np.bincount(clusters)[clusters]  # documents are exchangeable: each counts as one
    ranked = np.flatnonzero(known)[np.argsort(-value[known])]
    lost = (weights * loss)[ranked]
    # Of n documents: (sum of their mean losses + the largest loss) / (n + 1) must keep the bound.
    allowed = (lost.sum() - np.cumsum(lost) + 1.0) / (half + 1) <= bound
    places = np.flatnonzero(allowed)
    threshold = value[ranked[places[0]]] if len(places) else -np.inf
    long, short = (examples.strategies.index(s) for s in (LC, RAG))
    escalated = value[unseen] >= threshold
    scores, costs, weight = examples.scores[unseen], examples.costs[unseen], weights[unseen]
    return (
        float(np.average(np.where(escalated, 0.0, loss[unseen]), weights=weight)),
        float((costs[:, short] + np.where(escalated, costs[:, long], 0.0)).mean()),
        float(np.where(escalated, scores[:, long], scores[:, short]).mean()),
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
