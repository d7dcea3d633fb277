"""One answer, written token by token: the choice of the next token, and the end of the answer."""

from __future__ import annotations

from typing import Any

import torch

from lcrag.readers.base import Request
from lcrag.readers.beginning import Beginning
from lcrag.readers.limits import first_stop


class Writer:
    """Grows one answer token by token until it stops."""

    def __init__(
        self, request: Request, tokenizer: Any, stops: set[int], device: Any, beginning: Beginning | None
    ) -> None:
        self.request, self.tokenizer, self.stops = request, tokenizer, stops
        self.beginning = beginning
        self.generator = torch.Generator(device).manual_seed(request.seed)
        self.tokens: list[int] = []
        self.text = ""
        self.reason = ""
        self.watched: float | None = None

    def watch(self, logits: torch.Tensor) -> None:
        """Note how likely the answer is to begin with the watched word, from the first logits (vocabulary,)."""
        if self.request.watch and self.beginning:
            ids = torch.tensor(self.beginning.starting(self.request.watch), device=logits.device)
            self.watched = float(torch.softmax(logits.float(), -1)[ids].sum())

    def take(self, logits: torch.Tensor) -> None:
        """Choose the next token from logits (vocabulary,), unless the answer has ended."""
        if self.reason:
            return
        if not self.tokens:
            self.watch(logits)
        allowed = self.beginning.allowed(self.text, self.request.begin) if self.beginning else None
        if allowed is not None:
            logits = torch.full_like(logits, float("-inf")).index_copy(
                0, torch.tensor(allowed, device=logits.device), logits[allowed]
            )
        if self.request.temperature > 0:
            odds = torch.softmax(logits / self.request.temperature, -1)
            token = int(torch.multinomial(odds, 1, generator=self.generator))
        else:
            token = int(torch.argmax(logits))
        self.tokens.append(token)
        if token in self.stops:
            self.reason = "stop"
            return
        self.text = self.tokenizer.decode(self.tokens, skip_special_tokens=True)
        cut = first_stop(self.text, self.request.stop)
        if cut is not None:
            self.text, self.reason = self.text[:cut], "stop"
        elif len(self.tokens) >= self.request.max_tokens:
            self.reason = "length"
