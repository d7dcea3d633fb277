"""What the questions of an application share, while its documents change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from lcrag.runtime.resources import Resources
from lcrag.schema import Document


@dataclass
class ServingResources(Resources):
    """The documents of a moment, and what was built for them.

    How many questions an application will answer is not known, so that a question is booked nothing of what was built
    for all of them; what a build has cost is in ``Resources.spending``.
    """

    def sharing(self, document_ids: Sequence[str]) -> int:
        """Any number of questions."""
        return math.inf  # type: ignore[return-value]

    def with_documents(self, documents: Mapping[str, Document]) -> Self:
        """The same with other documents: what was built for documents that have changed is built again.

        Questions that are being answered go on with the documents that they began with.
        """
        changed = {id for id, old in self.documents.items() if documents.get(id) != old}
        built = {
            name: result
            for name, result in self.built.items()
            if not changed.intersection(name.split("\0")[1:])
        }
        resources = replace(self, documents=documents, built=built)
        resources._slots, resources.prefixes, resources.leaders = self._slots, self.prefixes, self.leaders
        resources.memories, resources.spending = self.memories, self.spending
        return resources


async def builds_ended(resources: Resources, document_ids: Sequence[str]) -> None:
    """Wait until nothing is being built for documents that are about to change: two builds would share a memory."""
    changed = set(document_ids)
    if builds := [f for name, f in resources.built.items() if changed & set(name.split("\0")[1:])]:
        await asyncio.wait(builds)
