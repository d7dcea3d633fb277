"""The heat map of needles in haystacks: scores by depth and length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lcrag.analysis.plots import figure_of
from lcrag.errors import LcragError
from lcrag.schema import Question

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MAX_WRITTEN = 300  # cells of a panel up to which each has its number


def needle_heat_map(outcomes: pd.DataFrame, questions: Iterable[Question]) -> Figure:
    """Mean score by the depth of the needle and the length of the text, a panel for each strategy.

    Args:
        outcomes: A table of outcomes, such as ``Results.table``; several models have a panel each.
        questions: The questions, with ``depth`` (0 to 100) and ``length`` in their metadata, as ``niah`` makes them.
            Questions without them are left out.

    Raises:
        LcragError: no question of the table has a depth and a length.
    """
    cells = {
        q.id: (float(q.metadata["depth"]), int(q.metadata["length"]))
        for q in questions
        if {"depth", "length"} <= q.metadata.keys()
    }
    rows = outcomes[outcomes["question_id"].isin(cells) & outcomes["score"].notna()]
    if rows.empty:
        raise LcragError(
            "There is nothing for a heat map: no question of this table has a depth and a length; "
            "the generator `niah` makes such questions."
        )
    depth, length = zip(*(cells[id] for id in rows["question_id"]), strict=True)
    models = rows["model"].nunique() > 1
    name = rows["strategy"] + (", " + rows["model"] if models else "")
    rows = rows.assign(depth=depth, length=length, panel=name)
    panels = dict(iter(rows.groupby("panel", sort=False)))
    all_depths, all_lengths = (sorted(set(rows[c])) for c in ("depth", "length"))
    per_row = min(3, len(panels))
    height = -(-len(panels) // per_row)
    width = 1.4 + max(2.2, 0.62 * len(all_lengths))
    figure = figure_of(per_row * width + 0.8, height * (1.1 + max(1.6, 0.3 * len(all_depths))))
    grid = figure.subplots(height, per_row, squeeze=False)
    for axes, (title, panel) in zip(grid.flat, panels.items(), strict=False):
        table = panel.pivot_table(index="depth", columns="length", values="score", aggfunc="mean")
        image = _panel(axes, title, table.reindex(index=all_depths, columns=all_lengths))
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    figure.colorbar(image, ax=grid, label="mean score", shrink=0.8)
    return figure


def _panel(axes: Any, title: str, table: pd.DataFrame) -> Any:
    """One strategy; cells without an outcome stay grey."""
    import matplotlib

    colours = matplotlib.colormaps["RdYlBu"].with_extremes(bad="#DDDDDD")
    scores = table.to_numpy(float)
    image = axes.imshow(scores, cmap=colours, vmin=0, vmax=1, aspect="auto")
    if scores.size <= MAX_WRITTEN:
        for i, row in enumerate(scores):
            for j, score in enumerate(row):
                if score == score:  # a cell without outcomes has no number
                    colour = "white" if abs(score - 0.5) > 0.34 else "#222222"
                    axes.text(j, i, f"{score:.2f}", ha="center", va="center", fontsize=7.5, color=colour)
    axes.set_xticks(range(len(table.columns)), [_short(n) for n in table.columns], rotation=45)
    axes.set_yticks(range(len(table.index)), [f"{depth:g}" for depth in table.index])
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("tokens")
    axes.set_ylabel("depth of the needle, %")
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    return image


def _short(tokens: int) -> str:
    """4096 as 4k."""
    if tokens % 1024 == 0:
        return f"{tokens // 1024}k"
    return f"{tokens // 1000}k" if tokens % 1000 == 0 else f"{tokens}"
