"""lcrag: RAG versus long context, measured: accuracy, cost and a router learned from both.

The stub beside this file lists what is public here. Everything is imported when it is first used; ``import lcrag``
itself loads no model library.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lcrag.version import __version__ as __version__


def _check_siblings() -> None:
    """``retrievers`` and ``embedders`` are common names: say so where a folder or package of others is found first.

    Raises:
        ImportError: names what was found, and what to do.
    """
    for name in ("retrievers", "embedders"):
        spec = find_spec(name)
        path = Path(spec.origin) if spec and spec.origin else None
        ours = Path(__file__).parents[1] / name / "__init__.py"
        if path is None or path.resolve() != ours.resolve() or b"lazy_loader" not in path.read_bytes():
            place = (
                path or (next(iter(spec.submodule_search_locations or ()), "") if spec else "") or "nowhere"
            )
            raise ImportError(
                f"lcrag needs its own package `{name}`, but Python finds {place}: rename that file or folder, or "
                "uninstall the package that brought it and install lcrag again."
            )


_check_siblings()


@cache
def _public() -> dict[str, str]:
    """The module of each public name; a room that is exported whole (``*``) says itself what it exports."""
    homes: dict[str, str] = {}
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = f"lcrag.{node.module}"
            names = [alias.name for alias in node.names]
            homes |= dict.fromkeys(import_module(module).__all__ if names == ["*"] else names, module)
    return homes


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(_public())
    if name.startswith("__") or name not in _public():
        raise AttributeError(f"module 'lcrag' has no attribute {name!r}")
    return getattr(import_module(_public()[name]), name)


def __dir__() -> list[str]:
    return sorted(_public())
