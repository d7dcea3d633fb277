"""What all checks share."""

from __future__ import annotations

import json
from typing import Any

from lcrag.components.kinds import KINDS
from lcrag.components.settings import settings


def promise(kept: bool, sentence: str) -> None:
    """Raise an ``AssertionError`` with the sentence unless the promise is kept."""
    if not kept:
        raise AssertionError(sentence)


def check_component(component: Any, kind: str, *members: str) -> str:
    """Check what every component promises, and return its name for messages.

    Raises:
        AssertionError: a member is missing, or the settings are not plain values.
    """
    label = str(getattr(component, "name", type(component).__name__))
    for member in (KINDS[kind].member, *members):
        promise(hasattr(component, member), f"{label}: a {kind} needs `{member}`.")
    try:
        json.dumps(settings(component, identity=True))
    except TypeError as error:
        raise AssertionError(f"{label}: its settings are not plain values ({error}).") from error
    return label
