"""How much a question or an experiment may spend at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

from lcrag.errors import LcragError
from lcrag.schema import Usage

UNITS = ("tokens", "flops", "dollars", "seconds")


class OverBudget(LcragError):
    """A call that was not made because it could have gone over a cap.

    ``scope`` is ``question`` or ``experiment``, ``unit`` one of ``UNITS``.
    """

    def __init__(self, message: str, scope: str, unit: str) -> None:
        super().__init__(message)
        self.scope, self.unit = scope, unit


@dataclass(frozen=True)
class Limits:
    """The most that may be spent, in each unit that is given.

    Attributes:
        tokens: of the reader: prompt (cached ones included) and completion.
        flops: by the reader's shape.
        dollars: by the price card, else as published.
        seconds: the reader's time, as ``Usage.seconds`` counts it.

    Raises:
        LcragError: a limit is not a number above 0.
    """

    tokens: float | None = None
    flops: float | None = None
    dollars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for unit, most in self.given.items():
            number = isinstance(most, int | float) and not isinstance(most, bool)
            if not number or not isfinite(most) or most <= 0:
                raise LcragError(f"A budget of {most!r} {unit} buys nothing: give a number above 0.")

    @property
    def given(self) -> dict[str, float]:
        """The limits that are set, by unit."""
        return {unit: most for unit in UNITS if (most := getattr(self, unit)) is not None}


@dataclass(frozen=True)
class Budget:
    """Caps that the engine keeps before a call, not after it.

    A call is refused when what is spent and the most that the call may take (its prompt tokens, uncached, and
    ``max_tokens``) go over a cap; its question becomes a row with an error that names the cap. Seconds cannot be known
    before a call: what is spent counts, and the call at the pace below, so that one call may go over.

    Attributes:
        question: for each question under each strategy, its share of what is built once for its document included.
        experiment: for everything that the run's folder has paid for, rows of an interrupted run included.
        seconds_per_token: pace for caps in seconds, if it was calibrated; else the mean of the calls so far.
    """

    question: Limits = field(default_factory=Limits)
    experiment: Limits = field(default_factory=Limits)
    seconds_per_token: float | None = None

    def __post_init__(self) -> None:
        for scope in ("question", "experiment"):
            given = getattr(self, scope)
            if isinstance(given, Mapping):
                object.__setattr__(self, scope, limits(given, scope))
        pace = self.seconds_per_token
        if pace is not None and not pace > 0:
            raise LcragError(f"seconds_per_token is {pace!r}: give a number above 0.")

    def __bool__(self) -> bool:
        return bool(self.question.given or self.experiment.given)

    def check(self, priced: Usage, reader: str) -> None:
        """Refuse caps that could not be kept.

        Args:
            priced: any usage with what FLOPs and dollars are known of.
            reader: its name, for the message.

        Raises:
            LcragError: a cap in FLOPs or dollars, and they are not known for this reader.
        """
        remedies = {"flops": "cap tokens instead", "dollars": "give `prices` or cap tokens instead"}
        for scope in ("question", "experiment"):
            for unit, remedy in remedies.items():
                if unit in getattr(self, scope).given and getattr(priced, unit) is None:
                    raise LcragError(
                        f"budget.{scope}.{unit} cannot be kept: the {unit} of {reader} are not known; {remedy}."
                    )


def limits(given: Mapping[str, Any], scope: str) -> Limits:
    """Limits from a mapping.

    Raises:
        LcragError: an unknown unit, or a limit that is not a number above 0.
    """
    known = [f.name for f in fields(Limits)]
    for unit in given:
        if unit not in known:
            raise LcragError(f"budget.{scope}: unknown unit {unit!r}; known are: {', '.join(known)}.")
    return Limits(**given)


def amounts(usage: Usage) -> dict[str, float | None]:
    """A usage in the units of a budget; ``None`` for what is not known."""
    tokens = usage.prompt_tokens + usage.completion_tokens
    return {
        "tokens": tokens,
        "flops": usage.flops,
        "dollars": usage.dollars,
        "seconds": usage.seconds,
    }
