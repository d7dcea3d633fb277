"""A reader's utilisation of its hardware, fitted to measured seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lcrag.cost.amounts import not_negative
from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.roofline import call_seconds
from lcrag.errors import LcragError

FREE = 1e9  # a utilisation at which work takes no time


@dataclass(frozen=True)
class Measurement:
    """One call without concurrent calls.

    Attributes:
        new: prompt tokens that were computed.
        cached: prompt tokens that were read from a cache.
        completion: tokens that were written.
        seconds: duration of the call.
    """

    new: float
    cached: float
    completion: float
    seconds: float

    def __post_init__(self) -> None:
        not_negative(new_tokens=self.new, cached_tokens=self.cached, completion_tokens=self.completion)
        if not self.seconds > 0:
            raise LcragError(
                f"A measurement of {self.seconds} seconds cannot be used: give calls that took time."
            )


@dataclass(frozen=True)
class Calibration:
    """A reader's utilisation of hardware; infinite where the time could not be separated from the rest.

    Attributes:
        mfu: the share of the peak FLOP/s that the products with weights reach over a prompt.
        attention_mfu: the share of the peak FLOP/s that attention reaches over a prompt.
        mbu: the share of the bandwidth at which each written token reads the weights; includes all time per token that
            does not depend on the length before it (launching operations, sampling).
        attention_mbu: the share of the bandwidth at which each written token reads the KV cache.
        call_seconds: constant time of each call, in seconds.
    """

    mfu: float
    attention_mfu: float
    mbu: float
    attention_mbu: float
    call_seconds: float = 0.0

    @classmethod
    def fit(cls, measurements: Any, spec: ModelSpec, hardware: Hardware) -> Calibration:
        """Fit by least relative squares, with non-negative terms.

        ``seconds = call_seconds + prefill FLOPs / (F * mfu) + decode bytes / (BW * mbu)``, with
        separate rates for attention in both: the roofline where computing bounds the prompt and reading bounds the
        answer. Prompts of several lengths separate ``mfu`` from ``attention_mfu``, answers after caches of several
        lengths ``mbu`` from ``attention_mbu``.

        Args:
            measurements: ``(new, cached, completion, seconds)`` rows of calls made one at a time, or a table of
                outcomes (of which rows with one call and no error are used; calls of a batch share its time).
            spec: the model's shape.
            hardware: the card whose peaks the utilisations are relative to.

        Raises:
            LcragError: fewer than five measurements, or prompts that do not differ in length.
        """
        from scipy.optimize import nnls

        rows = _rows(measurements)
        columns = [_at_peak(m, spec, hardware) for m in rows]
        if len(rows) < 5:
            raise LcragError(f"A calibration needs at least five measured calls, not {len(rows)}.")
        weighted = [[c / m.seconds for c in row] for row, m in zip(columns, rows, strict=True)]
        scale = [max(column) or 1.0 for column in zip(*weighted, strict=True)]
        scaled = [[c / s for c, s in zip(row, scale, strict=True)] for row in weighted]
        solution, _ = nnls(scaled, [1.0] * len(rows))
        call, computing, attention, weights, cache = (
            float(x) / s for x, s in zip(solution, scale, strict=True)
        )
        if not computing:
            raise LcragError(
                "The measured seconds do not grow with the prompt: measure prompts of several lengths."
            )
        return cls(1 / computing, _inverse(attention), _inverse(weights), _inverse(cache), call)

    def on(self, hardware: Hardware) -> Hardware:
        """The card with these utilisations, for the functions of ``roofline``."""
        return replace(
            hardware,
            mfu=self.mfu,
            attention_mfu=min(self.attention_mfu, FREE),
            mbu=min(self.mbu, FREE),
            attention_mbu=min(self.attention_mbu, FREE),
            call_seconds=self.call_seconds,
        )

    def predict(self, measurement: Measurement, spec: ModelSpec, hardware: Hardware) -> float:
        """Predicted seconds of a call with the token counts of ``measurement``; its own seconds are not used."""
        m = measurement
        return call_seconds(spec, self.on(hardware), m.new + m.cached, m.cached, m.completion)


def _at_peak(m: Measurement, spec: ModelSpec, hardware: Hardware) -> tuple[float, ...]:
    """A constant 1, then seconds at the card's peaks: prompt without attention, its attention, weights, cache."""
    attention = spec.attention_flops(m.new, m.cached)
    weights = m.completion * spec.weights_read()
    return (
        1.0,
        (spec.prefill_flops(m.new, m.cached) - attention) / hardware.flops,
        attention / hardware.flops,
        weights / hardware.bandwidth,
        (spec.decode_bytes(m.completion, m.new + m.cached) - weights) / hardware.bandwidth,
    )


def _inverse(share: float) -> float:
    return 1 / share if share else float("inf")


def _rows(measurements: Any) -> Sequence[Measurement]:
    if not hasattr(measurements, "columns"):
        rows: Iterable[Any] = measurements
        return [m if isinstance(m, Measurement) else Measurement(*m) for m in rows]
    table = measurements
    table = table[
        (table["read_calls"] == 1) & (table["error"].fillna("") == "") & (table["read_seconds"] > 0)
    ]
    return [
        Measurement(p - c, c, w, s)
        for p, c, w, s in zip(
            table["read_prompt_tokens"],
            table["read_cached_tokens"],
            table["read_completion_tokens"],
            table["read_seconds"],
            strict=True,
        )
    ]
