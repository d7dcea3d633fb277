"""A calibration as it is printed."""

from __future__ import annotations

from lcrag.judging.calibration import Bias, Calibration
from lcrag.statistics import Interval, Rate
from lcrag.tables import aligned, interval, many, ruled, wrapped

LABELS = ("wrong", "right")


def calibration_text(calibration: Calibration) -> str:
    """The figures, the same by kind, strategy and model, the biases, and what to do, in words."""
    c = calibration
    rows = [
        ("agreement", _figure(c.agreement), many(c.agreement.n, "verdict")),
        ("Cohen's kappa", _figure(c.kappa), many(c.kappa.clusters, "document")),
        (
            "sensitivity",
            _figure(c.sensitivity),
            f"share of {c.sensitivity.n} right answers that are judged right",
        ),
        (
            "specificity",
            _figure(c.specificity),
            f"share of {c.specificity.n} wrong answers that are judged wrong",
        ),
        ("unreadable", f"{c.unreadable:.1%}", "share of answers without a verdict; in no other figure"),
    ]
    lines = [
        f"{c.judge} judges {c.metric}: {many(c.n, 'answer')} of {c.labels}, {c.right} labelled right, "
        f"{c.n - c.right} wrong.",
        "",
        *aligned(rows, left=3, header=False),
    ]
    if c.groups:
        header = ("by", "", "n", "unreadable", "agreement", "sensitivity", "specificity")
        body = [
            (
                g.by,
                g.name,
                str(g.n),
                str(g.unreadable),
                *map(_figure, (g.agreement, g.sensitivity, g.specificity)),
            )
            for g in c.groups
        ]
        lines += ["", *ruled([header, *body], left=2)]
    lines += ["", *wrapped(_bias_notes(c.biases)), "", *wrapped([c.verdict])]
    return "\n".join(lines)


def _figure(figure: Rate | Interval) -> str:
    return interval(figure.mean, figure.low, figure.high)


def _bias_notes(biases: tuple[Bias, ...]) -> list[str]:
    """The clear differences; where length makes none, a sentence that says so."""
    notes = []
    for b in biases:
        if b.is_clear:
            often = "more" if b.difference.mean > 0 else "less"
            group = f"{b.group[0].upper()}{b.group[1:]} that are {LABELS[b.label]}"
            size = interval(*_size(b.difference))
            notes.append(f"{group} are judged right {often} often than others: by {size}.")
    for group, words in (("longer answers", "length"), ("its own answers", "own answers")):
        measured = [b for b in biases if b.group == group]
        if measured and not any(b.is_clear for b in measured):
            figures = " and ".join(f"{_figure(b.difference)} of {LABELS[b.label]} ones" for b in measured)
            notes.append(f"No clear bias by {words}: {group} are judged right more often by {figures}.")
    return notes


def _size(difference: Interval) -> tuple[float, float, float]:
    """The size of a clear difference with its bounds, without a sign."""
    low, high = sorted((abs(difference.low), abs(difference.high)))
    return abs(difference.mean), low, high
