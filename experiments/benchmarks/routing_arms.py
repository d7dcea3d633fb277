"""More than two ways: two probes, several retrievals, and models times strategies: a block of docs/routing.md."""

from __future__ import annotations

from pathlib import Path

import routing_models
import routing_probes
from routing_data import write_block


def page() -> str:
    """The block `arms`."""
    texts = routing_probes.parts() | routing_models.parts()
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**texts)


if __name__ == "__main__":
    write_block("arms", page)
