"""A model's configuration, as Hugging Face writes it: from memory, a file, the known models or the local cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lcrag.cost.class_defaults import with_class_defaults
from lcrag.errors import LcragError, did_you_mean, reason

KNOWN = Path(__file__).with_name("models.yaml")
OUTER = (
    "dtype",
    "torch_dtype",
    "quantization_config",
    "tie_word_embeddings",
)  # of the whole multimodal model
NESTED = ("attn_config", "ffn_config")
SUFFIXES = ("-instruct", "-chat", "-hf", "-it", "-base")


@cache
def known_models() -> Mapping[str, Mapping[str, Any]]:
    """Shapes of well-known open models (``models.yaml``), by short name such as ``llama-3.1-8b``."""
    models: dict[str, dict[str, Any]] = yaml.safe_load(KNOWN.read_text("utf-8"))
    return models


def short_name(name: str) -> str:
    """``meta-llama/Llama-3.1-8B-Instruct`` as ``llama-3.1-8b``."""
    name = name.rstrip("/").rsplit("/", 1)[-1].lower().removeprefix("meta-")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def read_config(source: Any) -> Mapping[str, Any]:
    """The fields of a model's configuration; of a multimodal model those of its language model.

    What a configuration leaves out is taken from the defaults of its model type, where transformers knows it.

    Args:
        source: a mapping, a transformers configuration, a ``config.json`` or its folder, the name of a known
            model, or a name that transformers finds in its local cache (nothing is downloaded).

    Raises:
        LcragError: there is no such configuration, or the file is not a JSON mapping.
    """
    if isinstance(source, str | Path):
        fields = _named(str(source))
    elif isinstance(source, Mapping):
        fields = source
    elif hasattr(source, "to_dict"):
        fields = source.to_dict()
    else:
        raise LcragError(
            f"A model configuration is a mapping, a file or a name, not {type(source).__name__}."
        )
    inner = fields.get("text_config")
    if isinstance(inner, Mapping):
        outer = {k: fields[k] for k in OUTER if fields.get(k) is not None}
        fields = {**outer, **inner}
    fields = _flat(fields)
    is_complete = hasattr(source, "to_dict") or fields in known_models().values()
    return fields if is_complete else _flat(with_class_defaults(fields))


def _flat(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """DBRX and MPT describe attention and feed-forward layers in mappings of their own; the model's size is outside."""
    parts = {k: dict(fields[k]) for k in NESTED if isinstance(fields.get(k), Mapping)}
    inner = {
        k: v for part in parts.values() for k, v in part.items() if k not in ("hidden_size", "model_type")
    }
    return {**inner, **{k: v for k, v in fields.items() if k not in parts}}


def _named(name: str) -> Mapping[str, Any]:
    path = Path(name).expanduser()
    if path.exists():
        return _file(path / "config.json" if path.is_dir() else path)
    if short_name(name) in known_models():
        return known_models()[short_name(name)]
    looks_like_path = path.suffix == ".json" or name.startswith((".", "/", "~"))
    if not looks_like_path and (cached := _cached(name)) is not None:
        return cached
    hint = did_you_mean(short_name(name), known_models())
    raise LcragError(
        f"There is no file {name}."
        if looks_like_path
        else f"The shape of the model {name!r} is not known; {hint} Or give a config.json or its folder."
    )


def _file(path: Path) -> Mapping[str, Any]:
    try:
        fields = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise LcragError(f"There is no file {path}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise LcragError(f"{path} is not a model's configuration in JSON ({reason(error)}).") from error
    if not isinstance(fields, dict):
        raise LcragError(f"{path} is not a model's configuration: a JSON mapping is expected.")
    return fields


def _cached(name: str) -> Mapping[str, Any] | None:
    """The configuration in transformers' local cache, ``None`` if it is not there or transformers is not installed."""
    try:
        from transformers import AutoConfig

        fields: Mapping[str, Any] = AutoConfig.from_pretrained(name, local_files_only=True).to_dict()
    except (ImportError, OSError, ValueError):
        return None
    return fields
