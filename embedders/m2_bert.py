"""M2-BERT, the state-space embedding model of LoCo (Saad-Falcon et al. 2024, arXiv 2402.07440)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class M2BertEmbedder:
    """An adapter for whoever has M2-BERT's weights; it is not tested with them, for they are on no index.

    The checkpoints bring code of their own and pad every text, queries too, to ``window`` tokens.

    Attributes:
        model: a Hugging Face name or folder, such as ``togethercomputer/m2-bert-80M-32k-retrieval``.
        window: tokens that the checkpoint was made for.
        tokenizer: the tokenizer's name or folder.
        device: torch device.
    """

    model: str
    window: int = 32_768
    tokenizer: str = "bert-base-uncased"
    device: str = "cpu"
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model

    def _load(self) -> tuple[Any, Any]:
        if not self._state:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer

            from embedders.hub import only_local

            try:
                self._state["tokenizer"] = AutoTokenizer.from_pretrained(
                    self.tokenizer,
                    model_max_length=self.window,
                    local_files_only=only_local(self.tokenizer),
                )
                self._state["model"] = (
                    AutoModelForSequenceClassification.from_pretrained(
                        self.model, trust_remote_code=True, local_files_only=only_local(self.model)
                    )
                    .to(self.device)
                    .eval()
                )
            except (OSError, ValueError, ImportError) as error:
                first_line = str(error).strip().splitlines()[0]
                raise ValueError(
                    f"M2-BERT's weights {self.model!r} are not here ({first_line}): fetch them once while online "
                    "(hf download NAME), or use a server through OpenAIEmbedder."
                ) from error
        return self._state["tokenizer"], self._state["model"]

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, 768), float32.

        Raises:
            ValueError: the weights are not there.
        """
        import numpy as np
        import torch

        tokenizer, model = self._load()
        rows = []
        for text in texts:
            coded = tokenizer(
                [text], return_tensors="pt", padding="max_length", truncation=True, max_length=self.window,
                return_token_type_ids=False,
            ).to(self.device)  # fmt: skip
            with torch.inference_mode():
                rows.append(model(**coded)["sentence_embedding"][0].float().cpu().numpy())
        vectors = np.stack(rows) if rows else np.zeros((0, 768), np.float32)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (768,), float32."""
        return self.embed_documents([text])[0]  # type: ignore[no-any-return]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads: every text is padded to the window."""
        return len(texts) * self.window
