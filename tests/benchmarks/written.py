"""Loading a benchmark's fixture, and the prompt of one of its questions."""

from importlib import import_module
from pathlib import Path

from lcrag.datasets.base import Dataset
from lcrag.schema import Question
from lcrag.strategies.pieces.official import documents_context, prompt_of
from tests.benchmarks.fixtures import written


def loaded(folder: Path, name: str, **options) -> Dataset:
    """The fixture as its loader reads it."""
    module = import_module(f"lcrag.benchmarks.{name}")
    return getattr(module, f"load_{name}")(written(folder, name), **options)


def question(dataset: Dataset, task: str, number: int = 0) -> Question:
    """The question of that number of a task."""
    return [q for q in dataset.questions if q.metadata["task"] == task][number]


def official_prompt(dataset: Dataset, asked: Question) -> str:
    """What long-context prompting sends."""
    documents = [d for d in dataset.documents if d.id in asked.document_ids]
    return prompt_of(asked, documents_context(documents))
