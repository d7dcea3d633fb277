"""What a reader reaches of its hardware, from measured seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lcrag.cost.amounts import not_negative
from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.roofline import call_seconds
from lcrag.errors import LcragError

FREE = 1e9  # a utilisation at which nothing takes time


@dataclass(frozen=True)
class Measurement:
    """One call by itself: tokens of prompt that were computed and that were cached, tokens written, seconds."""

    new: float
    cached: float
    completion: float
    seconds: float

    def __post_init__(self) -> None:
        not_negative(new_tokens=self.new, cached_tokens=self.cached, completion_tokens=self.completion)
        if not self.seconds > 0:
            raise LcragError(
                f"A measurement of {self.seconds} seconds says nothing: give calls that took time."
            )


@dataclass(frozen=True)
class Calibration:
    """What a reader reaches on hardware.

    Attributes:
        mfu: share of the peak FLOP/s that the products with weights reach while a prompt is computed.
        attention_mfu: the same for attention; infinite where its time could not be told from the rest.
        mbu: share of the bandwidth at which each written token reads the weights, with all else that a token takes
            whatever came before it (launching operations, sampling); infinite likewise.
        attention_mbu: the same for reading the KV cache; infinite likewise.
        call_seconds: what each call takes beside.
    """

    mfu: float
    attention_mfu: float
    mbu: float
    attention_mbu: float
    call_seconds: float = 0.0

    @classmethod
    def fit(cls, measurements: Any, spec: ModelSpec, hardware: Hardware) -> Calibration:
        """Least relative squares with no term below zero.

        ``seconds = call_seconds + prefill FLOPs / (F * mfu) + decode bytes / (BW * mbu)``, attention in both at
        rates of its own: the roofline where computing bounds the prompt and reading bounds the answer. ``mfu`` and
        ``attention_mfu`` are told apart by prompts of several lengths, ``mbu`` and ``attention_mbu`` by answers
        after caches of several lengths.

        Args:
            measurements: ``(new, cached, completion, seconds)`` rows of calls made one at a time, or a table of
                outcomes (its rows of one call without an error; where a batch shared the time, so does the result).
            spec: the model's shape.
            hardware: its card; ``mfu`` and ``mbu`` are relative to the card's peaks.

        Raises:
            LcragError: fewer than five measurements, or all alike.
        """
        from scipy.optimize import nnls

        rows = _rows(measurements)
        columns = [_at_peak(m, spec, hardware) for m in rows]
        if len(rows) < 5:
            raise LcragError(f"A calibration needs at least five measured calls, not {len(rows)}.")
        weighted = [[c / m.seconds for c in row] for row, m in zip(columns, rows, strict=True)]
        scale = [max(column) or 1.0 for column in zip(*weighted, strict=True)]
        scaled = [[c / s for c, s in zip(row, scale, strict=True)] for row in weighted]
        found, _ = nnls(scaled, [1.0] * len(rows))
        call, computing, attending, weights, cache = (float(x) / s for x, s in zip(found, scale, strict=True))
        if not computing:
            raise LcragError(
                "The measured seconds do not grow with the prompt: measure prompts of several lengths."
            )
        return cls(1 / computing, _inverse(attending), _inverse(weights), _inverse(cache), call)

    def on(self, hardware: Hardware) -> Hardware:
        """The card as this reader uses it, for the functions of ``roofline``."""
        return replace(
            hardware,
            mfu=self.mfu,
            attention_mfu=min(self.attention_mfu, FREE),
            mbu=min(self.mbu, FREE),
            attention_mbu=min(self.attention_mbu, FREE),
            call_seconds=self.call_seconds,
        )

    def predict(self, measurement: Measurement, spec: ModelSpec, hardware: Hardware) -> float:
        """Seconds that the roofline gives for a call of this shape."""
        m = measurement
        return call_seconds(spec, self.on(hardware), m.new + m.cached, m.cached, m.completion)


def _at_peak(m: Measurement, spec: ModelSpec, hardware: Hardware) -> tuple[float, ...]:
    """One call, and the seconds at the card's peaks of: prompt without attention, its attention, weights, cache."""
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
