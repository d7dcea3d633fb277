"""Ray actors that do the model work of an experiment, and what happens when one dies."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.executors.ray_cluster import Cluster, ray_itself
from lcrag.experiment.executors.ray_worker import Worker
from lcrag.experiment.executors.shipping import MAX_COMPONENTS, Receiver, Sender

MAX_DEATHS = 3  # of actors under one piece of work: then the work is what kills them
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Actor:
    """A live actor.

    Attributes:
        handle: Ray's handle.
        group: Its placement group, if it has one.
        slots: Bounds the requests in flight.
        prefixes: The KV prefixes that it has computed.
        shards: How many shards run on it.
    """

    handle: Any
    group: Any
    slots: asyncio.Semaphore
    prefixes: set[str] = field(default_factory=set)
    shards: int = 0


class Place:
    """Where one shard runs: an actor, or the one that has taken over from it (see ``lcrag.local.Place``)."""

    def __init__(self, pool: Pool, actor: _Actor) -> None:
        self.pool, self.actor = pool, actor

    @property
    def slots(self) -> asyncio.Semaphore:
        """The actor's."""
        return self.actor.slots

    @property
    def lost_prefixes(self) -> set[str]:
        """Those of all actors that have died."""
        return self.pool.lost_prefixes

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do work on the actor; on another one if it dies meanwhile.

        Raises:
            LcragError: every actor that tried it has died.
        """
        content, refs = self.pool.sent((work, args, kwargs))
        for _ in range(MAX_DEATHS):
            actor = self.actor
            try:
                succeeded, parcel = await actor.handle.run.remote(content, refs)
            except self.pool.ray.exceptions.RayActorError as error:
                self.pool.bury(actor, error)
                await self._move(actor)
                continue
            result = self.pool.receiver.unpack(parcel.content, list(parcel.components), parcel.components)
            if not succeeded:
                raise result
            actor.prefixes.add(getattr(result, "prefix_key", ""))
            return result
        name = getattr(work, "__qualname__", type(work).__name__)
        raise LcragError(f"{MAX_DEATHS} Ray actors died at {name}: see Ray's log of their workers (memory?).")

    async def _move(self, actor: _Actor) -> None:
        await self.pool.wait_for_one()
        if self.actor is actor:  # no other task of the shard has moved it yet
            self.actor = self.pool.least_busy()
            self.actor.shards += 1


class Pool:
    """The actors of one run."""

    def __init__(self, cluster: Cluster, max_concurrency: int) -> None:
        self.cluster, self.max_concurrency = cluster, max_concurrency
        self.ray = ray_itself()
        self.actors: list[_Actor] = []
        self.lost_prefixes: set[str] = set()
        self.receiver = Receiver()
        self._sender = Sender()
        self._refs: OrderedDict[str, Any] = OrderedDict()
        self._starting: set[asyncio.Task[None]] = set()
        self._began_ray = False

    async def __aenter__(self) -> Self:
        """Connect, and wait for the first actor; the others join when they are ready."""
        self._began_ray = await asyncio.to_thread(self.cluster.connect)
        for _ in range(self.cluster.actors):
            self._start()
        try:
            await self.wait_for_one()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the actors, and the cluster if it was started here."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for actor in self.actors:
            self._end(actor)
        if self._began_ray:
            await asyncio.to_thread(self.ray.shutdown)

    def _start(self) -> None:
        self._starting.add(asyncio.create_task(self._started()))

    async def _started(self) -> None:
        handle, group = self.cluster.start(Worker)
        actor = _Actor(handle, group, asyncio.Semaphore(self.max_concurrency))
        try:
            await actor.handle.process.remote()
        except BaseException:
            self._end(actor)
            raise
        self.actors.append(actor)

    def _end(self, actor: _Actor) -> None:
        self.ray.kill(actor.handle)
        if actor.group is not None:
            self.ray.util.remove_placement_group(actor.group)

    def bury(self, actor: _Actor, error: Exception) -> None:
        """Take note that an actor has died, once, and start another."""
        if actor not in self.actors:
            return
        logger.warning("A Ray actor died; its questions go on elsewhere: %s", str(error).splitlines()[0])
        self.actors.remove(actor)
        self.lost_prefixes |= actor.prefixes - {""}
        self._end(actor)
        self._start()

    async def wait_for_one(self) -> None:
        """Wait until an actor is alive.

        Raises:
            ReaderUnavailable: none could be started.
        """
        until = asyncio.get_running_loop().time() + self.cluster.start_seconds
        while not self.actors:
            left = until - asyncio.get_running_loop().time()
            if not self._starting:  # another task was told why the last one did not start
                self._start()
            done, _ = await asyncio.wait(
                self._starting, timeout=max(0, left), return_when=asyncio.FIRST_COMPLETED
            )
            self._starting -= done
            errors = [task.exception() for task in done if task.exception()]
            if not self.actors and (errors or not done):
                free = {k: v for k, v in self.ray.available_resources().items() if k in {"CPU", "GPU"}}
                reason = errors[0] if errors else f"none within {self.cluster.start_seconds:g} seconds"
                raise ReaderUnavailable(
                    f"No Ray actor with {dict(self.cluster.resources_per_actor)} could be started ({reason}); the "
                    f"cluster has {free} free: ask for less, or add nodes."
                )

    def least_busy(self) -> _Actor:
        """The actor with the fewest shards."""
        return min(self.actors, key=lambda actor: actor.shards)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place for one shard."""
        elsewhere = Place(self, self.least_busy())
        elsewhere.actor.shards += 1
        try:
            yield elsewhere
        finally:
            elsewhere.actor.shards -= 1

    def sent(self, work: Any) -> tuple[bytes, dict[str, Any]]:
        """Work as bytes, and Ray's references to the components that it needs."""
        parcel = self._sender.pack(work)
        refs = {}
        for name, content in parcel.components.items():
            if name not in self._refs:
                self._refs[name] = self.ray.put(content)
            self._refs.move_to_end(name)
            refs[name] = self._refs[name]
        while len(self._refs) > max(MAX_COMPONENTS, len(refs)):
            self._refs.popitem(last=False)
        return parcel.content, refs
