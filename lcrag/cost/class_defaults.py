"""What a configuration leaves out because it is the default of its model type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lcrag.cost.fields import ALIASES

SIZE = ("hidden_size", "num_hidden_layers", "intermediate_size")  # never taken from a default
LAYER_RULES = {"layer_types", "attn_type_list", "sliding_window_pattern", "full_attention_interval"}


def with_class_defaults(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration with the defaults that transformers has for its model type.

    A ``config.json`` leaves out what is as in the class: Gemma 3's says neither which layers slide nor that the
    embeddings are tied. A model's size is never taken from a default. Where transformers is not installed or does not
    know the model type, the configuration stays as it is.
    """
    kind = fields.get("model_type")
    if not isinstance(kind, str) or not kind:
        return fields
    try:
        from transformers import AutoConfig

        given = {k: v for k, v in fields.items() if k != "model_type"}
        resolved: Mapping[str, Any] = AutoConfig.for_model(kind, **given).to_dict()
    except Exception:  # its checks of fields raise many kinds of errors; ours come later, in one sentence
        return fields
    present = {*fields, *SIZE}
    present |= {n for key, names in ALIASES.items() if present & {key, *names} for n in (key, *names)}
    missing = {k: v for k, v in resolved.items() if k not in present and v is not None}
    if LAYER_RULES & {k for k, v in fields.items() if v is not None}:
        missing.pop("layer_types", None)
    return {**missing, **fields}
