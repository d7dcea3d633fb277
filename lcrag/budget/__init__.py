"""How much compute a question may spend, and where it is spent best."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "lcrag.budget.caps": ["Budget", "Limits", "OverBudget"],
    "lcrag.budget.allocation": ["Assignment", "allocate"],
    "lcrag.budget.online": ["OnlineAllocator"],
    "lcrag.budget.measured": ["Informativeness", "Measured"],
    "lcrag.budget.model": ["AllocationModel", "fit"],
    "lcrag.budget.choices": ["Report"],
    "lcrag.budget.evaluation": ["report"],
    "lcrag.budget.curve": ["BudgetCurve", "budget_curve"],
    "lcrag.budget.replay": ["Replay", "replay_curve"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'lcrag.budget' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
