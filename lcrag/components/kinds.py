"""The kinds of components, and how each is recognised."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, get_type_hints


@dataclass(frozen=True)
class Kind:
    """One kind of component.

    Attributes:
        name: what the kind is called in messages, such as ``strategy``.
        plural: names the entry point group, such as ``lcrag.strategies``.
        member: the method or attribute that every component of this kind has.
        rooms: the packages whose exports are searched.
    """

    name: str
    plural: str
    member: str
    rooms: tuple[str, ...]

    @property
    def group(self) -> str:
        """The entry point group in which installed packages announce components."""
        return f"lcrag.{self.plural}"

    def accepts(self, target: Any) -> bool:
        """Whether a class is of this kind, or a function makes one that is, by its return annotation."""
        if inspect.isclass(target):
            members = {m for c in target.__mro__ for m in (*vars(c), *getattr(c, "__annotations__", {}))}
            return self.member in members and not getattr(target, "_is_protocol", False)
        if not callable(target):
            return False
        made = _return_type(target)
        return inspect.isclass(made) and self.accepts(made)


def _return_type(function: Any) -> Any:
    try:
        return get_type_hints(function).get("return")
    except (NameError, TypeError):  # written in terms that are imported for type checkers alone
        return None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("strategy", "strategies", "answer", ("lcrag.strategies", "lcrag.routers")),
        Kind("router", "routers", "route", ("lcrag.routers",)),
        Kind("retriever", "retrievers", "build", ("retrievers",)),
        Kind("chunker", "chunkers", "split", ("retrievers.chunkers",)),
        Kind("embedder", "embedders", "embed", ("embedders",)),
        Kind("reader", "readers", "generate", ("lcrag.readers",)),
        Kind("dataset", "datasets", "questions", ("lcrag.datasets", "lcrag.benchmarks", "lcrag.generators")),
        Kind("metric", "metrics", "score", ("lcrag.metrics", "lcrag.metrics.official", "lcrag.judges")),
        Kind("executor", "executors", "run", ("lcrag.experiment.executors",)),
        Kind("acceptor", "acceptors", "score", ("lcrag.strategies.acceptors",)),
        Kind("compressor", "compressors", "compress", ("lcrag.strategies.compressors",)),
        Kind("kv_cache", "kv_caches", "keep", ("lcrag.readers.kv",)),
    )
}
