"""Counting the tokens of a chat: exactly with a tokenizer, otherwise estimated from its characters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from embedders.tokens import estimate_tokens
from lcrag.errors import ReaderUnavailable
from lcrag.readers.base import Message

MESSAGE_TOKENS = 5  # role and separators of one message in common chat templates
FIT_MARGIN = 8 / 7  # room for 3.5 characters per token: code and tables need more tokens than English prose


def estimate_prompt(messages: Sequence[Message]) -> int:
    """Estimated tokens of a chat prompt, for usage that a server does not report."""
    return _overhead(messages) + sum(estimate_tokens(len(m.content)) for m in messages)


def estimate_room(messages: Sequence[Message]) -> int:
    """Tokens to keep free for a chat prompt: the estimate with a safety margin, for what must fit a window."""
    content = sum(estimate_tokens(len(m.content)) for m in messages)
    return _overhead(messages) + math.ceil(FIT_MARGIN * content)


def _overhead(messages: Sequence[Message]) -> int:
    """Tokens of the template, the start of the reply included."""
    return MESSAGE_TOKENS * (len(messages) + 1)


@dataclass(frozen=True)
class ChatTokenizer:
    """A Hugging Face tokenizer with its chat template, loaded when first used.

    Attributes:
        source: Hugging Face name or folder.
        template_settings: passed on to the chat template, such as ``{"enable_thinking": False}``.
    """

    source: str
    template_settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def loaded(self) -> Any:
        """The transformers tokenizer.

        Raises:
            ReaderUnavailable: transformers is missing, or there is no such tokenizer.
        """
        try:
            from transformers import AutoTokenizer
        except ImportError as error:
            raise ReaderUnavailable(
                f"Counting tokens needs `{error.name}`: pip install transformers"
            ) from error
        from embedders.hub import only_local

        try:
            return AutoTokenizer.from_pretrained(self.source, local_files_only=only_local(self.source))
        except (OSError, ValueError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise ReaderUnavailable(
                f"The tokenizer {self.source!r} could not be loaded: {first_line}"
            ) from error

    def render(self, messages: Sequence[Message]) -> str:
        """The chat prompt as text, with the generation prompt at its end."""
        if not self.loaded.chat_template:
            return "\n\n".join(m.content for m in messages) + "\n"
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return str(
            self.loaded.apply_chat_template(
                chat, tokenize=False, add_generation_prompt=True, **self.template_settings
            )
        )

    def encode(self, messages: Sequence[Message], prefix_chars: int = 0) -> tuple[list[int], int]:
        """Token ids, and how many of them end within the first ``prefix_chars`` of the first user message."""
        text = self.render(messages)
        coded = self.loaded(text, add_special_tokens=False, return_offsets_mapping=prefix_chars > 0)
        first = next((m.content for m in messages if m.role == "user"), "")
        start = text.find(first)
        if not prefix_chars or start < 0:
            return coded.input_ids, 0
        return coded.input_ids, sum(1 for _, end in coded.offset_mapping if end <= start + prefix_chars)

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt."""
        return len(self.encode(messages)[0])
