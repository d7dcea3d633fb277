"""M2-BERT, the state-space embedding model of LoCo (Saad-Falcon et al. 2024, arXiv 2402.07440)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedders.base import OPERATIONAL, Embedded, Kind, LangChainNames, check_texts, unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class M2BertEmbedder(LangChainNames):
    """An adapter for M2-BERT, tested with a checkpoint of its interface and random weights.

    It was not tested with M2-BERT's own weights, which no package index carries. The checkpoints bring their own code,
    which runs with all rights of the process. Every text, a query too, is padded to ``window`` tokens and read alone;
    longer texts are cut (``Embedded.truncated`` counts them).

    Attributes:
        model: A Hugging Face name or folder, such as ``togethercomputer/m2-bert-80M-32k-retrieval``.
        window: The number of tokens that the checkpoint was made for.
        tokenizer: The tokenizer's name or folder.
        device: The torch device.
        trust_remote_code: Run the code that the checkpoint brings; nothing is loaded without it.

    Raises:
        ValueError: ``trust_remote_code`` is not set.
    """

    model: str
    window: int = 32_768
    tokenizer: str = "bert-base-uncased"
    device: str = field(default="cpu", metadata=OPERATIONAL)
    trust_remote_code: bool = field(default=False, metadata=OPERATIONAL)
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.trust_remote_code is not True:
            raise ValueError(
                f"M2-BERT {self.model!r} runs code that comes with its weights: set trust_remote_code: true if you "
                "trust it, or choose another embedder."
            )

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
                        self.model,
                        trust_remote_code=self.trust_remote_code,
                        local_files_only=only_local(self.model),
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
            places = getattr(self._state["model"].config, "max_position_embeddings", self.window)
            if self.window > places:
                self._state.clear()
                raise ValueError(
                    f"The model {self.model!r} reads {places} tokens, not {self.window}: "
                    f"set `window` to {places} or less."
                )
        return self._state["tokenizer"], self._state["model"]

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Unit vectors, shape (texts, 768); queries and documents are embedded alike.

        Raises:
            ValueError: a text is empty, the weights cannot be loaded, or they are not M2-BERT's for this window.
        """
        import numpy as np

        check_texts(texts)
        if not texts:
            return Embedded(np.zeros((0, 768), np.float32), 0)
        tokenizer, _ = self._load()
        vectors = np.stack([self._vector(text) for text in texts])
        if not np.isfinite(vectors).all():
            bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise ValueError(f"The model {self.model!r} gave NaN for the text {texts[bad][:80]!r}.")
        ids = tokenizer(list(texts), verbose=False)["input_ids"]
        truncated = sum(len(i) > self.window for i in ids)
        return Embedded(
            unit(vectors), self.count_tokens(texts), truncated, lengths=(self.window,) * len(texts)
        )

    def _vector(self, text: str) -> NDArray[np.float32]:
        """The model's vector of one text, shape (768,)."""
        import torch

        tokenizer, model = self._load()
        encoding = tokenizer(
            [text], return_tensors="pt", padding="max_length", truncation=True, max_length=self.window,
            return_token_type_ids=False,
        ).to(self.device)  # fmt: skip
        with torch.inference_mode():
            output = model(**encoding)
        if not isinstance(output, Mapping) or "sentence_embedding" not in output:
            raise ValueError(
                f"The model {self.model!r} gives no 'sentence_embedding': it is no M2-BERT for retrieval; take one, "
                "or the embedder sentence_transformer."
            )
        vector: NDArray[np.float32] = output["sentence_embedding"][0].float().cpu().numpy()
        return vector

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads: every text is padded to the window."""
        return len(texts) * self.window
