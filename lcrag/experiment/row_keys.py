"""Keys of rows: two runs share a row where everything that its content depends on is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import fields
from functools import cached_property
from typing import Any

from lcrag.components.settings import settings
from lcrag.experiment.plan import Plan
from lcrag.files import plain_or_text
from lcrag.runtime.resources import Resources
from lcrag.schema import Question

ROW_VERSION = 5  # raise when scores, prompts or costs of the same configuration would come out differently
FORMAT = "d-"  # begins keys that are made from digests of the documents; earlier ones hash whole texts


class RowKeys:
    """The keys of a plan's rows.

    A folder may hold rows under keys of the earlier format, which hashed the documents' texts again for each row. Such
    a row keeps its key; only a folder that has keys of that format pays for them.

    Args:
        plan: what is compared on what.
        resources: reader, retriever, embedder, documents, seed.
        stored: the keys that the run's folder holds.
    """

    def __init__(self, plan: Plan, resources: Resources, stored: Collection[str] = ()) -> None:
        self._resources = resources
        self._earlier = {key for key in stored if not key.startswith(FORMAT)}
        identities = {s.name: settings(s, identity=True) for s in plan.strategies}
        self._strategies = {name: _json(identity) for name, identity in identities.items()}
        self._everywhere = {name for name, identity in identities.items() if _searches_corpus(identity)}
        shared = [resources.reader, resources.retriever, resources.embedder]
        demonstrations = [q.asked() for q in plan.dataset.demonstrations]
        run = _json(
            [ROW_VERSION, resources.seed, *(settings(x, identity=True) for x in shared), demonstrations]
        )
        self._run = hashlib.sha256(f"[{_json(run)}".encode())

    def of(self, question: Question) -> dict[str, str]:
        """The keys of the question's rows, by the strategy's name."""
        ids, asked = question.document_ids, _asked(question)
        documents = [_json(self._resources.text_digest(i)) for i in ids]
        keys = {}
        for name, strategy in self._strategies.items():
            corpus = [self._corpus] if name in self._everywhere else []
            keys[name] = FORMAT + self._hash([strategy, asked, *documents, *corpus])
        if self._earlier:
            texts = [_json(self._resources.documents[i].text) for i in ids]
            for name, strategy in self._strategies.items():
                earlier = self._hash([strategy, asked, *texts])
                if earlier in self._earlier:
                    keys[name] = earlier
        return keys

    @cached_property
    def _corpus(self) -> str:
        """A hash of all documents."""
        ids = sorted(self._resources.documents)
        texts = _json([[i, self._resources.text_digest(i)] for i in ids])
        return _json(hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest())

    def _hash(self, parts: Iterable[str]) -> str:
        """A hash of the list in JSON that begins with what all rows share and goes on with these parts."""
        digest = self._run.copy()
        for part in parts:
            digest.update(f", {part}".encode())
        digest.update(b"]")
        return digest.hexdigest()[:32]


def _searches_corpus(identity: Any) -> bool:
    """Whether a strategy, or one inside it, retrieves from all documents (its field ``scope``)."""
    if isinstance(identity, dict):
        return identity.get("scope") == "corpus" or any(map(_searches_corpus, identity.values()))
    return isinstance(identity, list) and any(map(_searches_corpus, identity))


def _asked(question: Question) -> str:
    """``question.asked()`` in JSON, made without a copy of all that lies within."""
    content = {f.name: getattr(question, f.name) for f in fields(question) if f.name != "task"}
    content |= {"task": question.task.asked()} if question.task else {}
    return json.dumps(content, sort_keys=True, default=plain_or_text)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
