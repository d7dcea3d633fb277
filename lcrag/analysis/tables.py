"""A comparison as text: for the terminal, Markdown and LaTeX. What is not known is a dash, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import isnan

import pandas as pd

from lcrag import statistics, tables
from lcrag.outcomes.costs import LEFT_OUT, UNIT_NAMES
from lcrag.tables import (
    LEVELS,
    aligned,
    counts,
    dollars,
    human,
    interval,
    known,
    many,
    note_width,
    p_value,
    wrapped,
)

# what is left out first on a narrow terminal: what decides least
DROPPED = [
    *("p50", "p95", "written", "build", "cached", "FLOPs cold", "dollars cold", "KV", "by model too"),
    *("seconds", "scored", "W/T/L", "prompt"),
]
OFTEN_CUT = 0.05  # share of a strategy's answers; as many can decide which strategy is the best
UNKNOWN = {"flops": "its shape is not known", "dollars": "it has no price card"}
LATEX = {c: "\\" + c for c in "_%&#$"} | {"†": r"$\dagger$"}
LATEX |= {
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "{": r"\{",
    "}": r"\}",
    "\\": r"\textbackslash{}",
    "~": r"\~{}",
    "^": r"\^{}",
}


def scored_cells(table: pd.DataFrame) -> list[str]:
    """How many answers have a score, of how many."""
    counts = zip(table.scored, table.failed, table.unscored, strict=True)
    return [f"{s}/{s + f + u}" for s, f, u in counts]


def record_cells(table: pd.DataFrame) -> list[str]:
    """Questions won, tied and lost against the reference; a dash for the reference itself."""
    records = zip(table.wins, table.ties, table.losses, strict=True)
    return ["-" if isnan(w) else f"{w:.0f}/{t:.0f}/{x:.0f}" for w, t, x in records]


def cells(table: pd.DataFrame, best: str) -> pd.DataFrame:
    """``Comparison.table`` as text cells."""
    t = table
    has_cache, has_prices = t.cached.gt(0).any(), t.dollars.gt(0).any()
    columns = {
        "strategy": [name + " †" * (name == best) for name in t["name"]],
        "scored": scored_cells(t),
        "accuracy [95% CI]": [
            interval(m, lo, hi) for m, lo, hi in zip(t.accuracy, t.low, t.high, strict=True)
        ],
        "p": [p_value(p, b) for p, b in zip(t.p_value, t.p_is_bound, strict=True)],
        "W/T/L": record_cells(t),
        "prompt": t.prompt.map(human),
        "cached": t.cached.map(human),
        "written": t.completion.map(human),
        "build": t.build.map(human),
        "FLOPs": t.flops.map(human),
        **({"FLOPs cold": t.cold_flops.map(human)} if has_cache else {}),
        "seconds": t.seconds.map(_seconds),
        "p50": t.p50.map(_seconds),
        "p95": t.p95.map(_seconds),
        "KV": t.kv_bytes.map(human),
    }
    if has_prices:
        columns["dollars"] = t.dollars.map(dollars)
    if has_prices and has_cache:
        columns["dollars cold"] = t.cold_dollars.map(dollars)
    return pd.DataFrame(columns)


def _seconds(seconds: float) -> str:
    return human(seconds) if seconds >= 10 or isnan(seconds) else f"{seconds:.2f}"


def smallest_p(table: pd.DataFrame, documents: int) -> float:
    """The smallest p-value that the sign-flip test can give after Holm's correction."""
    return min(1.0, float(table["p_value"].notna().sum()) * statistics.smallest_p(documents))


def footnotes(table: pd.DataFrame, unit: str, questions: int, documents: int, skipped: int) -> list[str]:
    """What the columns mean, and what is missing and why."""
    strategies = table[table["group"] == "strategy"]
    notes = [
        "† the best strategy. p and W/T/L (questions won, tied, lost) are against it: paired sign-flip test by "
        "document, Holm-corrected; * p<.05, ** p<.01, *** p<.001.",
        "Intervals: Student's t of the log-odds, clustered by document. Tokens, FLOPs and seconds: per-question "
        "means. build: its share of the tokens of what is built once for its document, an embedder's among them. FLOPs "
        "and seconds are those of reader, embedder and reranker. p50, p95: seconds that half and 95% of the questions "
        f"take at most. KV: bytes of the largest KV cache of a call. Costs are compared in {UNIT_NAMES[unit]}.",
    ]
    tests = int(table["p_value"].notna().sum())
    smallest = smallest_p(table, documents)
    if tests and smallest > LEVELS[-1][0]:
        notes.append(
            f"With {many(documents, 'document')} and {many(tests, 'test')} p cannot fall below {smallest:.2g}: "
            "no difference can be significant."
        )
    if table["cached"].gt(0).any():
        notes.append(
            "cold: as if no prompt token had been cached; all other amounts are as measured, with the cache."
        )
    if strategies["foreign_cached"].any():
        notes.append(
            "The server reused tokens of other strategies' prompts, or of earlier runs. They count as computed here, "
            "but the seconds are those with them, per question: "
            f"{counts(strategies['name'], strategies['foreign_cached'].round().astype(int))}."
        )
    notes += _unknown_amounts(strategies)
    for column, meaning in (
        ("failed", "Failed answers are not scored and not in the means of cost"),
        ("counted_wrong", "Failed answers that count as wrong (score 0), at the cost that was recorded"),
        ("truncated", "Contexts that were cut to fit"),
        ("cut", "Answers cut at max_tokens"),
    ):
        if strategies[column].any():
            notes.append(f"{meaning}: {counts(strategies['name'], strategies[column])}.")
    notes += _often_cut(strategies)
    if skipped == questions:
        notes.append("No question is scored in every strategy: there are no router and baseline figures.")
    elif skipped:
        notes.append(
            f"Routers and baselines leave out {many(skipped, 'question')} that some strategy has no score on."
        )
    return notes


def _often_cut(strategies: pd.DataFrame) -> list[str]:
    """A warning where a strategy loses the end of more than ``OFTEN_CUT`` of its answers."""
    answered = strategies["scored"] + strategies["unscored"] - strategies["counted_wrong"]
    shares = strategies["cut"] / answered.where(answered > 0)
    often = shares > OFTEN_CUT
    if not often.any():
        return []
    names = ", ".join(
        f"{n} ({share:.0%})" for n, share in zip(strategies["name"][often], shares[often], strict=True)
    )
    return [
        f"Many answers were cut: {names}. The end of such an answer is lost, and its score may be too low: raise "
        "max_tokens of these strategies."
    ]


def _unknown_amounts(strategies: pd.DataFrame) -> list[str]:
    reasons = {"flops": "the reader's shape is not known"}
    if strategies["dollars"].gt(0).any():
        reasons["dollars"] = "the price is not known"
    notes = []
    for column, reason in reasons.items():
        missing = strategies[strategies[column].isna() & (strategies["scored"] > 0)]["name"]
        if len(missing):
            notes.append(f"No {UNIT_NAMES[column]} for {', '.join(missing)}: {reason}.")
    for (column, model), mark in LEFT_OUT.items():
        partial = strategies[strategies[mark].astype(bool) & strategies[column].notna()]["name"]
        if column in reasons and len(partial):
            notes.append(
                f"{UNIT_NAMES[column][0].upper()}{UNIT_NAMES[column][1:]} leave out the "
                f"{model} of {', '.join(partial)}: {UNKNOWN[column]}."
            )
    return notes


def text(
    head: str,
    body: pd.DataFrame,
    groups: Sequence[str],
    tails: Mapping[str, pd.DataFrame],
    notes: Sequence[str],
) -> str:
    """For the terminal: the table, further tables of means under their titles, footnotes."""
    parts = [head, *ruled(body, groups), ""]
    for title, means in tails.items():
        if len(means.columns) > 1 or means.columns.tolist() not in ([""], []):
            for part in _fitting(title, means):
                rows = [[str(name), *(known(v, ".2f") for v in row)] for name, *row in part.itertuples()]
                parts += [*aligned([[title, *(str(c) or "(none)" for c in part.columns)], *rows]), ""]
    return "\n".join([*parts, *wrapped(notes)])


def html(head: str, body: pd.DataFrame, notes: Sequence[str]) -> str:
    """For notebooks: the table under its title, and footnotes; all text is escaped."""
    with pd.option_context("display.max_colwidth", None):
        table = body.to_html(index=False, escape=True, border=0)
    footnotes = "".join(f"<br>{escape(note)}" for note in notes).removeprefix("<br>")
    return f"<p>{escape(head)}</p>\n{table}\n<p><small>{footnotes}</small></p>"


def ruled(body: pd.DataFrame, groups: Sequence[str]) -> list[str]:
    """The lines of a table of text cells, with a rule below its head, between groups and at its end."""
    return tables.ruled([list(body.columns), *body.to_numpy().tolist()], groups=groups, drop=DROPPED)


def _fitting(title: str, table: pd.DataFrame) -> list[pd.DataFrame]:
    """The table in parts that fit the width; where there are several, rows without any value are left out."""
    left = max(len(title), *(len(str(n)) for n in table.index))
    parts: list[list[str]] = [[]]
    used = left
    for column in table.columns:
        width = 2 + max(len(str(column)) or 6, *(4 if isnan(v) else len(f"{v:.2f}") for v in table[column]))
        if parts[-1] and used + width > note_width():
            parts.append([])
            used = left
        parts[-1].append(column)
        used += width
    return [table] if len(parts) == 1 else [table[columns].dropna(how="all") for columns in parts]


def latex(body: pd.DataFrame, groups: Sequence[str]) -> str:
    """A LaTeX table (booktabs) with a rule between strategies, routers and baselines."""
    lines = [
        " & ".join("".join(LATEX.get(c, c) for c in cell) for cell in row) + r" \\"
        for row in [list(body.columns), *body.to_numpy().tolist()]
    ]
    inner = [lines[0], r"\midrule", lines[1]]
    for (before, now), line in zip(pairwise(groups), lines[2:], strict=True):
        inner += [r"\midrule", line] if now != before else [line]
    top = [rf"\begin{{tabular}}{{l{'r' * (len(body.columns) - 1)}}}", r"\toprule"]
    return "\n".join([*top, *inner, r"\bottomrule", r"\end{tabular}"])
