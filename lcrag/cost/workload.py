"""A workload of questions about one document, and the calls that each approach to it makes."""

from __future__ import annotations

from dataclasses import dataclass, fields

from lcrag.cost.model import ModelSpec
from lcrag.errors import LcragError

NAMES = {
    "document": "The document's number of tokens",
    "questions": "The number of questions",
    "memory_chunk": "The memory's number of tokens per chunk",
}  # in errors


@dataclass(frozen=True)
class Workload:
    """Questions about one document; lengths are in tokens.

    Attributes:
        document: length of the document.
        questions: the number of questions.
        question: length of a question with its instructions.
        answer: length of an answer.
        retrieved: length of the passages in a retrieval prompt.
        remembered: length of the notes in a memory prompt.
        memory_chunk: length of the chunks in which the model reads the document to build the memory.
        memory_written: length of the notes that it writes for each chunk.
    """

    document: float
    questions: int = 1
    question: float = 50
    answer: float = 200
    retrieved: float = 4000
    remembered: float = 2000
    memory_chunk: float = 4000
    memory_written: float = 400

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value < 0:
                raise LcragError(f"{_name(f.name)} must not be negative, but it is {value}.")
            if value == 0 and f.name in ("document", "questions", "memory_chunk"):
                raise LcragError(f"{_name(f.name)} must be at least 1.")


@dataclass(frozen=True)
class Call:
    """Calls of one kind to the model, in tokens.

    Attributes:
        prompt: all prompt tokens.
        cached: prompt tokens that are read from a cache.
        completion: tokens that the model writes.
        written: prompt tokens that are written into a cache.
        times: the number of such calls.
    """

    prompt: float
    cached: float
    completion: float
    written: float = 0
    times: float = 1


@dataclass(frozen=True)
class Approach:
    """The calls of one approach: once for the document, for the first question, for each later one.

    Attributes:
        name: its name in tables.
        first: the call for the first question.
        later: the call for each later question.
        build: calls before the first question.
        document_embedding: document tokens that are embedded once.
        question_embedding: question tokens that are embedded for each question.
    """

    name: str
    first: Call
    later: Call
    build: tuple[Call, ...] = ()
    document_embedding: float = 0
    question_embedding: float = 0


def approaches(w: Workload) -> tuple[Approach, ...]:
    """Long context cold and warm, retrieval, memory.

    Cold, each question pays for the whole document. Warm, the first question writes the document into the cache and
    later ones read it from there. Retrieval embeds the document once (chunks without overlap). For a memory the model
    reads the document once, chunk by chunk, and writes notes. Retrieved passages and notes are at most as long as the
    document.
    """
    whole = w.document + w.question
    cold = Call(whole, 0, w.answer)
    short = Call(min(w.retrieved, w.document) + w.question, 0, w.answer)
    notes = Call(min(w.remembered, w.document) + w.question, 0, w.answer)
    chunks, rest = divmod(w.document, w.memory_chunk)
    build = [Call(w.memory_chunk, 0, w.memory_written, times=chunks)] if chunks else []
    build += [Call(rest, 0, w.memory_written * rest / w.memory_chunk)] if rest else []
    return (
        Approach("long context, cold", cold, cold),
        Approach(
            "long context, warm", Call(whole, 0, w.answer, w.document), Call(whole, w.document, w.answer)
        ),
        Approach("retrieval", short, short, (), w.document, w.question),
        Approach("memory", notes, notes, tuple(build)),
    )


def kv_bytes(approach: Approach, spec: ModelSpec) -> float:
    """Bytes of the largest KV cache that one question of this approach needs."""
    return max(spec.kv_bytes(c.prompt + c.completion) for c in (approach.first, approach.later))


def _name(field: str) -> str:
    return NAMES.get(field, f"The number of tokens of {field!r}")
