"""Pictures of a comparison."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from lcrag.analysis.comparison import Comparison
from lcrag.analysis.frontier import pareto
from lcrag.outcomes.baselines import BEST_FIXED, ORACLE
from lcrag.outcomes.costs import UNIT_NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

COLOURS = {"strategy": "#0072B2", "router": "#009E73", "baseline": "#8A8A8A"}  # Okabe and Ito
MARKERS = {"strategy": "o", "router": "D", "baseline": "s"}
LABELS = {unit: f"{name} per question" for unit, name in (UNIT_NAMES | {"seconds": "seconds"}).items()}

OFFSETS = ((9, 6), (9, -14), (-9, 6), (-9, -14), (0, 14), (0, -22), (9, 20), (-9, 20), (9, -28), (-9, -28), (0, 32),
           (0, -40))  # where a name may be written beside its point, in points, best first  # fmt: skip


def figure_of(width: float, height: float) -> Figure:
    """An empty figure of this size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def accuracy_cost(comparison: Comparison, cost: str = "") -> Figure:
    """Accuracy with its interval against cost, and the Pareto frontier of the strategies.

    Args:
        comparison: what ``compare`` returned.
        cost: a column of its table; empty for ``cost``, in the comparison's unit.
    """
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    table = comparison.table
    label = LABELS.get(cost or comparison.unit, cost)
    cost = cost or "cost"
    rows = table[table[cost].notna() & table["accuracy"].notna()]
    rows = rows[~rows["name"].str.startswith(BEST_FIXED)]  # one of the strategies, drawn already
    figure = figure_of(8.4, 5.2)
    axes = figure.add_subplot()
    for row in rows.itertuples():
        x, y = getattr(row, cost), row.accuracy
        colour = COLOURS[row.group]
        if row.group == "strategy" and not isnan(row.low):
            axes.errorbar(
                x, y, [[y - row.low], [row.high - y]], color=colour, alpha=0.35, lw=1.6, capsize=3, zorder=2
            )
        marker, hollow = ("*", True) if row.name == ORACLE else (MARKERS[row.group], row.group == "baseline")
        size = 190 if marker == "*" else 62
        face = "white" if hollow else colour
        axes.scatter(x, y, s=size, marker=marker, c=face, edgecolors=colour, linewidths=1.5, zorder=3)
    strategies = rows[rows["group"] == "strategy"]
    frontier = strategies.loc[pareto(strategies[cost].tolist(), strategies["accuracy"].tolist())].sort_values(
        cost
    )
    axes.plot(
        frontier[cost],
        frontier["accuracy"],
        color="#D55E00",
        lw=1.6,
        ls="--",
        zorder=1,
        label="Pareto frontier of the strategies",
    )
    positive = rows[cost][rows[cost] > 0]
    if len(positive) and positive.max() / positive.min() > 8:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.margins(x=0.16, y=0.12)
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, -0.04), min(top, 1.04) if rows["accuracy"].max() <= 1 else top)
    axes.set_xlabel(label + ", computed by the reader")
    axes.set_ylabel("accuracy (95% interval, clustered by document)")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    label_points(
        figure, axes, [(r.name, getattr(r, cost), r.accuracy, COLOURS[r.group]) for r in rows.itertuples()]
    )
    return figure


def label_points(figure: Any, axes: Any, points: list[tuple[str, float, float, str]]) -> None:
    """Write a name beside each point, where it covers no other name or point if there is such a place.

    Args:
        figure: the figure, for measuring texts.
        axes: the axes with the points.
        points: (name, x, y, colour) of each point.
    """
    from matplotlib.transforms import Bbox

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    centres = [axes.transData.transform((x, y)) for _, x, y, _ in points]
    occupied = [Bbox.from_bounds(x - 7, y - 7, 14, 14) for x, y in centres]
    frame = axes.get_window_extent(renderer)
    background = {"boxstyle": "square,pad=0.05", "facecolor": "white", "alpha": 0.75, "edgecolor": "none"}
    for name, x, y, colour in sorted(points, key=lambda p: (p[2], p[1])):
        for dx, dy in OFFSETS:
            side = "left" if dx > 0 else "right" if dx < 0 else "center"
            text = axes.annotate(
                name, (x, y), (dx, dy), textcoords="offset points", ha=side, fontsize=8.5, color=colour,
                zorder=4, bbox=background,
            )  # fmt: skip
            box = text.get_window_extent(renderer).expanded(1.02, 1.1)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if (inside and not any(box.overlaps(o) for o in occupied)) or (dx, dy) == OFFSETS[-1]:
                occupied.append(box)
                break
            text.remove()


def accuracy_by_kind(comparison: Comparison) -> Figure:
    """Mean score of each strategy on each kind of question, as a shaded table."""
    return shaded(comparison.by_kind)


def shaded(means: DataFrame) -> Figure:
    """Mean scores as a table, the darker the higher."""
    figure = figure_of(2.6 + 1.3 * len(means.columns), 0.9 + 0.42 * len(means))
    axes = figure.add_subplot()
    axes.imshow(means.to_numpy(float), cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    for i, row in enumerate(means.to_numpy(float)):
        for j, value in enumerate(row):
            text = "-" if isnan(value) else f"{value:.2f}"
            axes.text(j, i, text, ha="center", va="center", color="white" if value > 0.75 else "#222222")
    axes.set_xticks(range(len(means.columns)), [str(k) or "(none)" for k in means.columns])
    axes.set_yticks(range(len(means)), list(means.index))
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    return figure
