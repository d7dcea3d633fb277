"""From outcomes to a judgement: statistics, baselines, the frontier, pictures, the report."""

from __future__ import annotations

from typing import Any

__all__ = ["Comparison", "compare"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lcrag.analysis' has no attribute {name!r}")
    from lcrag.analysis import comparison

    return getattr(comparison, name)
