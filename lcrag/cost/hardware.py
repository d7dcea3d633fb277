"""Hardware cards: a device's peak FLOP/s, bytes/s and memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lcrag.cost.amounts import is_number
from lcrag.cost.cards import make_card, read_yaml
from lcrag.errors import LcragError, did_you_mean

CARDS = Path(__file__).with_name("hardware.yaml")


@dataclass(frozen=True)
class Hardware:
    """One device, or several that share a model.

    Memory is in GiB and everything else in decimal units: a vendor's 80 GB of HBM are 80 GiB (an A100 reports
    81,920 MiB), and with 80e9 bytes Yi-34B would not hold one user of 50K tokens beside its weights.

    Attributes:
        tflops: dense BF16 peak, in 1e12 FLOP/s.
        bandwidth_gb_s: bandwidth of the memory, in 1e9 bytes/s.
        memory_gib: memory, in 2**30 bytes.
        link_gb_s: bandwidth to the host's memory (PCIe), in 1e9 bytes/s.
        mfu: model FLOPs utilisation, the share of the peak that is reached (PaLM, arXiv 2204.02311, section 4.1);
            1 is the theoretical bound, 0.4 to 0.5 is usual for a prefill.
        attention_mfu: utilisation by attention over a prompt, which some backends compute at another rate than the
            products with weights; without it ``mfu``.
        mbu: model bandwidth utilisation, the share of the memory's bandwidth that is reached; 0.6 to 0.7 is usual for
            decoding.
        attention_mbu: utilisation by reading the KV cache; without it ``mbu``.
        call_seconds: constant time of each call, in seconds (tokenising, scheduling).
        usd_per_hour: dollars per hour of the device, if known.
    """

    tflops: float
    bandwidth_gb_s: float
    memory_gib: float
    link_gb_s: float
    mfu: float = 1.0
    attention_mfu: float | None = None
    mbu: float = 1.0
    attention_mbu: float | None = None
    call_seconds: float = 0.0
    usd_per_hour: float | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value is None and f.name in ("usd_per_hour", "attention_mfu", "attention_mbu"):
                continue
            may_be_zero = f.name in ("call_seconds", "usd_per_hour")
            if not is_number(value) or value < 0 or (value == 0 and not may_be_zero):
                raise ValueError(f"{f.name} must be a {'number of at least 0' if may_be_zero else 'positive number'}, "
                                 f"not {value!r}")  # fmt: skip

    @property
    def flops(self) -> float:
        """Peak FLOP/s."""
        return self.tflops * 1e12

    @property
    def bandwidth(self) -> float:
        """Bytes/s of the memory."""
        return self.bandwidth_gb_s * 1e9

    @property
    def memory(self) -> float:
        """Bytes of memory."""
        return self.memory_gib * 2**30

    @property
    def link(self) -> float:
        """Bytes/s to the host's memory."""
        return self.link_gb_s * 1e9

    @property
    def ridge(self) -> float:
        """FLOPs per byte above which computing takes longer than reading (Williams et al. 2009)."""
        return self.flops * self.mfu / (self.bandwidth * self.mbu)

    def parallel(self, devices: int) -> Hardware:
        """Several such devices as one, with tensor parallelism and free communication (Fu 2024, arXiv 2405.08944)."""
        if devices < 1:
            raise LcragError(f"A model runs on at least one device, not on {devices}.")
        scaled = {
            k: getattr(self, k) * devices for k in ("tflops", "bandwidth_gb_s", "memory_gib", "link_gb_s")
        }
        dollars = None if self.usd_per_hour is None else self.usd_per_hour * devices
        return replace(self, **scaled, usd_per_hour=dollars)


def read_hardware(path: Path | str) -> Mapping[str, Hardware]:
    """Read hardware cards from a YAML file, by name.

    Raises:
        LcragError: the file cannot be read, or a card has an unknown, missing or impossible value.
    """
    return {name: make_card(Hardware, card, f"{path}: {name}") for name, card in read_yaml(path).items()}


def find_hardware(name: str, path: Path | str | None = None) -> Hardware:
    """The card with this name from the file ``path``, else from lcrag: a100, h100, h200, l4, cpu.

    Raises:
        LcragError: there is no such card.
    """
    cards = {**read_hardware(CARDS), **(read_hardware(path) if path else {})}
    if name not in cards:
        raise LcragError(f"There is no hardware card {name!r}; {did_you_mean(name, cards)}")
    return cards[name]
