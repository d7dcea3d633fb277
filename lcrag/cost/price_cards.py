"""Price cards of your own: dollars per million tokens, or hardware that is paid by the hour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lcrag.cost.amounts import is_number


@dataclass(frozen=True)
class PriceCard:
    """Dollars per million tokens.

    Attributes:
        input_mtok: price of prompt tokens.
        output_mtok: price of completion tokens.
        cached_mtok: price of prompt tokens that are read from a cache; without it ``input_mtok``.
        write_mtok: price of prompt tokens that are written into a cache (Anthropic: 1.25 times ``input_mtok`` for
            five minutes, twice for an hour); without it ``input_mtok``.
    """

    input_mtok: float
    output_mtok: float
    cached_mtok: float | None = None
    write_mtok: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is None and name in ("cached_mtok", "write_mtok"):
                continue
            if not is_number(value) or value < 0:
                raise ValueError(f"{name} must be dollars per million tokens, not {value!r}")

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of one call.

        Args:
            prompt: all prompt tokens, cached and written ones included.
            cached: prompt tokens that were read from a cache.
            completion: tokens of the answer.
            written: uncached prompt tokens that were written into a cache.
            seconds: duration of the call; tokens have prices here, so it is not used.
        """
        reading = self.input_mtok if self.cached_mtok is None else self.cached_mtok
        writing = self.input_mtok if self.write_mtok is None else self.write_mtok
        other = (prompt - cached - written) * self.input_mtok
        return (other + cached * reading + written * writing + completion * self.output_mtok) / 1e6

    def describe(self) -> dict[str, Any]:
        """The card as plain values."""
        return {"source": "price card"} | {k: v for k, v in asdict(self).items() if v is not None}


@dataclass(frozen=True)
class RentedHardware:
    """A model of your own on hardware that is paid by the hour: ``seconds * gpus * gpu_hour / 3600``.

    Calls that a server answers at the same time each count in full, so this is an upper bound with concurrent
    requests.

    Attributes:
        gpu_hour: dollars per hour of one device.
        gpus: the number of devices.
    """

    gpu_hour: float
    gpus: int = 1

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not is_number(value) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0, not {value!r}")

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of a call that takes ``seconds``; its tokens do not count."""
        return seconds * self.gpus * self.gpu_hour / 3600

    def describe(self) -> dict[str, Any]:
        """The card as plain values."""
        return {"source": "rented hardware"} | asdict(self)
