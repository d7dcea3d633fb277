"""The actors that a run wants on a Ray cluster, and how they are started."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lcrag.errors import LcragError, ReaderUnavailable


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

    def connect(self) -> bool:
        """Connect to the cluster unless this process is connected; returns whether it was not.

        Raises:
            ReaderUnavailable: Ray is not installed, or there is no such cluster.
        """
        ray = ray_itself()
        if ray.is_initialized():
            return False
        address = self.address or os.environ.get("RAY_ADDRESS")
        given = {"address": address} if address else {"include_dashboard": False}
        try:
            ray.init(log_to_driver=False, logging_level=logging.WARNING, **given)
        except (ConnectionError, RuntimeError, ValueError) as error:
            place = address or "this machine"
            raise ReaderUnavailable(f"There is no Ray cluster at {place}: {error}") from error
        return True

    def start(self, kind: type) -> tuple[Any, Any]:
        """An actor of that class and its placement group, ``None`` without one; Ray starts them when there is room."""
        ray, free = ray_itself(), dict(self.resources_per_actor)
        known = [name for name in ("num_cpus", "num_gpus", "memory") if name in free]
        options: dict[str, Any] = {name: free.pop(name) for name in known}
        options |= {"resources": free} if free else {}
        group = None
        if self.bundles_per_actor > 1:
            from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

            names = {"num_cpus": "CPU", "num_gpus": "GPU"}
            bundle = {names.get(name, name): amount for name, amount in self.resources_per_actor.items()}
            group = ray.util.placement_group([bundle] * self.bundles_per_actor, self.placement)
            options = {"num_cpus": options.get("num_cpus", 0), "num_gpus": 0}
            options["scheduling_strategy"] = PlacementGroupSchedulingStrategy(
                group, placement_group_bundle_index=0, placement_group_capture_child_tasks=True
            )
        options["max_concurrency"] = 1000  # the pool bounds the requests in flight
        return ray.remote(kind).options(**options).remote(), group


def ray_itself() -> Any:
    """The library.

    Raises:
        ReaderUnavailable: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise ReaderUnavailable("executor: ray needs Ray: pip install 'lcrag[ray]'.") from error
    return ray
