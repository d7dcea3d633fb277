"""How often a judge errs, as it was measured on labelled answers: kept as JSON, and checked before it decides."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lcrag.errors import LcragError
from lcrag.files import write_atomically
from lcrag.statistics import Interval, Rate

VERSION = 1
MIN_KAPPA = 0.2  # Landis and Koch 1977: up to here agreement is "slight"
GOOD_KAPPA = 0.6  # from here on it is "substantial"
MAX_UNREADABLE = 0.1  # share of replies without a verdict, from which on the verdicts are a selection


@dataclass(frozen=True)
class Bias:
    """Whether answers of one group are judged right more often than others with the same label.

    Attributes:
        group: The answers, such as ``the longer half``.
        label: 1: among right answers (difference of true-positive rates), 0: among wrong ones (false-positive rates).
        difference: The rate in the group minus that of the others.
    """

    group: str
    label: int
    difference: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True)
class GroupErrors:
    """How the judge does on one kind of question, strategy or model.

    Attributes:
        by: ``kind``, ``strategy`` or ``model``.
        name: Its name.
        n: Labelled answers.
        unreadable: Those without a verdict.
        agreement: Share of verdicts that are the label.
        sensitivity: Share of right answers that are judged right.
        specificity: Share of wrong answers that are judged wrong.
    """

    by: str
    name: str
    n: int
    unreadable: int
    agreement: Rate
    sensitivity: Rate
    specificity: Rate


@dataclass(frozen=True)
class Calibration:
    """A judge's errors on labelled answers.

    Attributes:
        judge: The model that judged.
        metric: The judged metric's name.
        digest: Names the judge and everything in the metric that its verdicts depend on (``judge_digest``).
        labels: Where the labels are from.
        n: Labelled answers that were judged.
        right: Those that are labelled right.
        unreadable: Share of them without a verdict; they are in no other figure.
        agreement: Share of verdicts that are the label.
        kappa: Cohen's kappa of verdicts and labels.
        sensitivity: Share of right answers that are judged right.
        specificity: Share of wrong answers that are judged wrong.
        covariance: Covariance of these two, which share documents.
        correct_threshold: The score from which a verdict counts as right.
        groups: The same figures by kind, strategy and model.
        biases: Differences by length and for the judge's own answers.
        usable: Whether the judge may decide, with its errors corrected.
        version: The version of this format.
    """

    judge: str
    metric: str
    digest: str
    labels: str
    n: int
    right: int
    unreadable: float
    agreement: Rate
    kappa: Interval
    sensitivity: Rate
    specificity: Rate
    covariance: float
    correct_threshold: float = 0.5
    groups: tuple[GroupErrors, ...] = ()
    biases: tuple[Bias, ...] = ()
    usable: bool = field(init=False)
    version: int = VERSION

    def __post_init__(self) -> None:
        is_known = self.kappa.low > MIN_KAPPA and self.sensitivity.n > 0 < self.specificity.n
        object.__setattr__(self, "usable", bool(is_known and self.unreadable <= MAX_UNREADABLE))

    @property
    def verdict(self) -> str:
        """What the figures mean, in one sentence."""
        k = self.kappa
        figures = f"kappa {k.mean:.2f} [{k.low:.2f}, {k.high:.2f}]"
        if not self.sensitivity.n or not self.specificity.n:
            missing = "right" if not self.sensitivity.n else "wrong"
            return f"Nothing is known of this judge: no answer that is labelled {missing} has a verdict."
        if not k.low > 1e-9:
            return f"This judge is no better than chance ({figures}): do not let it decide."
        if self.unreadable > MAX_UNREADABLE:
            return (
                f"This judge gives no verdict on {self.unreadable:.0%} of the answers (more than "
                f"{MAX_UNREADABLE:.0%}): do not let it decide."
            )
        if not self.usable:
            return (
                f"This judge is hardly better than chance ({figures}; needed is a lower bound above {MIN_KAPPA}): "
                "do not let it decide."
            )
        if k.low < GOOD_KAPPA:
            return (
                f"This judge is usable with correction ({figures}; lower bound above {MIN_KAPPA}): correct its "
                "accuracies for its errors."
            )
        return (
            f"This judge is good ({figures}; lower bound from {GOOD_KAPPA} on); its errors can be corrected."
        )

    def check(self, judge_settings_digest: str, *, uncalibrated: bool = False) -> None:
        """Refuse a judge that decides without being fit for it.

        Args:
            judge_settings_digest: ``judge_digest`` of the judge that is to decide.
            uncalibrated: let it decide all the same.

        Raises:
            LcragError: the calibration is of another judge or rubric, or says that the judge is not usable.
        """
        if uncalibrated:
            return
        if judge_settings_digest != self.digest:
            raise LcragError(
                f"The calibration is of the judge {self.judge!r} with the metric {self.metric!r} and other settings "
                "than the one that decides: run `lcrag judge check` with this judge, or set `uncalibrated: true`."
            )
        if not self.usable:
            raise LcragError(
                f"{self.verdict.rstrip('.')} (or set `uncalibrated: true`, and say so where you report it)."
            )

    def save(self, path: Path | str) -> None:
        """Write it as JSON; what is not known is null.

        Raises:
            LcragError: the file cannot be written.
        """
        content = _plain(asdict(self)) | {"verdict": self.verdict}
        write_atomically(Path(path), json.dumps(content, indent=1) + "\n")


def load_calibration(path: Path | str) -> Calibration:
    """Read what ``Calibration.save`` wrote; whether the judge is usable is worked out again from its figures.

    Raises:
        LcragError: there is no such file, or it is not a calibration.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise LcragError(f"There is no calibration {path}: make one with `lcrag judge check`.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise LcragError(f"{path} cannot be read as a calibration ({error}).") from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise LcragError(f"{path} is not a calibration of version {VERSION}: run `lcrag judge check` again.")
    content = {k: v for k, v in content.items() if k not in {"usable", "verdict"}}
    try:
        return _ADAPTER.validate_python(_numbers(content))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise LcragError(
            f"{path}: {key or 'a key'} does not fit ({first['msg']}): run `lcrag judge check` again."
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and value != value else value


def _numbers(value: Any) -> Any:
    """The content with NaN where JSON has null: no field of a calibration is ever ``None``."""
    if isinstance(value, dict):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    return float("nan") if value is None else value


_ADAPTER = TypeAdapter(Calibration)
