"""The picture of a routing comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcrag.analysis.plots import COLOURS, LABELS, MARKERS, figure_of, label_points
from lcrag.outcomes.baselines import BEST_FIXED, ORACLE
from lcrag.replay.comparison import RoutingComparison
from lcrag.replay.curve import MIXED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LINES = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#D55E00", "#0072B2")  # Okabe and Ito


def quality_cost(comparison: RoutingComparison, lines: int = len(LINES)) -> Figure:
    """Accuracy against mean cost: strategies, routers and the oracle, and the curves of the best routers.

    Args:
        comparison: what ``evaluate`` returned.
        lines: number of routers to draw the curve of, those with the highest AIQ; the curve of the strategies mixed at
            random is always drawn.
    """
    from matplotlib.ticker import EngFormatter

    figure = figure_of(10.4, 5.6)
    axes = figure.add_subplot()
    mixed = comparison.curves[MIXED]
    axes.plot(mixed.costs, mixed.scores, color="#8A8A8A", ls="--", lw=1.4, label="strategies mixed at random",
              zorder=1)  # fmt: skip
    ranked = sorted((n for n in comparison.curves if n != MIXED), key=lambda n: -comparison.curves[n].aiq)
    for name, colour in zip(ranked[:lines], LINES, strict=False):
        curve = comparison.curves[name]
        axes.plot(curve.costs, curve.scores, color=colour, lw=1.8, marker=".", ms=4, label=name, zorder=2)
    rows = comparison.table[~comparison.table["name"].str.startswith(BEST_FIXED)]
    for row in rows.itertuples():
        star = row.name == ORACLE
        colour = dict(zip(ranked, LINES, strict=False)).get(row.name, COLOURS[row.group])
        axes.scatter(
            row.cost, row.accuracy, s=190 if star else 58, marker="*" if star else MARKERS[row.group],
            c="white" if row.group == "baseline" else colour, edgecolors=colour, linewidths=1.4, zorder=3,
        )  # fmt: skip
    axes.margins(x=0.12, y=0.12)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(f"{LABELS[comparison.unit]}, mean")
    axes.set_ylabel("accuracy")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5)
    label_points(figure, axes, _named(rows[~rows["name"].isin(ranked[:lines])]))
    return figure


def _named(rows: pd.DataFrame) -> list[tuple[str, float, float, str]]:
    """A label for each point: the first row that is there, and how many more are."""
    points = []
    places = [rows["cost"].round(6), rows["accuracy"].round(6)]
    for (cost, accuracy), group in rows.groupby(places, sort=False):
        first, more = group.iloc[0], len(group) - 1
        label = first["name"] + (f" (+{more})" if more else "")
        points.append((label, cost, accuracy, COLOURS[first["group"]]))
    return points
