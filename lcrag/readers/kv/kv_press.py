"""Any press of kvpress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from lcrag.errors import LcragError, ReaderUnavailable, did_you_mean
from lcrag.readers.kv.base import Filled, KVCache, Store, check_share
from lcrag.readers.kv.keep_all import Whole


@dataclass(frozen=True)
class KVPress(KVCache):
    """A press of NVIDIA's kvpress, by its class's name, such as ``KnormPress`` or ``PyramidKVPress``.

    Its ``compress`` gets what kvpress itself would give it: the attention module, the layer's input, keys, values and
    the rotary embedding; so kvpress' hooks, which break with transformers from 5.3 on, are not used. Presses that only
    mask heads (AdaKV and others with ``masked_key_indices``) free no memory and are refused, as are those that need
    attention weights. A press compresses the document without the question, so that questions share what is kept.

    Attributes:
        press: the class's name.
        budget: share of the tokens that is kept, 1 - ``compression_ratio``; ``None`` if the press has other settings.
        settings: other arguments of the press.
    """

    press: str
    budget: float | None = 0.5
    settings: Mapping[str, Any] = field(default_factory=dict)
    _seen: dict[int, tuple[Any, dict[str, Any]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.budget is not None:
            check_share("budget", self.budget)

    def made(self) -> Any:
        """The press.

        Raises:
            ReaderUnavailable: kvpress is not installed.
            LcragError: there is no such press.
        """
        try:
            kvpress = import_module("kvpress")
        except ImportError as error:
            raise ReaderUnavailable(
                f"The KV cache method kv_press needs `{error.name}`: pip install --no-deps kvpress"
            ) from error
        kind = getattr(kvpress, self.press, None)
        if kind is None or not hasattr(kind, "compress"):
            known = [name for name in dir(kvpress) if name.endswith("Press")]
            raise LcragError(f"kvpress has no press {self.press!r}: {did_you_mean(self.press, known)}")
        ratio = {} if self.budget is None else {"compression_ratio": 1 - self.budget}
        return kind(**ratio, **self.settings)

    @contextmanager
    def watching(self, model: Any) -> Iterator[None]:
        """Note what each attention module is given while a prompt is prefilled."""
        decoder = model.get_decoder()
        hooks = []

        def note(module: Any, args: Any, given: dict[str, Any]) -> None:
            hidden = given["hidden_states"] if "hidden_states" in given else args[0]
            self._seen[module.layer_idx] = (module, {**given, "hidden_states": hidden})

        try:
            for layer in decoder.layers:
                layer.self_attn.rotary_emb = decoder.rotary_emb  # where presses look for it
                hooks.append(layer.self_attn.register_forward_pre_hook(note, with_kwargs=True))
            yield
        finally:
            self._seen.clear()
            for hook in hooks:
                hook.remove()

    def keep(self, filled: Filled) -> Store:
        """What the press's ``compress`` returns.

        Raises:
            LcragError: the press masks heads in place of dropping tokens.
        """
        import torch

        module, given = self._seen[filled.layer]
        places = torch.arange(filled.tokens, device=filled.keys.device)
        keys, values = self.made().compress(
            module,
            given["hidden_states"],
            filled.keys[None],
            filled.values[None],
            None,
            {"cache_position": places, **given},
        )
        if getattr(module, "masked_key_indices", None) is not None:
            module.masked_key_indices = None
            raise LcragError(
                f"{self.press} masks keys and frees no memory: its bytes would be wrong. Take one that drops tokens."
            )
        return Whole(keys[0], values[0], filled.tokens)
