"""What an application has spent, restarts included."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

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
