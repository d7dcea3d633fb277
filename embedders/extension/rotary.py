"""Longer windows for models with rotary positions (RoPE), by changed frequencies.

Zhu et al. 2024, LongEmbed, arXiv 2404.12096, section 4.2, with s = Lt / Lo:

- ``position_interpolation``: every angle divided by s (Chen et al. 2023, arXiv 2306.15595),
- ``ntk``: the base theta times lambda; the paper takes 3, 5 and 10 for s = 2, 4 and 8, others here 1.25 s,
- ``yarn``: interpolation by frequency band (Peng et al. 2023, arXiv 2309.00071), as transformers computes it.

``self_extend`` is in ``attention``, since it changes the scores and not the frequencies.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch

from embedders.extension.switch import Switch

ROTARY = ("position_interpolation", "ntk", "yarn", "self_extend")
LAMBDA = {2: 3.0, 4: 5.0, 8: 10.0}


def frequencies(model: Any) -> list[tuple[Any, str]]:
    """Where the model keeps its rotary frequencies, as (module, attribute); local layers are left out."""
    places = []
    for module in model.modules():
        for name, _ in module.named_buffers(recurse=False):
            if name in {"inv_freq", "full_attention_inv_freq"}:
                places.append((module, name))
    return places


def extend(model: Any, original: int, target: int, method: str) -> Switch:
    """A switch that stretches the rotary positions of ``original`` tokens over ``target``."""
    scale = target / original
    switch = Switch()
    for module, name in frequencies(model):
        base = getattr(module, name)
        if method == "position_interpolation":
            switch.add(module, name, base / scale)
        elif method == "ntk":
            growth = LAMBDA.get(round(scale) if scale == round(scale) else 0, 1.25 * scale)
            steps = torch.arange(0, 2 * len(base), 2, device=base.device) / (2 * len(base))
            switch.add(module, name, base * growth**-steps)
        else:
            changed, attention = _yarn(model.config, original, scale, name)
            switch.add(module, name, changed.to(base.device))
            switch.add(module, name.replace("inv_freq", "attention_scaling"), attention)
    return switch


def _yarn(config: Any, original: int, scale: float, name: str) -> tuple[torch.Tensor, float]:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = deepcopy(config)
    layers = name.removesuffix("inv_freq").rstrip("_")  # "full_attention" for ModernBERT, else empty
    parameters = config.rope_parameters or {}
    of_layers = parameters[layers] if layers else parameters
    of_layers |= {
        "rope_type": "yarn",
        "rope_theta": of_layers.get("rope_theta", 10000.0),
        "factor": scale,
        "original_max_position_embeddings": original,
    }
    config.rope_parameters = parameters
    changed, attention = ROPE_INIT_FUNCTIONS["yarn"](
        config, torch.device("cpu"), **({"layer_type": layers} if layers else {})
    )
    return changed, float(attention)
