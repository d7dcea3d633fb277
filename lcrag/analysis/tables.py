"""A comparison as text: for the terminal, Markdown and LaTeX. What is not known is a dash, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isnan

import pandas as pd

from lcrag.tables import WIDTH, aligned, human, many, wrapped

LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
LATEX = {c: "\\" + c for c in "_%&#$"} | {"†": r"$\dagger$"}
LATEX |= {"{": r"\{", "}": r"\}", "\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}


def cells(table: pd.DataFrame, best: str) -> pd.DataFrame:
    """``Comparison.table`` as text cells."""
    t = table
    columns = {
        "strategy": [name + " †" * (name == best) for name in t["name"]],
        "scored": [f"{s}/{s + f + u}" for s, f, u in zip(t.scored, t.failed, t.unscored, strict=True)],
        "accuracy [95% CI]": [
            _interval(m, lo, hi) for m, lo, hi in zip(t.accuracy, t.low, t.high, strict=True)
        ],
        "p": [p_cell(p) for p in t.p_value],
        "W/T/L": [
            "-" if isnan(w) else f"{w:.0f}/{x:.0f}/{y:.0f}"
            for w, x, y in zip(t.wins, t.ties, t.losses, strict=True)
        ],
        "prompt": t.prompt.map(human),
        "cached": t.cached.map(human),
        "written": t.completion.map(human),
        "build": t.build.map(human),
        "FLOPs": t.flops.map(human),
        "seconds": [human(s) if s >= 10 or isnan(s) else f"{s:.2f}" for s in t.seconds],
    }
    if t.dollars.gt(0).any():
        columns["dollars"] = [_dollars(d) for d in t.dollars]
    return pd.DataFrame(columns)


def smallest_p(table: pd.DataFrame, documents: int) -> float:
    """The least p-value that the exact sign-flip test can give after Holm's correction."""
    return min(1.0, float(table["p_value"].notna().sum()) * 2 / 2.0**documents)


def footnotes(table: pd.DataFrame, questions: int, documents: int, skipped: int) -> list[str]:
    """What the marks mean and what is missing, with the reason."""
    tests = int(table["p_value"].notna().sum())
    notes = [
        "† the best strategy. p and W/T/L (questions won, tied, lost) are against it: paired sign-flip test by "
        "document, Holm-corrected; * p<.05, ** p<.01, *** p<.001.",
        "Intervals: bootstrap clustered by document. Tokens, FLOPs and seconds: mean a question. build: its share "
        "of the tokens of what is made once for its document, an embedder's among them; FLOPs are the reader's.",
    ]
    smallest = smallest_p(table, documents)
    if tests and smallest > LEVELS[-1][0]:
        notes.append(
            f"With {many(documents, 'document')} and {many(tests, 'test')} p cannot fall below {smallest:.2g}: "
            "no difference can be significant."
        )
    strategies = table[table["group"] == "strategy"]
    unknown = [("FLOPs", "flops", "the model's shape or what an embedder built is not known")]
    if table["dollars"].gt(0).any():
        unknown.append(("dollars", "dollars", "the price is not known"))
    for label, column, why in unknown:
        missing = strategies[strategies[column].isna() & (strategies["scored"] > 0)]["name"]
        if len(missing):
            notes.append(f"No {label} for {', '.join(missing)}: {why}.")
    failed = strategies[strategies["failed"] > 0]
    if len(failed):
        said = ", ".join(f"{n} {f}" for n, f in zip(failed["name"], failed["failed"], strict=True))
        notes.append(f"Failed answers are not scored and not in the means of cost: {said}.")
    cut = strategies[strategies["truncated"] > 0]
    if len(cut):
        said = ", ".join(f"{n} {c}" for n, c in zip(cut["name"], cut["truncated"], strict=True))
        notes.append(f"Contexts that were cut to fit: {said}.")
    if skipped == questions:
        notes.append("No question is scored in every strategy: there are no router and baseline figures.")
    elif skipped:
        notes.append(
            f"Routers and baselines leave out {many(skipped, 'question')} that some strategy has no score on."
        )
    return notes


def text(
    head: str,
    shown: pd.DataFrame,
    groups: Sequence[str],
    tails: Mapping[str, pd.DataFrame],
    notes: Sequence[str],
) -> str:
    """For the terminal: the table, further tables of means under their titles, footnotes."""
    lines = aligned([list(shown.columns), *shown.to_numpy().tolist()])
    rule = "─" * len(lines[0])
    body = [head, rule, lines[0], rule, lines[1]]
    for (before, now), line in zip(pairwise(groups), lines[2:], strict=True):
        body += [rule, line] if now != before else [line]
    body += [rule, ""]
    for title, table in tails.items():
        if len(table.columns) > 1 or table.columns.tolist() not in ([""], []):
            for part in _fitting(title, table):
                rows = [
                    [str(n), *("-" if isnan(v) else f"{v:.2f}" for v in r)] for n, *r in part.itertuples()
                ]
                body += [*aligned([[title, *(str(c) or "(none)" for c in part.columns)], *rows]), ""]
    return "\n".join([*body, *wrapped(notes)])


def _fitting(title: str, table: pd.DataFrame) -> list[pd.DataFrame]:
    """The table in parts that fit the width; where there are several, without rows that know nothing."""
    left = max(len(title), *(len(str(n)) for n in table.index))
    parts: list[list[str]] = [[]]
    used = left
    for column in table.columns:
        width = 2 + max(len(str(column)) or 6, *(4 if isnan(v) else len(f"{v:.2f}") for v in table[column]))
        if parts[-1] and used + width > WIDTH:
            parts.append([])
            used = left
        parts[-1].append(column)
        used += width
    return [table] if len(parts) == 1 else [table[columns].dropna(how="all") for columns in parts]


def latex(shown: pd.DataFrame, groups: Sequence[str]) -> str:
    """A LaTeX table (booktabs), a rule between strategies, routers and baselines."""
    lines = [
        " & ".join("".join(LATEX.get(c, c) for c in cell) for cell in row) + r" \\"
        for row in [list(shown.columns), *shown.to_numpy().tolist()]
    ]
    body = [lines[0], r"\midrule", lines[1]]
    for (before, now), line in zip(pairwise(groups), lines[2:], strict=True):
        body += [r"\midrule", line] if now != before else [line]
    top = [rf"\begin{{tabular}}{{l{'r' * (len(shown.columns) - 1)}}}", r"\toprule"]
    return "\n".join([*top, *body, r"\bottomrule", r"\end{tabular}"])


def _interval(mean: float, low: float, high: float) -> str:
    if isnan(mean):
        return "-"
    return f"{mean:.3f} [{low:.2f}, {high:.2f}]" if not isnan(low) else f"{mean:.3f} [-]"


def p_cell(p: float) -> str:
    """A p-value with its stars."""
    if isnan(p):
        return "-"
    stars = next((s for level, s in LEVELS if p < level), "")
    return ("<.001" if p < 0.001 else f"{p:.3f}") + stars


def _dollars(dollars: float) -> str:
    return (
        "-" if isnan(dollars) else f"{dollars:.4f}" if dollars >= 0.001 or not dollars else f"{dollars:.1e}"
    )
