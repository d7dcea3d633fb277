"""Longer windows for readers with rotary positions (RoPE), without training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.errors import LcragError

Method = Literal["linear", "ntk", "dynamic", "yarn", "longrope", "abf", "self_extend"]


@dataclass(frozen=True)
class RopeExtension:
    """How a reader's positions are stretched; s is ``factor``, b the model's base, d the head's width.

    - ``linear``: angles divided by s (position interpolation, Chen et al. 2023, arXiv 2306.15595).
    - ``ntk``: base b s^(d/(d-2)), the NTK-aware static base.
    - ``dynamic``: the same base as the text grows, b (s n/L - (s-1))^(d/(d-2)) for n tokens beyond the window L.
    - ``yarn``: by frequency band (Peng et al. 2023, arXiv 2309.00071).
    - ``longrope``: the model's own searched factors (Ding et al. 2024, arXiv 2402.13753), which must be given.
    - ``abf``: another base, ``theta`` (Xiong et al. 2023, arXiv 2309.16039, which trains on).
    - ``self_extend``: true distances below ``near`` tokens, groups beyond (Jin et al. 2024, arXiv 2401.01325).

    Without training linear, abf and longrope lose quality; ntk, dynamic and yarn are the usual choice.

    Attributes:
        factor: How many times longer the window becomes, above 1.
        theta: Base, for ``abf``.
        short_factor: d/2 factors for short texts, for ``longrope``.
        long_factor: d/2 factors for long texts, for ``longrope``.
        near: Distance in tokens below which positions are exact, for ``self_extend``.
    """

    method: Method
    factor: float = 2.0
    theta: float = 500_000.0
    short_factor: tuple[float, ...] = ()
    long_factor: tuple[float, ...] = ()
    near: int = 1024

    def __post_init__(self) -> None:
        if self.factor <= 1:
            raise ValueError(f"factor is {self.factor}: the window becomes longer with factors above 1.")
        if self.method == "longrope" and not (self.short_factor and self.long_factor):
            raise ValueError(
                "longrope needs short_factor and long_factor, which were searched for the model."
            )

    @property
    def length_dependent(self) -> bool:
        """Whether the same token is rotated differently in a longer text: its keys cannot be kept for other prompts."""
        return self.method in {"dynamic", "longrope", "self_extend"}

    def window(self, config: Any) -> int:
        """Tokens of the stretched window."""
        return round(self.factor * int(config.max_position_embeddings))

    def group(self, config: Any) -> int:
        """SelfExtend's group: the smallest with which (L - near) group + near reaches the window."""
        window = int(config.max_position_embeddings)
        if self.near >= window:
            raise LcragError(
                f"self_extend: near is {self.near}, but must be below the model's {window} positions."
            )
        return math.ceil((self.window(config) - self.near) / (window - self.near))

    def parameters(self, config: Any) -> dict[str, Any]:
        """``rope_parameters`` for transformers and vLLM; ``config`` is the model's as it was.

        Raises:
            LcragError: the model has no plain rotary positions.
        """
        rope = dict(getattr(config, "rope_parameters", None) or {})
        if "rope_theta" not in rope:
            raise LcragError(
                f"{config.model_type} has no rotary positions, or several kinds: they cannot be stretched."
            )
        if rope.get("rope_type", "default") != "default":
            raise LcragError(f"The model's positions are stretched already ({rope['rope_type']}).")
        base, original = float(rope["rope_theta"]), int(config.max_position_embeddings)
        if self.method in {"ntk", "abf", "self_extend"}:
            theta = {"ntk": base * self.factor ** _exponent(config), "abf": self.theta}.get(self.method, base)
            return {**rope, "rope_type": "default", "rope_theta": theta}
        stretched = {**rope, "rope_type": self.method, "factor": self.factor, "rope_theta": base}
        if self.method in {"yarn", "longrope"}:
            stretched["original_max_position_embeddings"] = original
        if self.method == "longrope":
            stretched |= {"short_factor": list(self.short_factor), "long_factor": list(self.long_factor)}
        return stretched

    def vllm_overrides(self, config: Any) -> dict[str, Any]:
        """``hf_overrides`` for vLLM, which multiplies the window itself for linear and dynamic.

        Raises:
            LcragError: vLLM does not support the method.
        """
        if self.method == "self_extend":
            raise LcragError("vLLM has no self_extend: use another method, or the transformers reader.")
        overrides: dict[str, Any] = {"rope_parameters": self.parameters(config)}
        if self.method not in {"linear", "dynamic"}:
            overrides["max_position_embeddings"] = self.window(config)
        return overrides

    def transformers_overrides(self, config: Any) -> dict[str, Any]:
        """Changes to the model's configuration; dynamic needs the original window there."""
        overrides: dict[str, Any] = {"rope_parameters": self.parameters(config)}
        if self.method != "dynamic":
            overrides["max_position_embeddings"] = self.window(config)
        return overrides


def _exponent(config: Any) -> float:
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return float(width / (width - 2))
