"""All blocks of docs/routing.md (`make routing`), two at a time; each script also writes its own block alone."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from multiprocessing import get_context

from page import put
from routing_data import PAGE, data, lara

# What one process writes, in order; the longest first. `elsewhere` reads the outcomes that `arms` makes.
BLOCKS = (("measured",), ("arms", "elsewhere"), ("prompted",), ("tried",), ("stacked",))
WORKERS = 2


def made(names: tuple[str, ...]) -> list[tuple[str, str, float]]:
    """Of each block its name, its text and how many seconds it took."""
    blocks = []
    for name in names:
        started = time.perf_counter()
        text: str = import_module(f"routing_{name}").page()
        blocks.append((name, text, time.perf_counter() - started))
    return blocks


def main() -> None:
    """Write every block as soon as it is there."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each of two processes
    data()
    lara()  # imported once, before two processes ask for it
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(made, b) for b in BLOCKS]):
            for name, text, seconds in done.result():
                put(PAGE, name, text)
                print(f"{name}: {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
