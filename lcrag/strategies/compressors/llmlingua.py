"""LLMLingua-2: a classifier removes tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lcrag.errors import LcragError
from lcrag.local import run_local
from lcrag.schema import Document, Question
from lcrag.strategies.base import Toolbox


@dataclass(frozen=True)
class LLMLingua:
    """LLMLingua-2, a classifier that removes tokens (Pan et al. 2024, arXiv 2403.12968); needs `pip install llmlingua`.

    Attributes:
        model: Hugging Face name or folder of the classifier.
        device: torch device.
    """

    model: str = "microsoft/llmlingua-2-bert-base-multilingual-cased-meetingbank"
    device: str = "cpu"
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def compress(self, document: Document, question: Question, tokens: int, tools: Toolbox) -> str:
        """The text of the tokens that the classifier keeps.

        Raises:
            LcragError: llmlingua is not installed, or its model cannot be loaded.
        """
        return await run_local(self._compress, document.text, tokens)

    def _compress(self, text: str, tokens: int) -> str:
        if not self._state:
            try:
                from llmlingua import PromptCompressor

                self._state["model"] = PromptCompressor(
                    self.model, device_map=self.device, use_llmlingua2=True
                )
            except ImportError as error:
                raise LcragError(
                    "The compressor `llmlingua` needs a package: pip install llmlingua."
                ) from error
            except (OSError, ValueError) as error:
                reason = str(error).strip().splitlines()[0]
                raise LcragError(
                    f"The compressor's model {self.model!r} could not be loaded: {reason}"
                ) from error
        return str(self._state["model"].compress_prompt([text], target_token=tokens)["compressed_prompt"])
