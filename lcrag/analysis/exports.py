"""A comparison in files for papers and for other programs: Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from lcrag.analysis.comparison import Comparison
from lcrag.analysis.slices import label, slice_cells
from lcrag.analysis.tables import LATEX, latex
from lcrag.files import json_text
from lcrag.tables import known, many, markdown

MAX_COLUMNS = 8  # of a LaTeX table that keeps its size; a wider one is scaled to the text's width


def as_markdown(comparison: Comparison, title: str) -> str:
    """The report as a page of Markdown: verdict, table, slices and footnotes."""
    size = f"{many(comparison.questions, 'question')} on {many(comparison.documents, 'document')}"
    parts = [f"# {_markdown_text(title)}", size, _markdown_text(comparison.verdict)]
    for caption, cells in _tables(comparison).items():
        parts += [f"## {_markdown_text(caption)}", markdown(cells)]
    parts.append("\n".join(f"- {_markdown_text(note)}" for note in comparison.footnotes()))
    return "\n\n".join(parts) + "\n"


def as_latex(comparison: Comparison, title: str) -> str:
    r"""Every table as a float with caption and label, for ``\input``; it needs ``booktabs`` and ``graphicx``."""
    floats = ["% \\usepackage{booktabs,graphicx}"]
    for caption, cells in _tables(comparison).items():
        groups = comparison.table["group"].tolist() if len(floats) == 1 else ["strategy"] * len(cells)
        body = latex(cells, groups)
        if len(cells.columns) > MAX_COLUMNS:
            body = f"\\resizebox{{\\textwidth}}{{!}}{{%\n{body}}}"
        name = re.sub(r"\W+", "-", caption.removeprefix("Accuracy by ").lower()).strip("-")
        told = "".join(LATEX.get(c, c) for c in " ".join(f"{caption} of {title}".split()))
        head = [r"\begin{table}", r"\centering", rf"\caption{{{told}.}}", rf"\label{{tab:{name}}}"]
        floats.append("\n".join([*head, body, r"\end{table}"]))
    return "\n\n".join(floats) + "\n"


def as_csv(comparison: Comparison) -> str:
    """``comparison.table`` with every digit; what is not known is an empty cell."""
    return str(comparison.table.to_csv(index=False, lineterminator="\n"))


def as_json(comparison: Comparison, settings: Mapping[str, Any]) -> str:
    """Everything in a comparison with every digit, and the settings of its run; what is not known is ``null``."""
    return json_text(as_mapping(comparison, settings))


def as_mapping(comparison: Comparison, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What ``as_json`` writes."""
    pair = comparison.contrast
    return {
        "settings": settings,
        "verdict": comparison.verdict,
        "best": comparison.best,
        "unit": comparison.unit,
        "questions": comparison.questions,
        "documents": comparison.documents,
        "skipped": comparison.skipped,
        "contrast": pair and {"first": pair.first, "second": pair.second, "p_value": pair.p_value,
                              **asdict(pair.paired)},
        "table": comparison.table.to_dict("records"),
        "by_kind": comparison.by_kind.to_dict("index"),
        "by_slice": {name: means.to_dict("index") for name, means in comparison.by_slice.items()},
        "by_metric": comparison.by_metric.to_dict("index"),
        "slices": comparison.slices.to_dict("records"),
        "footnotes": comparison.footnotes(),
    }  # fmt: skip


def _tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """The report's tables as text cells, by caption; the first is the main one."""
    tables = {
        "Strategies, routers, baselines": comparison.shown(),
        "Accuracy by kind": _means(comparison.by_kind),
    }
    tables |= {f"Accuracy by {label(name)}": _means(means) for name, means in comparison.by_slice.items()}
    if len(comparison.slices) and (pair := comparison.contrast):
        columns = ["slice", "value", "questions", pair.first, pair.second, "difference [95% CI]", "p"]
        cells = pd.DataFrame(slice_cells(comparison.slices), columns=columns)
        tables[f"{pair.first} against {pair.second}, by slice"] = cells
    if len(comparison.by_metric.columns):
        tables["Other metrics"] = _means(comparison.by_metric)
    return tables


def _means(means: pd.DataFrame) -> pd.DataFrame:
    rows = [[str(name), *(known(v, ".2f") for v in row)] for name, *row in means.itertuples()]
    return pd.DataFrame(rows, columns=["strategy", *(str(c) or "(none)" for c in means.columns)])


def _markdown_text(text: str) -> str:
    """Text in one line in which no character marks anything up; an underscore within a word does not."""
    return re.sub(r"([\\*|<`])", r"\\\1", " ".join(text.split()))
