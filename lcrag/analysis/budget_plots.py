"""Pictures of what a budget buys."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from lcrag.allocation.curve import SavingsCurve
from lcrag.analysis.plots import COLOURS, figure_of, label_points
from lcrag.scaling.curve import BudgetCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORANGE = "#D55E00"  # Okabe and Ito


def quality_budget(curve: BudgetCurve, metric: str = "accuracy") -> Figure:
    """P*(Lmax): the selected option at each budget on test documents with its band, the oracle, every option."""
    from matplotlib.ticker import EngFormatter

    drawn = figure_of(8.4, 5.2)
    axes = drawn.add_subplot()
    points = [p for p in curve.points if not isnan(p.test.mean)]
    x = [p.budget for p in points]
    axes.step(x, [p.oracle_test.mean for p in points], where="post", color=COLOURS["baseline"], ls="--", lw=1.6,
              label="oracle: selected on the test itself")  # fmt: skip
    axes.step(x, [p.test.mean for p in points], where="post", color=COLOURS["strategy"], lw=2,
              label="selected on other documents")  # fmt: skip
    axes.fill_between(x, [p.test.low for p in points], [p.test.high for p in points], step="post",
                      color=COLOURS["strategy"], alpha=0.15, lw=0, label="its 95% interval, by document")  # fmt: skip
    named: list[tuple[str, float, float, str]] = []
    for p in points:
        axes.scatter(p.budget, p.test.mean, s=62, c=COLOURS["strategy"], zorder=3)
        if not named or p.selected != named[-1][0]:
            named.append((p.selected, p.budget, p.test.mean, COLOURS["strategy"]))
    shown = [(most, mean) for mean, most in curve.options.values() if not isnan(mean) and most < float("inf")]
    axes.scatter([m for m, _ in shown], [q for _, q in shown], s=20, c=ORANGE, alpha=0.7, zorder=2,
                 label="every option, all documents")  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.margins(x=0.1, y=0.14)
    axes.set_xlabel(f"budget: {curve.unit}, most for any question")
    axes.set_ylabel(metric)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside lower center", ncol=2, frameon=False, fontsize=8.5)
    label_points(drawn, axes, named)
    return drawn


def quality_share(curve: SavingsCurve, metric: str = "accuracy") -> Figure:
    """Quality at shares of the reference's cost: allocator with its band, random mix, best fixed, oracle."""
    from matplotlib.ticker import PercentFormatter

    drawn = figure_of(8.4, 5.2)
    axes = drawn.add_subplot()
    x = [s.share for s in curve.shares]
    axes.plot(x, [s.oracle for s in curve.shares], color=COLOURS["baseline"], ls="--", lw=1.6, label="oracle")
    axes.plot(x, [s.allocated.mean for s in curve.shares], color=COLOURS["router"], marker="D", lw=2,
              label="allocated by prediction")  # fmt: skip
    axes.fill_between(x, [s.allocated.low for s in curve.shares], [s.allocated.high for s in curve.shares],
                      color=COLOURS["router"], alpha=0.15, lw=0, label="its 95% interval, by document")  # fmt: skip
    axes.plot(
        x, [s.fixed for s in curve.shares], color=COLOURS["strategy"], marker="o", lw=1.6, label="best fixed"
    )
    axes.plot(x, [s.random for s in curve.shares], color=ORANGE, ls=":", lw=2.6, label="random mix of two")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.set_xlabel(f"budget, share of the cost of {curve.reference} for every question")
    axes.set_ylabel(metric)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside lower center", ncol=3, frameon=False, fontsize=8.5)
    return drawn
