"""What a router file may hold: a closed list of types, checked before skops builds anything.

A skops file is a tree of nodes in JSON. Each node names a loader and a type; skops imports the type and calls it. So
every node whose loader and type are not listed here is refused. Nothing is trusted by its prefix: a name that begins
with ``numpy.`` may be a function that runs code (``numpy.testing`` has one).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError
from lcrag.routers.saving.archive import SCHEMA, check_array, damaged

# The estimators that this project's routers fit, with what they are made of.
ESTIMATORS = frozenset(
    {
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble._gb.GradientBoostingRegressor",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfSquaredError",
    }
)
SCALARS = frozenset(f"numpy.{n}" for n in ("bool", "bool_", "int32", "int64", "float32", "float64"))
LOADERS: Mapping[str, frozenset[str]] = {
    "DictNode": frozenset({"builtins.dict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "JsonNode": frozenset({"builtins.str"}),  # skops marks every plain value so
    "TypeNode": frozenset({"builtins.str", "builtins.int", *SCALARS}),  # types of keys, dtypes
    "NdArrayNode": frozenset({"numpy.ndarray", *SCALARS}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "LossNode": frozenset(
        f"sklearn._loss._loss.{n}"
        for n in ("CyHalfBinomialLoss", "CyHalfMultinomialLoss", "CyHalfSquaredError")
    ),
    "ObjectNode": ESTIMATORS,
}


def check_schema(members: Mapping[str, bytes], trusted: Collection[str], path: Path) -> dict[str, Any]:
    """The schema of a skops file, when all that it names is listed, trusted or there.

    Args:
        members: of the zip, by name.
        trusted: further types of estimators (``package.module.Class``).
        path: for messages.

    Raises:
        LcragError: it is not a schema of this skops, or holds a type that is not listed, or a file that is missing.
    """
    try:
        schema = json.loads(members[SCHEMA])
        nodes = list(_nodes(schema))
    except (ValueError, RecursionError) as error:
        raise damaged(path, error) from error
    if not isinstance(schema, dict) or schema.get("protocol") != _protocol():
        raise LcragError(
            f"{path} was saved by another version of skops: fit it again or install that version."
        )
    for node in nodes:
        _check_node(node, members, trusted, path)
    return schema


def holds_estimators(schema: dict[str, Any]) -> bool:
    """Whether there is anything in it that another scikit-learn may read differently."""
    return any(node["__loader__"] == "ObjectNode" for node in _nodes(schema))


def types_in(schema: dict[str, Any]) -> set[str]:
    """The types that the schema names: ``package.module.Class``."""
    return {_type_of(node) for node in _nodes(schema)}


def plain(node: Any) -> Any:
    """A node of dicts and plain values as Python has it; ``None`` for anything else."""
    if isinstance(node, dict) and node.get("__loader__") == "JsonNode":
        return json.loads(node["content"])
    if isinstance(node, dict) and node.get("__loader__") == "DictNode":
        return {key: plain(value) for key, value in node["content"].items()}
    return None


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Everything in the schema that skops could take for a node, wherever it is."""
    pending = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "__loader__" in value:
                yield value
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _type_of(node: Mapping[str, Any]) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _check_node(
    node: dict[str, Any], members: Mapping[str, bytes], trusted: Collection[str], path: Path
) -> None:
    loader, name = node["__loader__"], _type_of(node)
    listed = LOADERS.get(loader, frozenset()) if isinstance(loader, str) else frozenset()
    if name not in listed and not (loader == "ObjectNode" and name in trusted):
        raise LcragError(
            f"{path} holds {ascii(name)[1:-1]} ({str(loader)[:40]!r}), which is not a type that router files may "
            "hold. If it is the class of your own estimator and you trust the file, name it in `trusted`."
        )
    if "file" in node:
        if not isinstance(node["file"], str) or node["file"] not in members:
            raise LcragError(f"{path} refers to a member {node['file']!r} that it does not have.")
        check_array(node["file"], members[node["file"]], path)


@cache
def _protocol() -> int:
    """The protocol that this skops writes."""
    from skops.io import dumps

    with zipfile.ZipFile(io.BytesIO(dumps(0))) as archive:
        return int(json.loads(archive.read(SCHEMA))["protocol"])
