"""Features of questions, kept in a run's folder: a run that goes on does not retrieve for them again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from sys import intern

from lcrag.components.settings import settings
from lcrag.files import append_entry, read_entries
from lcrag.routers.learning.query import FEATURE_K
from lcrag.runtime.resources import Resources
from lcrag.schema import Question

FEATURE_VERSION = 1  # raise when the features of the same question would come out differently
FILE = "features.jsonl"


class KeptFeatures:
    """Features by everything that they depend on, one line for each question, written as they are computed.

    Args:
        folder: the run's folder.
        resources: documents and retriever; a damaged line is told in its ``notices``.
        window: the reader's window in tokens.

    Raises:
        LcragError: the file cannot be read.
    """

    def __init__(self, folder: Path, resources: Resources, window: int) -> None:
        self._path, self._resources = folder / FILE, resources
        self._shared = [FEATURE_VERSION, FEATURE_K, window, settings(resources.retriever, identity=True)]
        self._features: dict[str, dict[str, float]] = {}
        again = {"remedy": "remove it", "loss": "its features are computed again"}
        resources.notices += read_entries(self._path, self._take, **again)

    def _take(self, entry: dict[str, dict[str, float]]) -> None:
        features = entry["features"]
        if not all(isinstance(value, float) for value in features.values()):
            raise TypeError("a feature is not a number")
        self._features[str(entry["key"])] = {intern(name): value for name, value in features.items()}

    def get(self, question: Question, retrieval: bool) -> dict[str, float] | None:
        """The question's features with or without those of a first retrieval; ``None`` where they are not kept."""
        return self._features.get(self._key(question, retrieval))

    def add(self, question: Question, retrieval: bool, features: dict[str, float]) -> None:
        """Keep the question's features.

        Raises:
            LcragError: the file cannot be written.
        """
        append_entry(self._path, {"key": self._key(question, retrieval), "features": features})

    def _key(self, question: Question, retrieval: bool) -> str:
        ids = question.document_ids
        documents = [[i, self._resources.text_digest(i)] for i in ids]
        parts = [*self._shared, retrieval, question.text, documents]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
