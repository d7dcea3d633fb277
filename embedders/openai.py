"""Any server with OpenAI's embeddings API: api.openai.com, vLLM, TEI, llama.cpp, Ollama."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from embedders.base import Embedded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True)
class OpenAIEmbedder:
    """Embeds through an OpenAI-compatible server; failures that pass are tried again.

    Attributes:
        model: the name that the server knows the model by.
        base_url: the server's address, such as ``http://localhost:8000/v1``.
        api_key_env: environment variable that holds the key; empty for OPENAI_API_KEY at OpenAI itself and
            no key elsewhere.
        dimensions: numbers in a vector, where the model can shorten them; 0 for all.
        batch_size: texts in a request.
        query_prompt: what stands before a query.
        document_prompt: what stands before a document.
        timeout: seconds to wait for a request.
        max_retries: tries after the first.
    """

    model: str
    base_url: str = OPENAI
    api_key_env: str = ""
    dimensions: int = 0
    batch_size: int = 64
    query_prompt: str = ""
    document_prompt: str = ""
    timeout: float = 60.0
    max_retries: int = 3
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model

    def embed(self, texts: Sequence[str], kind: Literal["query", "document"] = "document") -> Embedded:
        """Unit vectors, with the tokens that the server counted.

        Raises:
            ValueError: the server is down, refuses, or knows no such model; a text is empty.
        """
        import numpy as np
        import openai

        for i, text in enumerate(texts):
            if not text.strip():
                raise ValueError(f"Text {i} is empty: leave it out, there is nothing to embed.")
        prompt = self.query_prompt if kind == "query" else self.document_prompt
        extra = {"dimensions": self.dimensions} if self.dimensions else {}
        rows: list[list[float]] = []
        tokens = 0
        try:
            for start in range(0, len(texts), self.batch_size):
                part = [prompt + t for t in texts[start : start + self.batch_size]]
                reply = self._client().embeddings.create(
                    model=self.model, input=part, encoding_format="float", **extra
                )
                rows += [item.embedding for item in sorted(reply.data, key=lambda item: item.index)]
                tokens += reply.usage.prompt_tokens if reply.usage else 0
        except openai.APIConnectionError as error:
            raise ValueError(
                f"No embedding server answers at {self.base_url}: start it, such as "
                f"`vllm serve {self.model}`, or give another base_url."
            ) from error
        except openai.OpenAIError as error:
            raise ValueError(f"The embedding server at {self.base_url} refused: {error}") from error
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(texts), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embedded(np.divide(vectors, lengths, out=vectors, where=lengths != 0), tokens)

    def _client(self) -> Any:
        import openai

        if "client" not in self._state:
            variable = self.api_key_env or ("OPENAI_API_KEY" if self.base_url == OPENAI else "")
            key = os.environ.get(variable) if variable else "EMPTY"
            if not key:
                raise ValueError(f"{self.model} at {self.base_url} needs a key: set {variable}.")
            self._state["client"] = openai.OpenAI(
                base_url=self.base_url, api_key=key, timeout=self.timeout, max_retries=self.max_retries
            )
        return self._state["client"]

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), float32."""
        return self.embed(texts).vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (dimension,), float32."""
        return self.embed([text], "query").vectors[0]  # type: ignore[no-any-return]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate of 4 characters a token; ``embed`` has the server's count."""
        return sum(-(-len(text) // 4) for text in texts)
