"""Context extension without training: one name per method; see ``absolute``, ``rotary`` and ``attention``."""

from __future__ import annotations

from typing import Any, Literal, get_args

Method = Literal[
    "truncate",
    "parallel_windows",
    "grouped_positions",
    "recurrent_positions",
    "position_interpolation",
    "ntk",
    "yarn",
    "self_extend",
]
METHODS: tuple[str, ...] = get_args(Method)


def original_window(model: Any) -> int:
    """The window, in tokens, that a transformers model was trained for."""
    from embedders.extension import absolute

    if absolute.has_table(model):
        return absolute.window(model)
    return int(model.config.max_position_embeddings)


def extension(model: Any, method: str, original: int, target: int) -> Any:
    """The ``Switch`` that makes a transformers model read ``target`` tokens.

    Raises:
        ValueError: the method does not fit the model's positions; names those that do.
    """
    from dataclasses import replace

    from embedders.extension import absolute, attention, rotary
    from embedders.extension.switch import Switch

    if method in {"truncate", "parallel_windows"} or target <= original:
        return Switch()
    if absolute.has_table(model) and method in absolute.ABSOLUTE:
        return absolute.extend(model, target, method)
    rotary_places = rotary.frequencies(model)
    if rotary_places and method == "self_extend":
        group, near = attention.self_extend_sizes(original, target)
        module, name = rotary_places[0]
        present = attention.installed(model)
        settings = replace(present, near=near, group=group, frequencies=getattr(module, name))
        return attention.switched(model, settings)
    if rotary_places and method in rotary.ROTARY:
        return rotary.extend(model, original, target, method)
    fitting = absolute.ABSOLUTE if absolute.has_table(model) else rotary.ROTARY if rotary_places else ()
    raise ValueError(
        f"The extension {method!r} does not fit this model's positions; "
        f"take one of: {', '.join(('truncate', 'parallel_windows', *fitting))}."
    )
