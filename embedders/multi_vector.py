"""ColBERT-style models: a vector for each token, scored by the sum of best matches (MaxSim)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from embedders.base import OPERATIONAL, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiVectorEmbedder:
    """Late interaction (Khattab and Zaharia 2020, arXiv 2004.12832): S(q, d) = sum_i max_j q_i . d_j.

    Attributes:
        model: A multi-vector checkpoint of sentence-transformers or PyLate; ``minilm`` gives the token states of
            the bundled all-MiniLM-L6-v2, which was not trained for this.
        device: The torch device; empty for the library's choice.
        batch_size: Texts per batch.
    """

    model: str
    device: str = field(default="", metadata=OPERATIONAL)
    batch_size: int = field(default=32, metadata=OPERATIONAL)
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=Lock, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return f"{self.model} (multi-vector)"

    @property
    def config(self) -> Mapping[str, Any] | None:
        """The transformer's configuration."""
        config: Mapping[str, Any] = self._model[0].auto_model.config.to_dict()
        return config

    @property
    def _model(self) -> Any:
        with self._lock:
            if "model" not in self._state:
                from sentence_transformers import MultiVectorEncoder

                from embedders.hub import only_local
                from embedders.loading import bundled_minilm

                source = str(bundled_minilm()) if self.model == "minilm" else self.model
                try:
                    self._state["model"] = MultiVectorEncoder(
                        source, device=self.device or None, local_files_only=only_local(source)
                    )
                except (OSError, ValueError) as error:
                    first_line = str(error).strip().splitlines()[0]
                    raise ValueError(
                        f"The embedding model {self.model!r} could not be loaded ({first_line}): give a folder "
                        "that holds it, or fetch it once while online: hf download NAME."
                    ) from error
            return self._state["model"]

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> list[NDArray[np.float32]]:
        """For each text the unit vectors of its tokens, shape (tokens, dimension), float32."""
        import numpy as np

        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        states = encode(list(texts), batch_size=self.batch_size, show_progress_bar=False)
        rows = [np.asarray(x, dtype=np.float32) for x in states]
        return [r / np.linalg.norm(r, axis=1, keepdims=True).clip(1e-12) for r in rows]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads."""
        if not texts:
            return 0
        limit = self._model.max_seq_length
        encoding = self._model.tokenizer(list(texts), truncation=limit is not None, max_length=limit)
        return sum(map(len, encoding["input_ids"]))


def max_sim(query: NDArray[np.float32], document: NDArray[np.float32]) -> float:
    """Sum over the query's tokens of the best match in the document; (q, d) and (t, d) unit vectors."""
    return float((query @ document.T).max(axis=1).sum())
