"""Ray actors that do the model work of an experiment, and what happens when one dies."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal, Self

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.executors.shipping import MAX_COMPONENTS, Parcel, Receiver, Sender
from lcrag.local import run_local

MAX_DEATHS = 3  # of actors under one piece of work: then the work is what kills them
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cluster:
    """The actors that a run wants, and where.

    Attributes:
        actors: How many actors, each with a copy of the reader.
        resources_per_actor: What Ray reserves for each: ``num_cpus``, ``num_gpus`` and resources of your own. A reader
            with tensor parallelism takes as many GPUs.
        bundles_per_actor: Above 1, a placement group of that many such reservations for each actor: the actor takes
            the processors of the first, and the workers that its engine starts through Ray (tensor parallelism over
            several nodes) take the GPUs.
        placement: How Ray places the bundles of an actor.
        address: The cluster's address, such as ``auto``; empty takes the one that RAY_ADDRESS names, else starts a
            cluster on this machine.
        start_seconds: How long an actor may take to start before the run stops.
    """

    actors: int = 2
    resources_per_actor: Mapping[str, float] = field(default_factory=lambda: {"num_cpus": 1})
    bundles_per_actor: int = 1
    placement: Literal["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"] = "PACK"
    address: str = ""
    start_seconds: float = 600.0

    def __post_init__(self) -> None:
        for name in ("actors", "bundles_per_actor"):
            if getattr(self, name) < 1:
                raise LcragError(f"executor ray: {name} = {getattr(self, name)}; give 1 or more.")


def _ray() -> ModuleType:
    """Ray itself.

    Raises:
        ReaderUnavailable: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise ReaderUnavailable("executor: ray needs Ray: pip install 'lcrag[ray]'.") from error
    return ray


class Worker:
    """What runs in an actor: it holds the reader and whatever else it was sent, and does work with them."""

    def __init__(self) -> None:
        self._sender, self._receiver = Sender(), Receiver()
        self._turn = asyncio.Lock()  # work begins in the order in which it comes

    async def process(self) -> int:
        """The id of the actor's process, once it has started."""
        return os.getpid()

    async def run(self, content: bytes, refs: Mapping[str, Any]) -> tuple[bool, Parcel]:
        """Do a piece of work; returns whether it succeeded, and its result or its error."""
        names = list(refs)
        try:
            async with self._turn:
                fetched = {name: await refs[name] for name in self._receiver.missing(names)}
                work, args, kwargs = self._receiver.unpack(content, names, fetched)
            if inspect.iscoroutinefunction(work):
                return True, self._sender.pack(await work(*args, **kwargs))
            result = await run_local(work, *args, **kwargs)
            return True, self._sender.pack(await result if inspect.isawaitable(result) else result)
        except Exception as error:  # a component of the user's own may raise anything
            return False, self._packed_error(error)

    def _packed_error(self, error: Exception) -> Parcel:
        try:
            parcel = self._sender.pack(error)
            Receiver().unpack(parcel.content, [], {})
        except Exception:  # some errors cannot be made again from what they hold
            return self._sender.pack(LcragError(f"{type(error).__name__}: {error}"))
        return parcel


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

    def __init__(self, settings: Cluster, max_concurrency: int) -> None:
        self.settings, self.max_concurrency = settings, max_concurrency
        self.ray = _ray()
        self.actors: list[_Actor] = []
        self.lost_prefixes: set[str] = set()
        self.receiver = Receiver()
        self._sender = Sender()
        self._refs: OrderedDict[str, Any] = OrderedDict()
        self._starting: set[asyncio.Task[None]] = set()
        self._began_ray = False

    async def __aenter__(self) -> Self:
        """Connect, and wait for the first actor; the others join when they are ready."""
        if not self.ray.is_initialized():
            await asyncio.to_thread(self._begin)
        for _ in range(self.settings.actors):
            self._start()
        try:
            await self.wait_for_one()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    def _begin(self) -> None:
        address = self.settings.address or os.environ.get("RAY_ADDRESS")
        given = {"address": address} if address else {"include_dashboard": False}
        try:
            self.ray.init(log_to_driver=False, logging_level=logging.WARNING, **given)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ReaderUnavailable(
                f"There is no Ray cluster at {address or 'this machine'}: {error}"
            ) from error
        self._began_ray = True

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
        actor = self._made()
        try:
            await actor.handle.process.remote()
        except BaseException:
            self._end(actor)
            raise
        self.actors.append(actor)

    def _made(self) -> _Actor:
        settings, ray = self.settings, self.ray
        resources = dict(settings.resources_per_actor)
        options: dict[str, Any] = {
            n: resources.pop(n) for n in ("num_cpus", "num_gpus", "memory") if n in resources
        }
        options |= {"resources": resources} if resources else {}
        group = None
        if settings.bundles_per_actor > 1:
            from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

            names = {"num_cpus": "CPU", "num_gpus": "GPU"}
            bundle = {names.get(n, n): v for n, v in settings.resources_per_actor.items()}
            group = ray.util.placement_group([bundle] * settings.bundles_per_actor, settings.placement)
            options = {"num_cpus": options.get("num_cpus", 0), "num_gpus": 0}
            options["scheduling_strategy"] = PlacementGroupSchedulingStrategy(
                group, placement_group_bundle_index=0, placement_group_capture_child_tasks=True
            )
        kind = ray.remote(Worker).options(
            max_concurrency=1000, **options
        )  # `slots` bounds what needs bounding
        return _Actor(kind.remote(), group, asyncio.Semaphore(self.max_concurrency))

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
        until = asyncio.get_running_loop().time() + self.settings.start_seconds
        while not self.actors:
            left = until - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait(
                self._starting, timeout=max(0, left), return_when=asyncio.FIRST_COMPLETED
            )
            self._starting -= done
            errors = [task.exception() for task in done if task.exception()]
            if not self.actors and (errors or not done):
                free = {k: v for k, v in self.ray.available_resources().items() if k in {"CPU", "GPU"}}
                reason = errors[0] if errors else f"none within {self.settings.start_seconds:g} seconds"
                raise ReaderUnavailable(
                    f"No Ray actor with {dict(self.settings.resources_per_actor)} could be started ({reason}); the "
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
