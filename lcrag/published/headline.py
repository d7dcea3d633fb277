"""What published answers say, computed from their table: ``print(headline(load_published("lara")))``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from lcrag.outcomes.baselines import ORACLE
from lcrag.outcomes.table import flags
from lcrag.published.findings import Finding, findings, mean_costs, oracle_gain
from lcrag.tables import aligned, counts, human, many, wrapped

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.replay.comparison import RoutingComparison

TOLD_KIND = ["lara_rule", "lara_prior"]  # routers that decide by the question's label


@dataclass(frozen=True)
class Headline:
    """The result of ``headline``.

    Attributes:
        models: The number of models.
        questions: The number of questions.
        documents: The number of documents that they are on.
        findings: Which of two strategies wins, for each kind of question and class of models.
        costs: Tokens per question of each strategy, the dearest first: with a cold and with a warm cache.
        best: The strategy with the highest mean score on the questions that are scored in all of them.
        oracle_gain: What the better strategy for each question would gain over ``best``.
        defects: The number of questions with each known defect; they are counted in all figures.
        router: One sentence on the best router; empty where none was replayed.
    """

    models: int
    questions: int
    documents: int
    findings: tuple[Finding, ...]
    costs: dict[str, tuple[float, float]]
    best: str
    oracle_gain: float
    defects: dict[str, int]
    router: str = ""

    @property
    def title(self) -> str:
        """What was compared."""
        return (
            f"{many(self.models, 'model')}, {many(self.questions, 'question')} on "
            f"{many(self.documents, 'document')}"
        )

    def winners(self) -> list[str]:
        """A sentence for each strategy that wins somewhere."""
        return [
            f"{name} wins: {_grouped([f for f in self.findings if f.winner == name], self.findings)}."
            for name in self.costs
            if any(f.winner == name for f in self.findings)
        ]

    def undecided(self) -> list[str]:
        """A sentence on the comparisons that have no winner, if there are any."""
        rows = [f for f in self.findings if not f.winner]
        return [f"Not told apart: {_grouped(rows, self.findings)}."] if rows else []

    def cost_sentence(self, *, warm: bool = True) -> str:
        """What the dearest strategy costs beside the cheapest; with a warm cache too, where that differs."""
        (dearest, (cold, cached)), *_, (cheapest, (low_cold, low_cached)) = self.costs.items()
        caches = (
            f"; {human(cached)} and {human(low_cached)} where a prompt cache holds the document"
            if warm and cached < cold
            else ""
        )
        return f"Tokens per question: {dearest} {human(cold)}, {cheapest} {human(low_cold)}{caches}."

    def oracle_sentence(self) -> str:
        """How much a router could gain."""
        return (
            f"With hindsight, the better strategy for each question gains {self.oracle_gain:+.3f} over always "
            f"{self.best}; a part of that is chance."
        )

    def short(self) -> str:
        """The winners and what they cost, in a few lines."""
        last = " ".join([self.cost_sentence(warm=False), *self._weak("Weakly measured")])
        return "\n".join(wrapped([*(self.winners() or self.undecided()), last]))

    def _weak(self, how: str = "By token recall, a weak measure") -> list[str]:
        kinds = sorted({f.kind for f in self.findings if f.is_weak})
        return [f"{how}: {', '.join(kinds)}."] if kinds else []

    def __str__(self) -> str:
        lines = wrapped([f"What these answers say: {self.title}."])
        for pair in dict.fromkeys((f.first, f.second) for f in self.findings):
            rows = [f for f in self.findings if (f.first, f.second) == pair]
            title = f"{pair[0]} minus {pair[1]}, 95% interval by document"
            lines += ["", *wrapped([title]), *_table(rows)]
        last = [self.oracle_sentence(), *([self.router] if self.router else [])]
        tests = (
            "A strategy wins where the paired sign-flip test by document says so (Holm-corrected over all "
            f"{len(self.findings)} comparisons, p < .05). Intervals are for other documents and these models."
        )
        defects = counts(list(self.defects), list(self.defects.values()))
        if defects:
            tests += f" Questions with known defects are counted: {defects} (`lcrag replay --exclude`)."
        notes = [*self.winners(), *self.undecided(), self.cost_sentence(), *last, tests, *self._weak()]
        return "\n".join([*lines, "", *wrapped(notes)])


def headline(
    outcomes: pd.DataFrame, comparison: RoutingComparison | None = None, *, seed: int = 0
) -> Headline:
    """What a table of published answers says about its strategies.

    Args:
        outcomes: see ``load_published``; a table with texts gives the same. Kinds without any score are compared by
            token recall.
        comparison: routers that were replayed on the same table.
        seed: seeds the paired tests.

    Raises:
        LcragError: fewer than two strategies that read the documents.
    """
    best, gain = oracle_gain(outcomes)
    return Headline(
        models=outcomes["model"].nunique(),
        questions=outcomes["question_id"].nunique(),
        documents=outcomes["document_id"].nunique(),
        findings=findings(outcomes, seed=seed),
        costs=mean_costs(outcomes),
        best=best,
        oracle_gain=gain,
        defects={n: outcomes.loc[outcomes[f"flag_{n}"], "question_id"].nunique() for n in flags(outcomes)},
        router=_router(comparison) if comparison else "",
    )


def _router(comparison: RoutingComparison) -> str:
    """How much of the oracle's gain the best router wins, and the best of those that are not told the kind."""
    table = comparison.table.set_index("name")
    routers = table[table["group"] == "router"]
    if not len(routers) or not table.loc[ORACLE, "gain"] > 0:
        return ""
    best = routers.loc[routers["gain"].idxmax()]
    which = f"Of {len(routers)} routers the best" if len(routers) > 1 else "The router"
    sentence = (
        f"{which}, {best.name}, wins {_share(best)} for {human(best['cost'])} {comparison.unit} per question."
    )
    if best.name in TOLD_KIND:
        sentence += " It is told the kind of question, which an application mostly does not know."
        if len(others := routers.drop(index=TOLD_KIND, errors="ignore")):
            other = others.loc[others["gain"].idxmax()]
            sentence += f" The best that is not told, {other.name}, wins {_share(other)}."
    return sentence


def _share(router: pd.Series[Any]) -> str:
    """``16% of that (+0.011 [+0.007, +0.016], p < 9e-05 after Holm)``."""
    bounds = "" if isnan(router["gain_low"]) else f" [{router['gain_low']:+.3f}, {router['gain_high']:+.3f}]"
    p = f"p {'<' if router['p_is_bound'] else '='} {router['p_value']:.2g} after Holm"
    return f"{router['headroom']:.0%} of that ({router['gain']:+.3f}{bounds}, {p})"


def _table(rows: Sequence[Finding]) -> list[str]:
    """Kinds by classes of models."""
    classes = list(dict.fromkeys(f.models for f in rows))
    cells = {(f.kind, f.models): f.difference() for f in rows}
    kinds = list(dict.fromkeys(f.kind for f in rows))
    return aligned(
        [["", *classes], *([kind, *(cells.get((kind, c), "-") for c in classes)] for kind in kinds)]
    )


def _grouped(rows: Sequence[Finding], every: Sequence[Finding]) -> str:
    """``location (proprietary); comparison (all models)``: kinds with the classes of models."""
    parts = []
    several = len({(f.first, f.second) for f in every}) > 1
    for key in dict.fromkeys((f.kind, f.first, f.second) for f in rows):
        classes = [f.models for f in rows if (f.kind, f.first, f.second) == key]
        all_classes = [f.models for f in every if (f.kind, f.first, f.second) == key]
        against = f", {key[1]} against {key[2]}" if several else ""
        models = "all models" if len(classes) == len(all_classes) > 1 else ", ".join(classes)
        parts.append(f"{key[0]} ({models}{against})")
    return "; ".join(parts)
