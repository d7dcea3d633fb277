"""Pictures of a routing report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcrag.analysis.plots import COLOURS, LABELS, MARKERS, figure_of, label_points
from lcrag.replay.report import RoutingReport

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LINES = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#D55E00", "#0072B2")  # Okabe and Ito
MIXED = "strategies mixed"


def quality_cost(report: RoutingReport, lines: int = len(LINES)) -> Figure:
    """Accuracy against mean cost: strategies, routers, the oracle, and the curves of the routers with the best ones.

    Args:
        report: what ``evaluate`` returned.
        lines: curves to draw beside that of the strategies mixed at random.
    """
    from matplotlib.ticker import EngFormatter

    figure = figure_of(10.4, 5.6)
    axes = figure.add_subplot()
    flat = report.curves[MIXED]
    axes.plot(
        flat.costs,
        flat.scores,
        color="#8A8A8A",
        ls="--",
        lw=1.4,
        label="strategies mixed at random",
        zorder=1,
    )
    ranked = sorted((n for n in report.curves if n != MIXED), key=lambda n: -report.curves[n].aiq)
    for name, colour in zip(ranked[:lines], LINES, strict=False):
        curve = report.curves[name]
        axes.plot(curve.costs, curve.scores, color=colour, lw=1.8, marker=".", ms=4, label=name, zorder=2)
    shown = report.table[~report.table["name"].str.startswith("best fixed")]
    for row in shown.itertuples():
        star = row.name == "oracle"
        colour = dict(zip(ranked, LINES, strict=False)).get(row.name, COLOURS[row.group])
        axes.scatter(
            row.cost, row.accuracy, s=190 if star else 58, marker="*" if star else MARKERS[row.group],
            c="white" if row.group == "baseline" else colour, edgecolors=colour, linewidths=1.4, zorder=3,
        )  # fmt: skip
    axes.margins(x=0.12, y=0.12)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(LABELS.get(report.unit, f"{report.unit} a question") + ", mean")
    axes.set_ylabel("accuracy")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5)
    label_points(figure, axes, _named(shown[~shown["name"].isin(ranked[:lines])]))
    return figure


def _named(rows: pd.DataFrame) -> list[tuple[str, float, float, str]]:
    """A name for each point; what stands on the same one is only counted."""
    points = []
    for (cost, accuracy), same in rows.groupby(
        [rows["cost"].round(6), rows["accuracy"].round(6)], sort=False
    ):
        first, more = same.iloc[0], len(same) - 1
        label = first["name"] + (f" (+{more})" if more else "")
        points.append((label, cost, accuracy, COLOURS[first["group"]]))
    return points
