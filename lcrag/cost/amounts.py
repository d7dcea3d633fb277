"""Checks of amounts: finite numbers, and numbers that are not negative."""

from __future__ import annotations

from typing import Any

from lcrag.errors import LcragError


def is_number(value: Any) -> bool:
    """Whether a value is an int or a float, finite, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def not_negative(**amounts: float) -> None:
    """Check amounts; an error names the amount, with spaces for underscores.

    Raises:
        LcragError: an amount is negative or NaN.
    """
    for name, amount in amounts.items():
        if not amount >= 0:
            raise LcragError(f"{name.replace('_', ' ')} must not be negative, but it is {amount}.")
