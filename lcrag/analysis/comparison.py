"""Strategies side by side: ``print(compare(outcomes))`` is the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from lcrag.analysis.baselines import best_fixed, common, oracle, random_choice, replay
from lcrag.analysis.bootstrap import clustered_mean, holm, paired_difference

FLOOR = "closed_book"
LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


@dataclass(frozen=True)
class Comparison:
    """The result of ``compare``.

    Attributes:
        table: a row for each strategy, then routers, then baselines. Columns: ``name``, ``group``
            (``strategy``, ``router``, ``baseline``), ``scored``, ``failed``, ``unscored``, ``accuracy``,
            ``low``, ``high``, ``prompt``, ``cached``, ``completion``, ``build`` (tokens a question),
            ``flops``, ``seconds``, ``dollars`` (a question), ``p_value`` (against ``best``, Holm),
            ``wins``, ``ties``, ``losses``.
        by_kind: mean score, strategies by kinds of question.
        best: the strategy with the highest accuracy.
        questions: how many questions there are.
        documents: on how many documents.
        skipped: questions left out of router and baseline rows, because a candidate is unscored.
    """

    table: pd.DataFrame
    by_kind: pd.DataFrame
    best: str
    questions: int
    documents: int
    skipped: int

    def shown(self) -> pd.DataFrame:
        """The table as text cells, for printing; what is not known is a dash."""
        t = self.table
        columns = {
            "strategy": t["name"] + t["name"].map(lambda n: " †" if n == self.best else ""),
            "scored": [f"{s}/{s + f + u}" for s, f, u in zip(t.scored, t.failed, t.unscored, strict=True)],
            "accuracy [95% CI]": [
                _interval(m, lo, hi) for m, lo, hi in zip(t.accuracy, t.low, t.high, strict=True)
            ],
            "p": [_p(p) for p in t.p_value],
            "W/T/L": [
                "-" if isnan(w) else f"{w:.0f}/{x:.0f}/{y:.0f}"
                for w, x, y in zip(t.wins, t.ties, t.losses, strict=True)
            ],
            "prompt": t.prompt.map(human),
            "cached": t.cached.map(human),
            "written": t.completion.map(human),
            "build": t.build.map(human),
            "FLOPs": t.flops.map(human),
            "seconds": t.seconds.map(lambda s: "-" if isnan(s) else f"{s:.2f}"),
        }
        if t.dollars.gt(0).any():
            columns["dollars"] = t.dollars.map(lambda d: "-" if isnan(d) else f"{d:.5f}")
        return pd.DataFrame(columns)

    def footnotes(self) -> list[str]:
        """What the table's marks mean."""
        notes = [
            "† best strategy; p and W/T/L (questions won, tied, lost) are against it: paired sign-flip test by "
            "document, Holm-corrected; * p<.05, ** p<.01, *** p<.001.",
            "Intervals: bootstrap clustered by document. Tokens, FLOPs and seconds: mean a question; build is "
            "its share of what was made once for its document.",
        ]
        if self.documents < 6:
            notes.append(f"With {self.documents} documents no p below {2 / 2**self.documents:.2g} can be reached.")
        if self.skipped:
            notes.append(f"Routers and baselines leave out {self.skipped} questions that some strategy did not score.")
        return notes

    def __str__(self) -> str:
        rows = self.shown()
        cells = [list(rows.columns), *rows.to_numpy().tolist()]
        widths = [max(len(r[i]) for r in cells) for i in range(len(cells[0]))]
        lines = [_aligned(r, widths) for r in cells]
        rule = "-" * len(lines[0])
        groups = self.table["group"].tolist()
        body = [f"{self.questions} questions on {self.documents} documents", rule, lines[0], rule]
        for i, line in enumerate(lines[1:]):
            if i and groups[i] != groups[i - 1]:
                body.append(rule)
            body.append(line)
        kinds = self.by_kind.map(lambda v: "-" if isnan(v) else f"{v:.2f}").reset_index()
        cells = [["accuracy by kind", *map(str, kinds.columns[1:])], *kinds.to_numpy().tolist()]
        widths = [max(len(str(r[i])) for r in cells) for i in range(len(cells[0]))]
        body += [rule, "", *(_aligned(list(map(str, r)), widths) for r in cells), "", *self.footnotes()]
        return "\n".join(body)

    def to_markdown(self) -> str:
        """The table in Markdown."""
        rows = self.shown()
        head = "| " + " | ".join(rows.columns) + " |"
        rule = "|" + "|".join("---" if i == 0 else "---:" for i in range(len(rows.columns))) + "|"
        body = ["| " + " | ".join(r) + " |" for r in rows.to_numpy().tolist()]
        return "\n".join([head, rule, *body])

    def to_latex(self) -> str:
        """The table in LaTeX (booktabs)."""
        rows = self.shown()

        def line(cells: Sequence[str]) -> str:
            escaped = [c.replace("_", r"\_").replace("%", r"\%").replace("†", r"$\dagger$") for c in cells]
            return " & ".join(escaped) + r" \\"

        spec = "l" + "r" * (len(rows.columns) - 1)
        body = [line(r) for r in rows.to_numpy().tolist()]
        top = [rf"\begin{{tabular}}{{{spec}}}", r"\toprule", line(list(rows.columns)), r"\midrule"]
        return "\n".join([*top, *body, r"\bottomrule", r"\end{tabular}"])


def compare(
    outcomes: pd.DataFrame,
    *,
    routers: Mapping[str, Mapping[str, str]] | None = None,
    floor: str = FLOOR,
    seed: int = 0,
) -> Comparison:
    """Compare strategies on a table of outcomes (``Outcome.flat()`` rows).

    Args:
        outcomes: one row for each question and strategy.
        routers: for each router the strategy it chose for each question; replayed at no cost.
        floor: a strategy that oracle, best fixed, random and routers do not choose from.
        seed: of the bootstrap.
    """
    outcomes = _with_costs(outcomes)
    names = list(dict.fromkeys(outcomes["strategy"]))
    rows = {name: outcomes[outcomes["strategy"] == name] for name in names}
    means = {name: r["score"].mean() for name, r in rows.items()}
    best = max(names, key=lambda n: (-1.0 if isnan(means[n]) else means[n], -rows[n]["cost"].mean()))
    candidates = [n for n in names if n != floor] or names
    pool = common(outcomes, candidates)
    groups = dict.fromkeys(names, "strategy")
    for name, choices in (routers or {}).items():
        rows[name] = replay(pool, choices)
        groups[name] = "router"
    if len(pool):
        fixed = best_fixed(pool, "cost")
        for name, frame in (
            ("oracle", oracle(pool, "cost")),
            (f"best fixed ({fixed})", pool[pool["strategy"] == fixed]),
            ("random (mean)", random_choice(pool)),
        ):
            rows[name], groups[name] = frame, "baseline"
    table = pd.DataFrame([{"name": n, "group": groups[n], **_summary(r, seed)} for n, r in rows.items()])
    table = table.join(_paired(table, rows, best, seed))
    by_kind = pd.DataFrame({n: rows[n].groupby("kind", sort=True)["score"].mean() for n in rows}).T
    questions = outcomes["question_id"].nunique()
    skipped = questions - pool["question_id"].nunique()
    by_kind.index.name = "strategy"
    return Comparison(table, by_kind, best, questions, outcomes["document_id"].nunique(), skipped)


def _with_costs(outcomes: pd.DataFrame) -> pd.DataFrame:
    """What a question took, retrieval and judging aside: the reader's work, routing and its share of building."""

    def both(amount: str) -> Any:
        return pd.to_numeric(outcomes[f"read_{amount}"]) + pd.to_numeric(outcomes[f"route_{amount}"])

    costs = {a: both(f"{a}_tokens") for a in ("prompt", "cached", "completion")}
    costs |= {a: both(a) for a in ("flops", "seconds", "dollars")}
    frame = outcomes.assign(**costs, build=pd.to_numeric(outcomes["build_prompt_tokens"]))
    frame["score"] = pd.to_numeric(frame["score"])
    failed = frame["error"] != ""
    amounts = [*costs, "build"]
    frame.loc[failed, amounts] = float("nan")
    known = frame["flops"].notna().any()
    frame["cost"] = frame["flops"] if known else frame["prompt"] - frame["cached"] + frame["completion"]
    return frame


def _summary(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    interval = clustered_mean(rows["score"].to_numpy(float), rows["document_id"].tolist(), seed=seed)
    failed = int((rows["error"] != "").sum()) if "error" in rows else 0
    amounts = ("prompt", "cached", "completion", "build", "flops", "seconds", "dollars", "cost")
    return {
        "scored": interval.n,
        "failed": failed,
        "unscored": len(rows) - interval.n - failed,
        "accuracy": interval.mean,
        "low": interval.low,
        "high": interval.high,
        **{a: float(rows[a].mean()) for a in amounts},
    }


def _paired(table: pd.DataFrame, rows: Mapping[str, pd.DataFrame], best: str, seed: int) -> pd.DataFrame:
    """p-values and wins against the best, for all rows but the expectation of a random choice."""
    reference = rows[best].set_index("question_id")
    found = []
    for name, group in zip(table["name"], table["group"], strict=True):
        if name == best or name.startswith("random (") or (group == "baseline" and best in name):
            found.append((float("nan"),) * 4)
            continue
        mine = rows[name].set_index("question_id")["score"].reindex(reference.index)
        pair = paired_difference(
            mine.to_numpy(float),
            reference["score"].to_numpy(float),
            reference["document_id"].tolist(),
            seed=seed,
            resamples=9999,
        )
        found.append((pair.p_value, float(pair.wins), float(pair.ties), float(pair.losses)))
    frame = pd.DataFrame(found, columns=["p_value", "wins", "ties", "losses"])
    frame["p_value"] = holm(frame["p_value"].tolist())
    return frame


def human(number: float) -> str:
    """1234567 as ``1.23M``; a dash for what is not known."""
    if isnan(number):
        return "-"
    for limit, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.3g}"


def _interval(mean: float, low: float, high: float) -> str:
    if isnan(mean):
        return "-"
    return f"{mean:.3f} [{low:.2f}, {high:.2f}]" if not isnan(low) else f"{mean:.3f} [-]"


def _p(p: float) -> str:
    if isnan(p):
        return "-"
    stars = next((s for level, s in LEVELS if p < level), "")
    return f"{p:.3f}{stars}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
    return "  ".join([first, *rest])
