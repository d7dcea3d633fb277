"""Curves: what accuracy and cost become as one setting of a strategy, or the documents' length, grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

import pandas as pd

from lcrag.analysis.plots import figure_of
from lcrag.analysis.summaries import summary
from lcrag.outcomes.costs import UNIT_NAMES, CostUnit, unit_of, with_costs
from lcrag.tables import human, interval, ruled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LENGTH = "document tokens"
COLUMNS = (
    "setting", "value", "strategy", "scored", "accuracy", "low", "high", "unit", "cost", "prompt", "flops", "seconds",
    "dollars",
)  # fmt: skip
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A8A8A")  # Okabe and Ito


def sweep(
    outcomes: pd.DataFrame, strategies: Sequence[Mapping[str, Any]] = (), cost: CostUnit = "auto"
) -> pd.DataFrame:
    """Accuracy and costs for each value of what varies.

    Args:
        outcomes: a run's table of outcomes.
        strategies: their settings, ``type`` and ``name`` among them, as in ``experiment.json``. Strategies of one
            type of which one number differs are a curve over it.
        cost: the unit of ``cost``.

    Returns:
        A row for each value and strategy: ``setting`` (its name, or ``document tokens``), ``value``, ``strategy``,
        and columns of ``Comparison.table``; without a row where nothing varies.
    """
    unit = unit_of(outcomes, cost)
    rows = with_costs(outcomes, unit)
    lines = []
    for setting, value, label, part in [*_by_setting(rows, strategies), *_by_length(rows)]:
        figures = {**summary(part), "unit": unit, "cost": float(part["cost"].mean(skipna=False))}
        lines.append({"setting": setting, "value": value, "strategy": label, **figures})
    frame = pd.DataFrame(lines, columns=list(COLUMNS)) if lines else pd.DataFrame(columns=list(COLUMNS))
    return frame.sort_values(["setting", "strategy", "value"], kind="stable").reset_index(drop=True)


def curves(frame: pd.DataFrame) -> Figure:
    """Accuracy with its interval, and cost, over each setting of ``sweep``."""
    from matplotlib.ticker import EngFormatter

    settings = list(dict.fromkeys(frame["setting"]))
    figure = figure_of(9.6, 3.6 * len(settings))
    panels = figure.subplots(len(settings), 2, squeeze=False)
    for setting, (left, right) in zip(settings, panels, strict=True):
        part = frame[frame["setting"] == setting]
        for i, (name, line) in enumerate(part.groupby("strategy", sort=False)):
            colour = COLOURS[i % len(COLOURS)]
            left.plot(line["value"], line["accuracy"], marker="o", color=colour, label=str(name))
            left.fill_between(line["value"], line["low"], line["high"], color=colour, alpha=0.12, lw=0)
            right.plot(line["value"], line["cost"], marker="o", color=colour)
        for axes, label in ((left, "accuracy"), (right, f"{UNIT_NAMES[part['unit'].iloc[0]]} per question")):
            axes.set_xlabel(setting)
            axes.set_ylabel(label)
            axes.grid(alpha=0.25)
            values = part["value"]
            if values.min() > 0 and values.max() / values.min() > 8:
                axes.set_xscale("log")
            axes.set_xticks(sorted(values.unique()), minor=False)
            axes.set_xticks([], minor=True)
            axes.xaxis.set_major_formatter(lambda value, _: human(value))
        left.set_ylim(-0.02, 1.02)
        right.set_ylim(bottom=0)
        right.yaxis.set_major_formatter(EngFormatter(sep=""))
        left.legend(fontsize=8, frameon=False)
    return figure


def sweep_text(frame: pd.DataFrame) -> str:
    """Each curve as a table for the terminal: strategies by values."""
    parts = []
    for setting, part in frame.groupby("setting", sort=False):
        values = sorted(part["value"].unique())
        rows = [[f"by {setting}", *map(human, values)]]
        for name, line in part.groupby("strategy", sort=False):
            found = {r.value: interval(r.accuracy, r.low, r.high) for r in line.itertuples()}
            rows.append([str(name), *(found.get(v, "-") for v in values)])
        parts.append("\n".join(ruled(rows)))
    return "\n\n".join(parts)


def _by_setting(
    rows: pd.DataFrame, strategies: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, float, str, pd.DataFrame]]:
    """Strategies that differ in one number, as its name, its value, what they share, and their outcomes."""
    of_type: dict[str, list[Mapping[str, Any]]] = {}
    for strategy in strategies:
        of_type.setdefault(str(strategy.get("type", "")), []).append(strategy)
    for members in of_type.values():
        numbers = {
            k for s in members for k, v in s.items() if isinstance(v, int | float) and not isinstance(v, bool)
        }
        for key in sorted(numbers):
            groups: dict[str, dict[float, str]] = {}
            for s in members:
                if isinstance(s.get(key), int | float):
                    rest = {k: v for k, v in s.items() if k not in {key, "name", "type"}}
                    groups.setdefault(repr(sorted(rest.items(), key=str)), {})[float(s[key])] = str(s["name"])
            lines = [names for names in groups.values() if len(names) > 1]
            for names in lines:
                label = _label(names, key)
                for value, name in names.items():
                    part = rows[rows["strategy"] == name]
                    if len(part):
                        yield key, value, label, part


def _label(names: Mapping[float, str], key: str) -> str:
    """What the names of a curve's strategies share: ``rag`` of ``rag-k3`` and ``rag-k10``, ``rag-`` aside."""
    plain = {name.removesuffix(f"-{key}{value:g}") for value, name in names.items()}
    if len(plain) == 1:
        return plain.pop()
    shared = commonprefix([*names.values()])  # noqa: RUF071 (letters, not folders)
    return shared.rstrip("-_ ") or " / ".join(names.values())


def _by_length(rows: pd.DataFrame) -> Iterator[tuple[str, float, str, pd.DataFrame]]:
    """Each strategy by the length of the documents, in powers of two."""
    if "slice_length" not in rows or "document_tokens" not in rows:
        return
    known = rows[rows["document_tokens"].gt(0)]
    middles = known.groupby("slice_length")["document_tokens"].mean()
    if len(middles) < 2:
        return
    for length, middle in middles.items():
        if not isnan(middle):
            for strategy, part in known[known["slice_length"] == length].groupby("strategy", sort=False):
                yield LENGTH, float(middle), str(strategy), part
