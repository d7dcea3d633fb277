"""Any server with OpenAI's embeddings API: api.openai.com, vLLM, TEI, llama.cpp, Ollama."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from embedders.base import NOT_DOCUMENTS, OPERATIONAL, Embedded, Kind, LangChainNames, check_texts, unit
from embedders.tokens import estimate_tokens

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True)
class OpenAIEmbedder(LangChainNames):
    """Embeds through an OpenAI-compatible server; the client retries temporary failures.

    Attributes:
        model: The name by which the server knows the model.
        base_url: The server's address, such as ``http://localhost:8000/v1``.
        api_key_env: The environment variable that holds the key. Empty means OPENAI_API_KEY at OpenAI itself and
            no key elsewhere.
        dimensions: The length of a vector, for models that can shorten it; 0 for the full length.
        batch_size: Texts per request.
        query_prompt: Text put before each query.
        document_prompt: Text put before each document.
        timeout: Seconds to wait for a reply.
        max_retries: Attempts after the first.
    """

    model: str
    base_url: str = field(default=OPENAI, metadata=OPERATIONAL)
    api_key_env: str = field(default="", metadata=OPERATIONAL)
    dimensions: int = 0
    batch_size: int = field(default=64, metadata=OPERATIONAL)
    query_prompt: str = field(default="", metadata=NOT_DOCUMENTS)
    document_prompt: str = ""
    timeout: float = field(default=60.0, metadata=OPERATIONAL)
    max_retries: int = field(default=3, metadata=OPERATIONAL)
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Unit vectors, and the tokens that the server counted (estimated where it reports none).

        Raises:
            ValueError: the server is down, refuses, or does not know the model; or a text is empty.
        """
        import numpy as np
        import openai

        check_texts(texts)
        prompt = self.query_prompt if kind == "query" else self.document_prompt
        extra = {"dimensions": self.dimensions} if self.dimensions else {}
        rows: list[list[float]] = []
        tokens = 0
        try:
            for start in range(0, len(texts), self.batch_size):
                batch = [prompt + text for text in texts[start : start + self.batch_size]]
                reply = self._client().embeddings.create(
                    model=self.model, input=batch, encoding_format="float", **extra
                )
                rows += [item.embedding for item in sorted(reply.data, key=lambda item: item.index)]
                tokens += reply.usage.prompt_tokens if reply.usage else self.count_tokens(batch)
        except openai.APIConnectionError as error:
            raise ValueError(
                f"No embedding server answers at {self.base_url}: start it, such as "
                f"`vllm serve {self.model}`, or give another base_url."
            ) from error
        except openai.OpenAIError as error:
            raise ValueError(f"The embedding server at {self.base_url} refused: {error}") from error
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(texts), -1 if len(texts) else 0)
        return Embedded(unit(vectors), tokens)

    def _client(self) -> Any:
        import openai

        if "client" not in self._state:
            variable = self.api_key_env or ("OPENAI_API_KEY" if self.base_url.rstrip("/") == OPENAI else "")
            key = os.environ.get(variable) if variable else "EMPTY"
            if not key:
                raise ValueError(f"{self.model} at {self.base_url} needs a key: set {variable}.")
            self._state["client"] = openai.OpenAI(
                base_url=self.base_url, api_key=key, timeout=self.timeout, max_retries=self.max_retries
            )
        return self._state["client"]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate from characters, prompts left out; ``embed`` reports the server's count."""
        return sum(estimate_tokens(len(text)) for text in texts)
