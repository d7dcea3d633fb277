"""A loaded sentence-transformers model: tokens in, vectors out, in batches of similar length."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from embedders.extension import extension, original_window

Ids = list[int]
BATCH_TOKENS = 16_384  # tokens per batch, with padding


class Encoder:
    """Runs the modules of a ``SentenceTransformer`` on token ids; use it from one thread.

    Args:
        model: The ``SentenceTransformer``.
        method: The context extension.
        window: Tokens of the longest text, with special tokens; 0 for the model's own window.
        batch_size: Texts per batch.

    Raises:
        ValueError: the extension does not fit the model.
    """

    def __init__(self, model: Any, method: str, window: int, batch_size: int) -> None:
        self.model, self.method, self.batch_size = model, method, batch_size
        self.tokenizer = model.tokenizer
        self.transformer = model[0].auto_model
        model_window = int(model.max_seq_length or original_window(self.transformer))
        self.original = original_window(self.transformer)
        self.window = window or model_window
        self.short = self.original if method not in {"truncate", "parallel_windows"} else self.window
        if method == "truncate" and self.window > self.original:
            raise ValueError(
                f"The model reads {self.original} tokens, not {self.window}: give an `extension` for more."
            )
        self.switch = extension(self.transformer, method, self.original, self.window)
        self.piece = min(model_window, self.original) if method == "parallel_windows" else 0
        self.head, self.tail = self._specials()

    def _specials(self) -> tuple[Ids, Ids]:
        """Special tokens before and after a text."""
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        whole = self.tokenizer("a")["input_ids"]
        at = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
        return whole[:at], whole[at + len(bare) :]

    @property
    def pooling(self) -> str:
        """How token states become one vector: ``mean``, ``cls``, ...; empty where the model has no pooling."""
        from sentence_transformers.sentence_transformer.modules import Pooling

        modes = [m.pooling_mode for m in self.model if isinstance(m, Pooling)]
        return str(modes[0]) if modes else ""

    def tokenise(self, texts: Sequence[str], **settings: Any) -> Any:
        """The tokenizer's output, neither truncated nor padded, without special tokens."""
        return self.tokenizer(list(texts), add_special_tokens=False, verbose=False, **settings)

    @property
    def room(self) -> int:
        """Tokens of text that fit into the window beside the special tokens."""
        return self.window - len(self.head) - len(self.tail)

    def vectors(self, texts: Sequence[Ids], progress: Any = None) -> NDArray[np.float32]:
        """Embeddings of texts given as token ids, shape (texts, dimension), not normalised."""
        pieces: list[Ids] = []
        owners: list[int] = []
        for owner, ids in enumerate(texts):
            windows = self._pieces(ids[: self.room])
            pieces += windows
            owners += [owner] * len(windows)
        order = sorted(range(len(pieces)), key=lambda i: -len(pieces[i]))
        vectors = np.zeros((len(pieces), int(self.model.get_embedding_dimension())), dtype=np.float32)
        for batch in self._batches(order, pieces):
            out = self._forward([pieces[i] for i in batch])["sentence_embedding"]
            vectors[batch] = out.float().cpu().numpy()
            if progress is not None:
                progress(len({owners[i] for i in batch}))
        if len(pieces) == len(texts):
            return vectors
        means = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        np.add.at(means, owners, vectors)
        means /= np.bincount(owners, minlength=len(texts))[:, None].astype(np.float32)
        return means

    def _pieces(self, ids: Ids) -> list[Ids]:
        """The text as one window, or as several parallel windows; the last window ends with the text."""
        size = self.piece - len(self.head) - len(self.tail)
        if not self.piece or len(ids) <= size:
            return [self.head + ids + self.tail]
        starts = [*range(0, len(ids) - size, size), len(ids) - size]
        return [self.head + ids[s : s + size] + self.tail for s in starts]

    def _batches(self, order: Sequence[int], pieces: Sequence[Ids]) -> list[list[int]]:
        """Batches of similar length, longest first; a batch never mixes texts with and without the extension."""
        batches: list[list[int]] = []
        for i in order:
            last = batches[-1] if batches else []
            longest = len(pieces[last[0]]) if last else 0
            fits = last and len(last) < self.batch_size and longest * (len(last) + 1) <= BATCH_TOKENS
            if fits and (longest > self.short) == (len(pieces[i]) > self.short):
                last.append(i)
            else:
                batches.append([i])
        return batches

    def states(self, ids: Ids) -> NDArray[np.float32]:
        """Token states of one text that fits the window, shape (tokens, dimension), without special tokens."""
        out = self._forward([self.head + ids + self.tail])["token_embeddings"][0].float().cpu().numpy()
        return out[len(self.head) : len(self.head) + len(ids)]  # type: ignore[no-any-return]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _forward(self, batch: Sequence[Ids]) -> Any:
        longest = max(map(len, batch))
        pad = self.tokenizer.pad_token_id or 0
        ids = torch.full((len(batch), longest), pad)
        mask = torch.zeros_like(ids)
        for row, text in enumerate(batch):
            place = slice(0, len(text)) if self.tokenizer.padding_side == "right" else slice(-len(text), None)
            ids[row, place] = torch.tensor(text)
            mask[row, place] = 1
        features = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self.tokenizer.model_input_names:
            features["token_type_ids"] = torch.zeros_like(ids)
        features = {k: v.to(self.model.device) for k, v in features.items()}
        with self.switch if longest > self.short else nullcontext():
            return self.model.forward(features)
