"""ColBERT-style models: a vector for each token, scored by the sum of best matches (MaxSim)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiVectorEmbedder:
    """Late interaction (Khattab and Zaharia 2020, arXiv 2004.12832): S(q, d) = sum_i max_j q_i . d_j.

    Attributes:
        model: a multi-vector checkpoint of sentence-transformers or PyLate; ``minilm`` gives the bundled
            all-MiniLM-L6-v2's token states, untrained for this.
        device: torch device; empty for the library's choice.
        batch_size: texts at once.
    """

    model: str
    device: str = ""
    batch_size: int = 32
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=Lock, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return f"{self.model} (multi-vector)"

    @property
    def _model(self) -> Any:
        with self._lock:
            if "model" not in self._state:
                from sentence_transformers import MultiVectorEncoder

                from embedders.hub import only_local
                from embedders.loading import bundled_minilm

                where = str(bundled_minilm()) if self.model == "minilm" else self.model
                try:
                    self._state["model"] = MultiVectorEncoder(
                        where, device=self.device or None, local_files_only=only_local(where)
                    )
                except (OSError, ValueError) as error:
                    first_line = str(error).strip().splitlines()[0]
                    raise ValueError(
                        f"The embedding model {self.model!r} could not be loaded ({first_line}): give a folder "
                        "that holds it, or fetch it once while online: hf download NAME."
                    ) from error
            return self._state["model"]

    def embed_documents(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text unit vectors of shape (tokens, dimension)."""
        return self._arrays(self._model.encode_document, texts)

    def embed_queries(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each query unit vectors of shape (tokens, dimension)."""
        return self._arrays(self._model.encode_query, texts)

    def _arrays(self, encode: Any, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        import numpy as np

        found = encode(list(texts), batch_size=self.batch_size, show_progress_bar=False)
        rows = [np.asarray(x, dtype=np.float32) for x in found]
        return [r / np.linalg.norm(r, axis=1, keepdims=True).clip(1e-12) for r in rows]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads."""
        if not texts:
            return 0
        limit = self._model.max_seq_length
        coded = self._model.tokenizer(list(texts), truncation=limit is not None, max_length=limit)
        return sum(map(len, coded["input_ids"]))


def max_sim(query: NDArray[np.float32], document: NDArray[np.float32]) -> float:
    """Sum over the query's tokens of the best match in the document; (q, d) and (t, d) unit vectors."""
    return float((query @ document.T).max(axis=1).sum())
