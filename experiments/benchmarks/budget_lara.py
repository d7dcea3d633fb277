"""What a budget of tokens would have bought on LaRA's published answers, for docs/budget.md (part of `make budget`).

LaRA (Li et al. 2025, arXiv 2502.09977): 12 models answered each question with the whole document and with retrieval.
Needs the published data: set LCRAG_DATA to the folder that holds ``LaRA``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from page import put

from lcrag.allocation import SavingsCurve, allocate, savings_curve
from lcrag.analysis.budget_plots import quality_share
from lcrag.published.lara import import_lara
from lcrag.replay import cross_replay, examples_of
from lcrag.routers import Examples, QualityRouter
from lcrag.statistics import paired_difference

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data"))
PAGE = ROOT / "docs" / "budget.md"
IMAGES = ROOT / "docs" / "images"
REFERENCE = "long_context"
SOUND = ("hallucination", "location")
GAINS = (0.2, 0.5)  # budgets of the paired differences


@dataclass(frozen=True)
class Replayed:
    """Rows, the predicted scores of their strategies, and the savings curve of these predictions."""

    examples: Examples
    predicted: Any
    curve: SavingsCurve

    def gain(self, share: float) -> str:
        """Gain of the allocator over the best fixed strategy, with its interval by document."""
        e = self.examples
        full_cost = e.costs[:, e.strategies.index(REFERENCE)].sum()
        chosen = allocate(self.predicted, e.costs, share * full_cost).choices
        scores = e.scores[np.arange(len(e)), chosen]
        pair = paired_difference(scores, e.scores[:, e.best_fixed], e.documents)
        return f"{pair.difference:+.3f} [{pair.low:+.3f}, {pair.high:+.3f}]"


def scored(folder: Path) -> Examples:
    """Every question as every model answered it in both ways."""
    table = import_lara(folder, scores="recall")
    examples = examples_of(table, cost="tokens", cache="cold")
    return examples.take(np.flatnonzero(np.isfinite(examples.scores + examples.costs).all(1)))


def replayed(examples: Examples, kind: bool) -> Replayed:
    """Budgets spent by predictions for documents that were not seen, without or with LaRA's task labels."""
    predicted = cross_replay(QualityRouter(kind=kind), examples).quality
    curve = savings_curve(
        predicted,
        examples.scores,
        examples.costs,
        examples.strategies,
        REFERENCE,
        documents=examples.documents,
    )
    return Replayed(examples, predicted, curve)


def kinds_of(examples: Examples) -> Any:
    """The task of each row, shape (rows,)."""
    return np.array([q.kind for q in examples.queries])


def tasks(examples: Examples) -> str:
    """Mean scores of both strategies and of the better one of each row by task, in Markdown."""
    order = [examples.strategies.index(s) for s in (REFERENCE, "chunked_retrieval")]
    lines = [
        "| task | rows | long context | retrieval | the better of each row |",
        "|---|---:|---:|---:|---:|",
    ]
    kinds = kinds_of(examples)
    for kind in (*SOUND, *sorted(set(kinds) - set(SOUND))):
        scores = examples.scores[kinds == kind][:, order]
        means = " | ".join(f"{x:.3f}" for x in (*scores.mean(0), scores.max(1).mean()))
        lines.append(f"| {kind} | {len(scores):,} | {means} |")
    return "\n".join(lines)


def budgets(features: SavingsCurve, labels: SavingsCurve) -> str:
    """What shares of long context's cost buy by both predictions, and what they are held against, in Markdown."""
    heads = "| budget | by features [95% CI] | with task labels [95% CI] | random mix | best fixed | oracle |"
    lines = [heads, "|---:" * 6 + "|"]
    for one, other in zip(features.shares, labels.shares, strict=True):
        bands = [f"{i.mean:.3f} [{i.low:.2f}, {i.high:.2f}]" for i in (one.allocated, other.allocated)]
        means = [f"{x:.3f}" for x in (one.random, one.fixed, one.oracle)]
        lines.append(f"| {one.share:.0%} | " + " | ".join(bands + means) + " |")
    return "\n".join(lines)


def gains(curves: dict[str, Replayed]) -> str:
    """What the allocator gains over the best fixed strategy, in Markdown."""
    heads = [f"gain at {share:.0%} [95% CI]" for share in GAINS]
    lines = [
        "| rows | " + " | ".join(heads) + " | most it spends | oracle's gain |",
        "|---" + "|---:" * 4 + "|",
    ]
    for name, one in curves.items():
        last = one.curve.shares[-1]
        cells = [one.gain(share) for share in GAINS]
        cells += [f"{last.spent:.0%}", f"{last.oracle - last.fixed:+.3f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the page's part and its pictures, or say why not."""
    if not (DATA / "LaRA").is_dir():
        sys.stderr.write(
            "LaRA's data is not there, so its part stays as it is: set LCRAG_DATA to the folder that holds it.\n"
        )
        return
    everything = scored(DATA / "LaRA")
    sound = everything.take(np.flatnonzero(np.isin(kinds_of(everything), SOUND)))
    curves = {
        f"{rows}, {by}": replayed(examples, kind)
        for rows, examples in (("sound scores", sound), ("all rows", everything))
        for by, kind in (("features", False), ("features and task labels", True))
    }
    plain, labelled, weak, known = curves.values()
    quality_share(plain.curve, "score").savefig(IMAGES / "budget_lara.png", dpi=110)
    quality_share(known.curve, "score, token recall where no sound one").savefig(
        IMAGES / "budget_lara_all.png", dpi=110
    )
    costs = everything.mean_costs
    share = costs.min() / costs.max()
    sizes = (f"{len(e):,}" for e in (sound, everything))
    text = RESULT.format(
        *sizes,
        documents=len(set(everything.documents)),
        models=len({q.model for q in everything.queries}),
        share=share,
        tasks=tasks(everything),
        sound=budgets(plain.curve, labelled.curve),
        weak=budgets(weak.curve, known.curve),
        gains=gains(curves),
        full=plain.curve.full,
        fixed=plain.curve.shares[-1].fixed,
        oracle=plain.curve.shares[-1].oracle,
        spent=plain.curve.shares[-1].spent,
    )
    put(PAGE, "lara", text)


RESULT = """
LaRA (Li et al. 2025, arXiv 2502.09977) has published the answers of {models} models to each of its questions, with the
whole document and with retrieval. `make budget` replays them, where `LCRAG_DATA` names the folder that holds the
repository as `LaRA`; no model is asked. 100% is what always-long-context costs, every
prompt token paid; always-retrieval costs {share:.0%} of it. `QualityRouter` predicts from what can be seen before an
answer (the question's words, lengths, a BM25 search, which model reads), without a probe, in five folds by document.
The budget is one for all rows together, of all models.

{tasks}

Scores of hallucination (declined or not) and location (token recall) are sound without a judge; reasoning and
comparison are scored by token recall as well, a weak proxy.

**Hallucination and location**, {0} rows on {documents} documents, by features alone and once more with LaRA's own task
labels (`kind=True`), which an application mostly does not have. Mix and fixed strategy are the best in hindsight:

{sound}

![Score against the share of long context's cost: hallucination and location](images/budget_lara.png)

**All rows**, {1}, with token recall as the weak proxy (the picture is with task labels):

{weak}

![Score against the share of long context's cost: all rows, task labels known](images/budget_lara_all.png)

What predictions gain over always-retrieval, the best fixed strategy on both sets, paired by row and bootstrapped by
document:

{gains}

What a budget can buy here: on the rows with sound scores, nothing. Retrieval is better than long context on average
({fixed:.3f} against {full:.3f}) at {share:.0%} of its cost: with the whole document models answer more of the questions
that have no answer. So the best fixed strategy and the best mix are always-retrieval at every budget from 10% on, and
more money changes nothing. The two strategies do fail on different rows, and the oracle reaches {oracle:.3f}; but which
rows these are, these features do not show. With them the allocator spends up to {spent:.0%} of the cost on long
context where it expects a gain, and ends where always-retrieval is. What task labels bring is within the intervals.

On all rows long context is ahead on comparison and reasoning, and who knows the task can buy that: with labels the
allocator is ahead of always-retrieval, by more the larger the budget up to half of long context's cost, where it has
a third of what the oracle gains. Without labels it has two thirds of that. Both rest on token recall, which counts
words and does not judge an argument. All costs are cold: with its document cached, long context costs less.
"""


if __name__ == "__main__":
    main()
