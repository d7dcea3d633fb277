"""What an application has spent, restarts included."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError, reason
from lcrag.files import write_atomically
from lcrag.runtime.meter import Spending
from lcrag.schema import Usage


def restore_spent(spending: Spending, path: Path) -> None:
    """Count what earlier processes have spent, if there is a file of it.

    Raises:
        LcragError: the file is damaged.
    """
    try:
        spending.pay(Usage(**json.loads(path.read_text("utf-8"))))
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError) as error:
        raise LcragError(
            f"{path} cannot be read ({reason(error)}): restore it, or remove it and count from zero."
        ) from error


def save_spent(spending: Spending, path: Path) -> None:
    """Write down what has been spent.

    Raises:
        LcragError: the file cannot be written.
    """
    write_atomically(path, json.dumps(asdict(spending.paid)))


def difference(total: Usage, part: Usage) -> Usage:
    """What of ``total`` is not in ``part``; unknown amounts stay unknown."""
    values: dict[str, Any] = {}
    for name in (f.name for f in fields(Usage)):
        a, b = getattr(total, name), getattr(part, name)
        values[name] = a if name == "kv_bytes" else None if a is None or b is None else max(0, a - b)
    return Usage(**values)
