"""A router as a file: its settings and what it has learned, without pickle.

The file is a zip: ``router.json`` (type, settings, versions, plain values), one ``.npy`` for each array and one
``.skops`` for each scikit-learn estimator (skops loads only types that are known to be harmless).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from lcrag.errors import LcragError
from lcrag.files import write_atomically
from lcrag.routers.base import ReplayableRouter

FORMAT = 1
HARMLESS = ("sklearn.", "scipy.", "numpy.")  # types of these packages only hold numbers
TYPES = {
    "FixedRouter": "lcrag.routers.fixed",
    "RandomRouter": "lcrag.routers.random",
    "LaRARule": "lcrag.routers.lara_rule",
    "LaRAPrior": "lcrag.routers.lara_prior",
    "FeatureRouter": "lcrag.routers.feature",
    "TfidfRouter": "lcrag.routers.tfidf",
    "AdaptiveRAGRouter": "lcrag.routers.adaptive_rag",
    "KNNRouter": "lcrag.routers.knn",
    "QualityRouter": "lcrag.routers.quality",
    "ProbeRouter": "lcrag.routers.probe",
    "CascadeRouter": "lcrag.routers.cascade",
    "LinUCBRouter": "lcrag.routers.linucb",
    "ThompsonRouter": "lcrag.routers.thompson",
    "BudgetRouter": "lcrag.routers.budget",
}


def save_router(router: ReplayableRouter, path: Path | str) -> None:
    """Write a router with what it has learned, whole or not at all.

    Raises:
        LcragError: the router's type or something it holds cannot be saved, or the file cannot be written.
    """
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        head = {"format": FORMAT, "versions": _versions(), "router": _pack(router, "router", archive)}
        archive.writestr("router.json", json.dumps(head, indent=1))
    write_atomically(Path(path), blob.getvalue())


def load_router(path: Path | str, trusted: Sequence[str] = ()) -> ReplayableRouter:
    """A router as it was saved.

    Args:
        path: the file.
        trusted: further types of estimators that may be loaded (``package.module.Class``).

    Raises:
        LcragError: no such file, no router, a format or a scikit-learn other than this one's, or an estimator of a
            type that is not trusted.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read("router.json"))
            if head.get("format") != FORMAT:
                raise LcragError(
                    f"{path} holds a router of format {head.get('format')}, this lcrag reads {FORMAT}: fit it anew."
                )
            _check_versions(head["versions"], archive, path)
            return _unpack(head["router"], archive, trusted, path)  # type: ignore[no-any-return]
    except FileNotFoundError as error:
        raise LcragError(f"There is no router at {path}.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise LcragError(f"{path} is no router file, or a damaged one ({error}).") from error


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {package: version(package) for package in ("scikit-learn", "numpy")}


def _check_versions(saved: dict[str, str], archive: zipfile.ZipFile, path: Path) -> None:
    """An estimator fitted under another minor release may answer differently: refused."""
    here = _versions()["scikit-learn"]
    if any(n.endswith(".skops") for n in archive.namelist()) and _minor(saved["scikit-learn"]) != _minor(
        here
    ):
        raise LcragError(
            f"{path} was fitted with scikit-learn {saved['scikit-learn']}, this is {here}: fit it anew or install that."
        )


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _pack(value: Any, name: str, archive: zipfile.ZipFile) -> Any:
    """A value as JSON; arrays and estimators inside it become files of the archive."""
    if isinstance(value, ReplayableRouter):
        kind = type(value).__name__
        if kind not in TYPES:
            raise LcragError(
                f"Router {value.name} ({kind}) cannot be saved: it is none of {', '.join(TYPES)}."
            )
        settings = {f.name: getattr(value, f.name) for f in fields(value) if f.name[0] != "_"}  # type: ignore[arg-type]
        learned = getattr(value, "_learned", None)
        return {
            "$router": kind,
            "settings": _pack(settings, f"{name}.settings", archive),
            "learned": _pack(learned, f"{name}.learned", archive),
        }
    if isinstance(value, np.ndarray):
        data = io.BytesIO()
        np.save(data, value, allow_pickle=False)
        archive.writestr(f"{name}.npy", data.getvalue())
        return {"$array": f"{name}.npy"}
    if hasattr(value, "get_params"):
        from skops.io import dumps

        archive.writestr(f"{name}.skops", dumps(value))
        return {"$estimator": f"{name}.skops"}
    if isinstance(value, dict):
        return {str(k): _pack(v, f"{name}.{k}", archive) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(v, f"{name}.{i}", archive) for i, v in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise LcragError(f"A router with a {type(value).__name__} in {name!r} cannot be saved.")


def _unpack(value: Any, archive: zipfile.ZipFile, trusted: Sequence[str], path: Path) -> Any:
    from importlib import import_module

    if isinstance(value, list):
        return [_unpack(v, archive, trusted, path) for v in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return np.load(io.BytesIO(archive.read(value["$array"])), allow_pickle=False)
    if "$estimator" in value:
        return _estimator(archive.read(value["$estimator"]), trusted, path)
    inner = {k: _unpack(v, archive, trusted, path) for k, v in value.items()}
    if "$router" not in value:
        return inner
    kind = inner["$router"]
    if kind not in TYPES:
        raise LcragError(
            f"{path} holds a router of type {kind}, which this lcrag does not know: fit it anew."
        )
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in inner["settings"].items()}
    router = getattr(import_module(TYPES[kind]), kind)(**settings)
    if inner["learned"] is not None:
        object.__setattr__(router, "_learned", inner["learned"])
    return router


def _estimator(data: bytes, trusted: Sequence[str], path: Path) -> Any:
    from skops.io import get_untrusted_types, loads

    named = get_untrusted_types(data=data)
    harmless = [n for n in named if n.startswith(HARMLESS)]
    unknown = set(named) - set(trusted) - set(harmless)
    if unknown:
        raise LcragError(
            f"{path} holds an estimator of type {min(unknown)}, which is not known to be harmless: name it in "
            "`trusted` if you trust the file."
        )
    return loads(data, trusted=[*trusted, *harmless])
