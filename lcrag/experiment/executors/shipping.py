"""Work and components as bytes, for processes that do not share memory with this one.

A component (a reader, a retriever, an index, an embedder) is sent once and then named by the hash of its bytes. It
travels as its settings, without what it has loaded: the other process loads its own model.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from lcrag.errors import LcragError

MAX_COMPONENTS = 64  # that either side keeps; the least recently used are dropped
_METHODS = ("generate", "search", "build", "embed", "compress")


def _is_component(value: Any) -> bool:
    """Whether it is sent once: what has or builds something large: a model, an index."""
    if not is_dataclass(value) or isinstance(value, type):
        return False
    return any(callable(getattr(type(value), name, None)) for name in _METHODS)


def _made(kind: type, given: Mapping[str, Any]) -> Any:
    return kind(**given)


@dataclass(frozen=True)
class Parcel:
    """Something as bytes.

    Attributes:
        content: The bytes, in which components are only named.
        components: The bytes of every component that is named, by its name; those that others name come first.
    """

    content: bytes
    components: Mapping[str, bytes]


class Sender:
    """Packs work and results; remembers the bytes of components that it has packed before."""

    def __init__(self) -> None:
        self._parcels: OrderedDict[int, tuple[Any, str, Parcel]] = OrderedDict()

    def pack(self, value: Any) -> Parcel:
        """The value as bytes.

        Raises:
            LcragError: it holds something that cannot be sent, such as an open connection.
        """
        try:
            return self._packed(value, whole=False)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise LcragError(
                f"Something cannot be sent to another process ({error}): keep connections and loaded models in fields "
                "with init=False, or run with `executor: local`."
            ) from error

    def _packed(self, value: Any, whole: bool) -> Parcel:
        import cloudpickle

        sender, buffer = self, io.BytesIO()
        components: dict[str, bytes] = {}

        class Pickler(cloudpickle.Pickler):  # type: ignore[misc, name-defined]
            def persistent_id(self, part: Any) -> str | None:
                if (whole and part is value) or not _is_component(part):
                    return None
                name, parcel = sender._component(part)
                components.update(parcel.components)
                components[name] = parcel.content
                return name

            def reducer_override(self, part: Any) -> Any:
                if is_dataclass(part) and not isinstance(part, type):
                    given = {f.name: getattr(part, f.name) for f in fields(part) if f.init}
                    if set(getattr(part, "__dict__", given)) != set(
                        given
                    ):  # it has loaded or computed something
                        return _made, (type(part), given)
                return super().reducer_override(part)

        Pickler(buffer).dump(value)
        return Parcel(buffer.getvalue(), components)

    def _component(self, component: Any) -> tuple[str, Parcel]:
        if id(component) not in self._parcels:
            parcel = self._packed(component, whole=True)
            name = hashlib.sha256(parcel.content).hexdigest()
            self._parcels[id(component)] = (component, name, parcel)  # kept, so that no other gets its id
            if len(self._parcels) > MAX_COMPONENTS:
                self._parcels.popitem(last=False)
        self._parcels.move_to_end(id(component))
        _, name, parcel = self._parcels[id(component)]
        return name, parcel


class Receiver:
    """Unpacks; keeps one copy of each component, so that a model is loaded once."""

    def __init__(self) -> None:
        self._components: OrderedDict[str, Any] = OrderedDict()

    def missing(self, names: list[str]) -> list[str]:
        """Those of the components that have not come yet, or were dropped."""
        return [name for name in names if name not in self._components]

    def unpack(self, content: bytes, names: list[str], fetched: Mapping[str, bytes]) -> Any:
        """The value.

        Args:
            content: Its bytes.
            names: All components that it names, in the order of ``Parcel.components``.
            fetched: The bytes of those that were missing.
        """
        for name in names:
            if name not in self._components:
                self._components[name] = self._load(fetched[name])
            self._components.move_to_end(name)
        value = self._load(content)
        while len(self._components) > max(MAX_COMPONENTS, len(names)):
            self._components.popitem(last=False)
        return value

    def _load(self, content: bytes) -> Any:
        components = self._components

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, name: str) -> Any:
                return components[name]

        return Unpickler(io.BytesIO(content)).load()
