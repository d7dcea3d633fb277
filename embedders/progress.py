"""A progress bar over texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(total: int, title: str) -> Iterator[Callable[[int], None]]:
    """Yields what is called with the number of texts done."""
    from rich.progress import Progress

    with Progress(transient=True) as shown:
        task = shown.add_task(title, total=total)
        yield lambda count: shown.advance(task, count)
