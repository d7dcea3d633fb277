"""A component's settings as plain values: for hashes, MLflow parameters and reports."""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import Field, fields, is_dataclass
from pathlib import PurePath
from typing import Any

from lcrag.redaction import redact

OWN = ("lcrag.", "retrievers.", "embedders.")
# Metadata of a field that came later: at its default it is not part of the identity, so that earlier rows still count.
ADDED = {"added": True}


def settings(component: Any, *, identity: bool = False) -> Any:
    """A component's public fields as plain values, without secrets: they are logged.

    With ``identity`` without the fields that are marked ``operational``: they say how fast or how patiently it
    works, not what comes out; and without those that were ``ADDED`` later and are at their default. A class that
    is not part of this project then also shows a hash of its source, so that rows are made again when its code has
    changed, and a fitted router a hash of what it has learned. A component that stands for another one (a field
    marked ``stands_for``) has the identity of that one.
    """
    return _plain(component, identity) if identity else redact(_plain(component, identity))


def _plain(component: Any, identity: bool) -> Any:
    if is_dataclass(component) and not isinstance(component, type):
        if identity and (other := next((f for f in fields(component) if f.metadata.get("stands_for")), None)):
            return _plain(getattr(component, other.name), identity)
        values = {
            f.name: _plain(getattr(component, f.name), identity)
            for f in fields(component)
            if f.name[0] != "_" and not (identity and _is_left_out(f, component))
        }
        return {"type": type(component).__name__, **(_identity(component) if identity else {}), **values}
    if isinstance(component, dict):
        return {str(k): _plain(v, identity) for k, v in component.items()}
    if isinstance(component, list | tuple):
        return [_plain(item, identity) for item in component]
    if component is None or isinstance(component, str | int | float | bool):
        return component
    if isinstance(component, PurePath):
        return component.name if identity else str(component)  # a folder may be moved
    return f"{type(component).__module__}.{type(component).__qualname__}"


def _is_left_out(field: Field[Any], component: Any) -> bool:
    """Whether a field is no part of the component's identity."""
    at_default = getattr(component, field.name) == field.default
    return bool(field.metadata.get("operational") or (field.metadata.get("added") and at_default))


def digest(component: Any) -> str:
    """A short name for whatever a component's results depend on."""
    identity = json.dumps(settings(component, identity=True), sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _identity(component: Any) -> dict[str, str]:
    """What tells components apart that have the same settings: what was learned, and code that is not ours."""
    learned = {"learned": component.fingerprint()} if hasattr(component, "fingerprint") else {}
    return learned | _source(type(component))


def _source(kind: type) -> dict[str, str]:
    if f"{kind.__module__}.".startswith(OWN):
        return {}
    try:
        return {"source": hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:16]}
    except (OSError, TypeError):  # typed in at a prompt
        return {}
