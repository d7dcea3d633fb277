"""Every router on LaRA's published answers, and Self-Route on a real reader: a block of docs/routing.md."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import routing_self_route
from routing_data import KEPT, LC, RAG, data, lara, limit, sound, write_block
from scipy.stats import binomtest

from lcrag.files import write_atomically
from lcrag.outcomes import without_defects
from lcrag.published.judge import judge
from lcrag.published.lara_table import import_lara_table
from lcrag.published.nocha import import_nocha
from lcrag.replay import RoutingComparison, evaluate, examples_of
from lcrag.routers import (
    AdaptiveRAGRouter,
    CascadeRouter,
    Examples,
    FeatureRouter,
    KNNRouter,
    LaRAPrior,
    LaRARule,
    LinUCBRouter,
    ProbeRouter,
    QualityRouter,
    TfidfRouter,
    ThompsonRouter,
)

BEST = FeatureRouter(
    name="boosted, probe, label", estimator="boosting", probe=RAG, kind=True, cost_weight=0.05
)
TIGHT = QualityRouter(name="quality, probe, label", probe=RAG, kind=True, cost_weight=0.03)
BLIND = QualityRouter(name="quality, probe", probe=RAG, cost_weight=0.02)
ROUTERS = [
    LaRARule(),
    LaRAPrior(),
    FeatureRouter(),
    FeatureRouter(name="feature, label", estimator="boosting", kind=True),
    QualityRouter(),
    KNNRouter(),
    TfidfRouter(),
    AdaptiveRAGRouter(),
    LinUCBRouter(),
    ThompsonRouter(),
    ProbeRouter(name="self_route", learn=False),
    ProbeRouter(),
    CascadeRouter(budget=0.4),
    BLIND,
    BEST,
]


def published(data: Path) -> str:
    """The averages of the papers' own tables, computed by lcrag."""
    table = import_lara_table(data / "LaRA" / "paper_main_table.json")
    cells = table.pivot_table(index=["model", "length", "kind"], columns="strategy", values="score") * 100
    gaps = (cells[LC] - cells[RAG]).groupby(["length", "kind"]).mean().unstack()
    overall = cells.groupby(["model", "length"]).mean().groupby("length").mean()
    gaps["overall"] = overall[LC] - overall[RAG]
    kinds = ["location", "reasoning", "comparison", "hallucination", "overall"]
    lines = [
        "| | " + " | ".join(kinds) + " | long context | retrieval | LaRA rule | best by task |",
        "|---|" + "---:|" * 9,
    ]
    for length in ("32k", "128k"):
        rows = cells.xs(length, level="length")
        chosen = [
            row[LC if kind in {"reasoning", "comparison"} else RAG] for (_, kind), row in rows.iterrows()
        ]
        figures = [_half_up(gaps.loc[length, k]) for k in kinds]
        figures += [f"{overall.loc[length, s]:.2f}" for s in (LC, RAG)]
        figures += [f"{np.mean(chosen):.2f}", f"{rows.max(axis=1).mean():.2f}"]
        lines.append(f"| {length} | " + " | ".join(figures) + " |")
    nocha = import_nocha(data / "NoCha" / "data_sample" / "data_sample.json")
    gatsby = nocha[nocha["document_id"].str.contains("gatsby") & (nocha["model"] == "gpt4o")]
    figures = ", ".join(
        pair_accuracy(s, gatsby[gatsby["strategy"] == s])
        for s in (LC, "bm25_top5", "bm25_top25", "bm25_top50")
    )
    return "\n".join(
        [
            *lines,
            "",
            "NoCha, GPT-4o on the 15 shared pairs about The Great Gatsby, pair accuracy with a 95% interval (over "
            f"pairs: one book says nothing of other books): {figures}.",
        ]
    )


def pair_accuracy(name: str, rows: pd.DataFrame) -> str:
    """A strategy's accuracy in percent with its exact binomial interval (Clopper and Pearson 1934)."""
    correct, pairs = int(rows["score"].sum()), len(rows)
    bounds = binomtest(correct, pairs).proportion_ci(method="exact")
    return f"{name} {100 * correct / pairs:.2f} [{100 * bounds.low:.0f}, {100 * bounds.high:.0f}]"


def _half_up(points: float) -> str:
    """Two decimals; an exact half, which occurs once, is rounded up as in the paper."""
    return f"{Decimal(str(round(points, 6))).quantize(Decimal('0.01'), ROUND_HALF_UP):+}"


def proxy(outcomes: pd.DataFrame, data: Path) -> str:
    """Correlation of the scores without a judge with the paper's, over models, lengths and strategies."""
    table = import_lara_table(data / "LaRA" / "paper_main_table.json")
    key = ["model", "length", "kind", "strategy"]
    paper = table.set_index(key)["score"]
    unjudged = outcomes.groupby([*key, "domain"])["score"].mean().groupby(key).mean()
    both = pd.concat([paper, unjudged], axis=1, keys=["paper", "unjudged"]).dropna().groupby("kind")
    return ", ".join(f"{kind} {g['paper'].corr(g['unjudged']):.2f}" for kind, g in both)


def judged(outcomes: pd.DataFrame, count: int = 200) -> str:
    """Agreement of a small local model as the judge with the scores that need no judge."""
    from lcrag.readers import TransformersReader

    kept = KEPT / "judge.txt"
    if kept.exists():
        return kept.read_text("utf-8")
    known = outcomes[(outcomes["kind"] == "hallucination") & (outcomes["error"] == "")]
    sound = known.sample(count, random_state=0).reset_index(drop=True)
    done = asyncio.run(judge(sound, TransformersReader(), everything=True))
    agree = (done["score_judge"] == sound["score"])[done["score_judge"].notna()].mean()
    share = sound["score"].mean()
    sentence = f"{agree:.0%} of {count} verdicts agree (saying True always would agree with {share:.0%})"
    write_atomically(kept, sentence)
    return sentence


def verdict(comparison: RoutingComparison, examples: Examples, name: str) -> str:
    """One router against the budget and against the best fixed strategy."""
    row, budget = comparison.table.set_index("name").loc[name], limit(examples)
    sign = "<" if row["p_is_bound"] else "="
    both = (
        f", by document and model {row['gain_low_two_way']:+.3f} to {row['gain_high_two_way']:+.3f}"
        if comparison.models > 1
        else ""
    )
    return (
        f"`{name}`: {row['headroom']:.1%} of the oracle's headroom, {row['gain']:+.3f} over {comparison.best} (95% "
        f"{row['gain_low']:+.3f} to {row['gain_high']:+.3f}{both}, p {sign} {row['p_value']:.2g} after Holm), for "
        f"{row['cost']:,.0f} {comparison.unit}; always retrieving and 35% of the surcharge of long context are "
        f"{budget:,.0f}."
    )


def block(comparison: RoutingComparison) -> str:
    """A comparison as it is printed."""
    return f"```\n{comparison}\n```"


def page() -> str:
    """The block `measured`."""
    slow = {"judge": judged(lara()), "self_route": routing_self_route.page(KEPT)}
    first = sound()
    started = time.perf_counter()
    comparison = evaluate(ROUTERS, first)
    seconds = time.perf_counter() - started
    every = examples_of(lara(), cache="cold")
    clean = examples_of(without_defects(lara()), cache="cold")
    whole, mended = evaluate([BLIND, BEST, TIGHT], every), evaluate([BLIND, BEST], clean)
    splits = {s: evaluate([BLIND, BEST], first, split=s) for s in ("model", "length", "task")}
    warm = sound("warm")
    texts = {
        "when": date.today().isoformat(),
        "published": published(data()),
        "sound": block(comparison),
        "sound_best": verdict(comparison, first, BEST.name),
        "sound_blind": verdict(comparison, first, BLIND.name),
        "seconds": f"{seconds:.0f}",
        "every": block(whole),
        "every_best": verdict(whole, every, BEST.name),
        "every_blind": verdict(whole, every, BLIND.name),
        "every_tight": verdict(whole, every, TIGHT.name),
        "clean_best": verdict(mended, clean, BEST.name),
        "splits": "\n".join(
            f"- left out by {s}: " + verdict(r, first, n.name)
            for s, r in splits.items()
            for n in (BLIND, BEST)
        ),
        "warm": verdict(evaluate([BEST], warm), warm, BEST.name),
        "proxy": proxy(lara(), data()),
    }
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**texts, **slow)


if __name__ == "__main__":
    write_block("measured", page)
