"""Libraries that only some metrics need: they come with ``lcrag[metrics]``."""

from __future__ import annotations

from importlib.util import find_spec

from lcrag.errors import LcragError


def require(metric: str, module: str) -> None:
    """Refuse a metric before anything is spent, if its library is missing.

    Raises:
        LcragError: the library is not installed.
    """
    if find_spec(module) is None:
        raise LcragError(f"The metric {metric!r} needs {module}: pip install 'lcrag[metrics]'.")
