"""How many requests a host takes at once, found while they are sent.

Additive increase, multiplicative decrease (Chiu and Jain 1989), with a faster start: the limit doubles until the host
first refuses or does not get faster, falls to 0.7 of it, and then grows by one. A limit that was good before a refusal
is kept, and the next one is tried ever less often.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

START = 4  # requests at once with which a host is tried first
BACK_OFF = 0.7  # of the limit after a refusal
TIMED_OUT = 0.5  # of the limit after a timeout
MAX_PATIENCE = 64  # rounds, of as many answers as the limit, before a limit that was refused is tried again
MORE_REQUESTS, MORE_ANSWERS = (
    1.5,
    1.2,
)  # so many times the requests at once must bring so many times the answers


@runtime_checkable
class OnServer(Protocol):
    """A reader whose requests go to a host; readers on the same host share its limit."""

    @property
    def host(self) -> str:
        """Name and port."""


@dataclass
class Gate:
    """Lets in as many as its capacity says, first come first served; the capacity may change.

    Attributes:
        capacity: How many may be inside now.
        inside: How many are.
    """

    capacity: Callable[[], int]
    inside: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque, repr=False)

    async def __aenter__(self) -> None:
        await self.enter()

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    async def enter(self) -> None:
        """Wait for a place and take it."""
        if not self._waiting and self.inside < self.capacity():
            self.inside += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except BaseException:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not place.cancelled():  # the place was given in the moment of the cancellation
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.inside -= 1
        self.wake()

    def wake(self) -> None:
        """Let in whoever fits."""
        while self._waiting and self.inside < self.capacity():
            place = self._waiting.popleft()
            if not place.done():
                self.inside += 1
                place.set_result(None)


@dataclass
class Flow:
    """The requests in flight at one host, and how many there may be.

    Attributes:
        minimum: The limit at least.
        maximum: The limit at most.
        limit: How many requests may be in flight.
        refusals: How often the host refused or did not answer in time.
    """

    minimum: int
    maximum: int
    limit: int = 0
    refusals: int = 0
    _era: int = 0  # requests of an earlier one were sent before the limit last fell
    _is_starting: bool = True  # the limit still doubles
    _is_stepping: bool = False  # the limit was raised by one after answers at the limit before
    _is_held: bool = False  # the next limit was refused: it is tried with patience
    _patience: int = 1
    _answers: int = 0
    _is_full: bool = False
    _since: float = 0.0
    _reference: tuple[int, float] = (0, 0.0)  # an earlier limit and its answers per second

    def __post_init__(self) -> None:
        self.limit = self.limit or max(self.minimum, min(START, self.maximum))
        self.gate = Gate(lambda: self.limit)
        self._start_round()

    async def enter(self) -> int:
        """Wait until a request may be sent; what is returned goes to ``leave`` and ``refused``."""
        await self.gate.enter()
        self._is_full |= self.gate.inside >= self.limit
        return self._era

    def leave(self) -> None:
        """The request has ended, in whatever way."""
        self.gate.leave()

    def answered(self) -> None:
        """A request was answered: with as many answers as the limit, a round in which it was used up, it may grow."""
        self._answers += 1
        rounds = self._patience if self._is_held else 1
        if self._answers < self.limit * rounds:
            return
        if self._is_full and self.limit < self.maximum and not self._is_queueing():
            raised = self.limit * 2 if self._is_starting else self.limit + 1
            self._is_stepping = not self._is_starting
            self.limit = min(self.maximum, raised)
            self._is_held = False
            self.gate.wake()
        self._start_round()

    def refused(self, era: int, timed_out: bool = False) -> None:
        """The host refused a request, or did not answer in time; requests of the same time count once."""
        self.refusals += 1
        if era < self._era:
            return
        if self._is_stepping and not timed_out:  # one less was good
            self._fall(self.limit - 1, is_held=True)
        else:
            self._fall(int(self.limit * (TIMED_OUT if timed_out else BACK_OFF)), is_held=False)

    def _is_queueing(self) -> bool:
        """Whether more requests at once brought no more answers: they wait at the host. Then the limit falls back."""
        elapsed = time.monotonic() - self._since
        rate = self._answers / elapsed if elapsed > 0 else 0.0
        limit, earlier = self._reference
        if limit and self.limit < MORE_REQUESTS * limit:
            return False
        if limit and rate < MORE_ANSWERS * earlier:
            self._fall(limit, is_held=True)
            return True
        self._reference = (self.limit, rate)
        return False

    def _fall(self, limit: int, is_held: bool) -> None:
        self._era += 1
        self.limit = max(self.minimum, min(limit, self.maximum))
        self._is_starting = self._is_stepping = False
        self._is_held = is_held
        self._patience = min(MAX_PATIENCE, self._patience * 2) if is_held else self._patience
        if self.limit < self._reference[0]:
            self._reference = (0, 0.0)
        self._start_round()

    def _start_round(self) -> None:
        self._answers, self._is_full, self._since = 0, self.gate.inside >= self.limit, time.monotonic()


_flows: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Flow]] = WeakKeyDictionary()


def flow_at(host: str) -> Flow | None:
    """The flow of a host in the running event loop; ``None`` where its concurrency is fixed."""
    return _flows.get(asyncio.get_running_loop(), {}).get(host)


def start_flow(host: str, minimum: int, maximum: int) -> Flow:
    """The flow of a host from now on; one that runs already goes on within the wider bounds."""
    flows = _flows.setdefault(asyncio.get_running_loop(), {})
    flow = flows.get(host)
    if flow is None:
        flow = flows[host] = Flow(minimum, maximum)
    flow.minimum, flow.maximum = min(flow.minimum, minimum), max(flow.maximum, maximum)
    return flow
