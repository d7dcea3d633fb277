"""Reading YAML from anywhere: what it holds stays within bounds, and every fault is one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from lcrag.errors import LcragError

MAX_BYTES = 1 << 20  # the longest experiment of this project has 2,000
MAX_VALUES = 10_000  # each value counted as often as aliases repeat it, so that no anchor is a bomb
MAX_DEPTH = 40
HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair; no file in UTF-8 can hold it


def read_yaml(path: Path | str) -> Any:
    """What stands in a YAML file.

    Raises:
        LcragError: the file is missing, cannot be read, is not YAML, or is too large, also by its aliases.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise LcragError(f"{path} is longer than the {MAX_BYTES:,} bytes that are read as YAML.")
        return _parse(data.decode("utf-8"), path)
    except FileNotFoundError as error:
        raise LcragError(f"There is no file {path}.") from error
    except OSError as error:
        raise LcragError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LcragError(f"{path} is not YAML: byte {error.start} is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise LcragError(f"{path}{line} is not YAML: {problem}.") from error
    except ValueError as error:  # a null byte in the file's name
        raise LcragError(f"{path} cannot be read: {error}.") from error


def _parse(text: str, path: Path) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MAX_VALUES:
            raise LcragError(
                f"{path} holds more than {MAX_VALUES:,} values: make it, or its aliases, smaller."
            )
        try:
            return loader.construct_document(node)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise LcragError(
                f"{path} is not YAML: it has a value that is not of its type ({error})."
            ) from error
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with a bound on depth, and with U+FFFD for half a surrogate pair."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node; it calls itself for those inside."""
        if self.depth >= MAX_DEPTH:
            problem = f"it is nested more than {MAX_DEPTH} deep"
            raise yaml.composer.ComposerError(None, None, problem, self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_scalar(self, node: Any) -> Any:
        """The text of a scalar, from which every type is made."""
        value = super().construct_scalar(node)
        return HALF.sub("\ufffd", value) if isinstance(value, str) else value


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """The values under a node, each as often as it is reached; a node inside itself counts as too many."""
    if id(node) not in sizes:
        sizes[id(node)] = MAX_VALUES + 1  # what is seen if it is reached from inside
        children: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            children = node.value
        elif isinstance(node, yaml.MappingNode):
            children = [child for pair in node.value for child in pair]
        sizes[id(node)] = 1 + sum(_size(child, sizes) for child in children)
    return sizes[id(node)]
