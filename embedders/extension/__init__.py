"""Context extension without training: see ``absolute``, ``rotary``, ``attention`` and ``mpnet``."""

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
    from embedders.extension import absolute, attention, rotary
    from embedders.extension.switch import Switch

    if method in {"truncate", "parallel_windows"}:
        return Switch()
    table, frequencies = absolute.has_table(model), rotary.frequencies(model)
    fitting = absolute.ABSOLUTE if table else rotary.ROTARY if frequencies else ()
    if method not in fitting:
        raise ValueError(
            f"The extension {method!r} does not fit the positions of {type(model).__name__}: "
            f"take one of: {', '.join(('truncate', 'parallel_windows', *fitting))}."
        )
    if target <= original:
        return Switch()
    if table:
        return absolute.extend(model, target, method)
    if method == "self_extend":
        module, name = frequencies[0]
        return attention.self_extend(model, original, target, getattr(module, name))
    return rotary.extend(model, original, target, method)


def scale_attention(model: Any, temperature: float, log_base: int) -> None:
    """Give a transformers model a temperature and log-length scaling (see ``attention``).

    Raises:
        ValueError: the attention of this architecture cannot be replaced.
    """
    from embedders.extension import attention, mpnet

    settings = attention.Attention(temperature, log_base)
    if not mpnet.install(model, settings):
        attention.install(model, settings)
