"""The same experiment on a Ray cluster: models run in actors, everything that is kept stays with the driver."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lcrag.experiment.executors.base import Answer, Batch, check_concurrency, gather
from lcrag.experiment.executors.local import LocalExecutor
from lcrag.experiment.executors.ray_cluster import Cluster
from lcrag.experiment.executors.ray_pool import Pool
from lcrag.local import place
from lcrag.readers.base import Reader
from lcrag.schema import Question

QUESTIONS_PER_SLOT = 4  # in a shard of a strategy that retrieves: few wait for the last one to be answered


@dataclass(frozen=True)
class RayExecutor(Cluster):
    """Runs the questions of a document on one actor, which has its own reader, retriever and embedder.

    Strategies run in this process and ask the actor for every call to a model, every index and every search. So
    journals, caps, builds and costs are those of a local run, and a resumed run may change its executor. When an actor
    or its node dies, calls that were not finished, and nothing else, are made again on another one, and a new actor is
    started.
    """

    async def run(self, batches: Sequence[Batch], answer: Answer, reader: Reader) -> None:
        """See ``Executor.run``.

        Raises:
            LcragError: Ray is not installed, or no actor could be started.
        """
        check_concurrency(reader)
        shards = deque(sharded(batches, QUESTIONS_PER_SLOT * reader.max_concurrency))
        if not shards:
            return
        lanes = min(self.actors * reader.documents_in_flight, len(shards))

        async def run_lane(pool: Pool) -> None:
            while shards:
                shard = shards.popleft()
                await pool.wait_for_one()
                with pool.place() as elsewhere:
                    place.set(elsewhere)  # for this lane and the tasks that it starts
                    await LocalExecutor().run(shard, answer, reader)

        async with Pool(self, reader.max_concurrency) as pool:
            await gather(run_lane(pool) for _ in range(lanes))


def sharded(batches: Sequence[Batch], size: int) -> Iterator[list[Batch]]:
    """Batches that run on one actor: all of a document, or about ``size`` questions of a strategy that retrieves.

    The questions of a document are never divided, so that what is loaded or cached for it is there once.
    """
    by_document: dict[tuple[str, ...], list[Batch]] = {}
    for batch in batches:
        if batch.leader:
            by_document.setdefault(batch.questions[0].document_ids, []).append(batch)
            continue
        for questions in _slices(batch.questions, size):
            yield [Batch(batch.strategy, questions, leader=False)]
    yield from by_document.values()


def _slices(questions: Sequence[Question], size: int) -> Iterator[tuple[Question, ...]]:
    groups: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        groups.setdefault(question.document_ids, []).append(question)
    current: list[Question] = []
    for group in groups.values():
        current += group
        if len(current) >= size:
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)
