"""A router as a file: its settings and what it has learned, without pickle.

The file is one skops file of a plain dict: ``format``, ``versions`` and ``router``, which holds the router's type, its
settings and its state as dicts, lists, arrays and scikit-learn estimators. Nothing in it is built before every type
that it names is known (see ``lcrag.routers.saving``). What a trusted type answers is not checked: a file from a
stranger may route as badly as it likes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import Field

from lcrag.errors import LcragError
from lcrag.files import write_atomically
from lcrag.routers.learning.router import LearningRouter, ReplayableRouter
from lcrag.routers.saving.archive import damaged, read_members
from lcrag.routers.saving.classes import Trusted, class_of, estimator_names, name_of
from lcrag.routers.saving.plain import checked, decode, encode
from lcrag.routers.saving.schema import check_schema, holds_estimators, plain, types_in

FORMAT = 2
# In YAML a text becomes a path, which is relative to the file that it stands in.
RouterPath = Annotated[Path | str, Field(union_mode="left_to_right")]


def save_router(router: ReplayableRouter, path: Path | str) -> None:
    """Write a router with what it has learned, whole or not at all.

    Any frozen dataclass derived from ``ReplayableRouter`` or ``LearningRouter`` can be saved, this project's or not.

    Raises:
        LcragError: the router or something that it holds cannot be saved, or the file cannot be written.
    """
    from skops.io import dumps

    content = {"format": FORMAT, "versions": _versions(), "router": _record(router, "router")}
    try:
        data = dumps(content, compression=zipfile.ZIP_DEFLATED)
    except Exception as error:  # skops raises whatever an estimator's own code raises
        raise LcragError(f"Router {router.name} cannot be saved: {error}") from error
    write_atomically(Path(path), data)


def load_router(path: RouterPath, trusted: Trusted = ()) -> ReplayableRouter:
    """A router as it was saved.

    Args:
        path: the file.
        trusted: further classes that may be loaded: routers as a class, ``module:Class`` or ``./file.py:Class``
            (relative to the current folder), estimators as a class or ``package.module.Class``.

    Raises:
        LcragError: there is no such file, it is not a router's, it has another format or was fitted with another
            release of scikit-learn, or it holds a type that is not trusted.
    """
    from skops.io import loads

    path = Path(path)
    data, members = read_members(path)
    estimators = estimator_names(trusted)
    try:
        schema = check_schema(members, estimators, path)
        _check_versions(schema, path)
        content = loads(data, trusted=sorted(types_in(schema)))  # all of them are checked by now
        return _router(content["router"], trusted, path)
    except LcragError:
        raise
    except Exception as error:  # whatever skops, numpy or a trusted class makes of a crafted file
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("scikit-learn", "skops", "numpy")}


def _check_versions(schema: dict[str, Any], path: Path) -> None:
    """Refuse another format, and an estimator that was fitted with another minor release of scikit-learn."""
    content = schema["content"]
    saved_format, saved = plain(content["format"]), plain(content["versions"])["scikit-learn"]
    if saved_format != FORMAT:
        raise LcragError(
            f"{path} holds a router of format {saved_format}, this lcrag reads {FORMAT}: fit it again."
        )
    current = version("scikit-learn")
    if holds_estimators(schema) and saved.split(".")[:2] != current.split(".")[:2]:
        raise LcragError(
            f"{path} was fitted with scikit-learn {saved}, this is {current}: fit it again or install that version."
        )


def _record(router: ReplayableRouter, where: str) -> dict[str, Any]:
    """A router as a plain dict."""
    kind = type(router)
    if not is_dataclass(kind):
        raise LcragError(f"Router {router.name} cannot be saved: make {kind.__name__} a dataclass.")
    hints = get_type_hints(kind)
    settings = {n: encode(getattr(router, n), hints[n], f"{where}.{n}", _record) for n in _settings(kind)}
    state = None
    if isinstance(router, LearningRouter):
        state = encode(router.state, router.state_type(), f"{where}.state", _record)
    return {"type": name_of(kind), "settings": settings, "state": state}


def _router(record: Mapping[str, Any], trusted: Trusted, path: Path) -> ReplayableRouter:
    """The router of a plain dict."""
    kind = class_of(record["type"], trusted, path)
    hints = get_type_hints(kind)

    def inner(nested: Mapping[str, Any]) -> ReplayableRouter:
        return _router(nested, trusted, path)

    names = _settings(kind)
    if unknown := [n for n in record["settings"] if n not in names]:
        raise LcragError(
            f"{path} has a setting {unknown[0]!r}, which {kind.__name__} does not have: fit it again."
        )
    router = kind(
        **{n: checked(decode(v, hints[n], inner), hints[n], n) for n, v in record["settings"].items()}
    )
    if isinstance(router, LearningRouter) and record["state"] is not None:
        return router.with_state(decode(record["state"], router.state_type(), inner))
    return router


def _settings(kind: Any) -> list[str]:
    """The names of the fields that are settings."""
    return [f.name for f in fields(kind) if f.init and not f.name.startswith("_")]
