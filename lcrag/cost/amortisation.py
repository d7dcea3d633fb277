"""What many questions on one document cost, when something is made once: a cache, an index, a memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import floor, isfinite

from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.price import Price
from lcrag.cost.roofline import call_seconds
from lcrag.errors import LcragError

EMBEDDER_PARAMETERS = 22e6  # all-MiniLM-L6-v2
EMBEDDING_MTOK = 0.02  # dollars per million tokens of OpenAI's text-embedding-3-small


@dataclass(frozen=True)
class Workload:
    """Questions about one document; all but ``questions`` in tokens.

    Attributes:
        document: length of the document.
        questions: how many are asked.
        question: length of a question with its instructions.
        answer: length of an answer.
        retrieved: passages that retrieval puts into a prompt.
        remembered: what a memory puts into a prompt.
        memory_chunk: how much of the document the model reads at once while the memory is made.
        memory_written: what it writes of each such chunk.
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
                raise LcragError(f"{_said(f.name)} must not be negative, but it is {value}.")
            if value == 0 and f.name in ("document", "questions", "memory_chunk"):
                raise LcragError(f"{_said(f.name)} must be at least 1.")


@dataclass(frozen=True)
class Call:
    """One call to the model, in tokens; ``written`` of the prompt are put into a cache; ``times`` such calls."""

    prompt: float
    cached: float
    completion: float
    written: float = 0
    times: float = 1


@dataclass(frozen=True)
class Approach:
    """What an approach does once, for the first question, and for each later one.

    Attributes:
        name: as in tables.
        build: calls before the first question.
        first: the first question's call.
        later: the call of each further question.
        indexed: document tokens that an embedder reads once.
        embeds_question: whether each question is embedded too.
    """

    name: str
    first: Call
    later: Call
    build: tuple[Call, ...] = ()
    indexed: float = 0
    embeds_question: float = 0


def approaches(w: Workload) -> tuple[Approach, ...]:
    """Long context cold and warm, retrieval, memory.

    Cold, each question pays for the whole document. Warm, the first question also writes it into the cache and
    later ones read it from there. Retrieval embeds the document once, overlap of chunks aside; a memory has the
    model read it once, chunk by chunk, and write notes. Retrieved passages and notes hold no more than the document.
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


@dataclass(frozen=True)
class Meter:
    """Measures calls of the model, and tokens that an embedder reads, in one unit."""

    unit: str
    call: Callable[[Call], float]
    embed: Callable[[float], float]


@dataclass(frozen=True)
class Line:
    """What an approach takes, linear in the number of questions m: ``build + first + (m - 1) * later``."""

    name: str
    build: float
    first: float
    later: float

    def total(self, questions: float) -> float:
        """For ``questions`` questions, at least one."""
        return self.build + self.first + (questions - 1) * self.later


def measure(approach: Approach, meter: Meter) -> Line:
    """An approach in the meter's unit."""
    query = meter.embed(approach.embeds_question) if approach.embeds_question else 0.0
    built = sum(c.times * meter.call(c) for c in approach.build)
    indexed = meter.embed(approach.indexed) if approach.indexed else 0.0
    return Line(
        approach.name, built + indexed, meter.call(approach.first) + query, meter.call(approach.later) + query
    )


def break_even(line: Line, other: Line) -> int | None:
    """The number of questions from which on ``line`` costs less than ``other``; ``None`` if it never does.

    1 means from the first question on. Both are linear, so once it costs less per question it stays so.
    """
    if line.later >= other.later:
        if line.later == other.later and line.total(1) < other.total(1):
            return 1
        return None
    ahead = (line.build + line.first - line.later) - (other.build + other.first - other.later)
    since = ahead / (other.later - line.later)
    if since < 0:
        return 1
    return floor(since) + 1 if isfinite(since) else None


def dollar_meter(price: Price, embedding_mtok: float = EMBEDDING_MTOK) -> Meter:
    """Dollars of a priced API; an embedder costs ``embedding_mtok`` dollars per million tokens.

    A call's ``written`` tokens have the surcharge of writing into a cache, ``cached`` ones the discount of reading.
    """
    return Meter(
        "dollars",
        lambda c: price.dollars(c.prompt, c.cached, c.completion, c.written),
        lambda tokens: tokens * embedding_mtok / 1e6,
    )


def flops_meter(spec: ModelSpec, embedder_parameters: float = EMBEDDER_PARAMETERS) -> Meter:
    """FLOPs; an embedder takes 2 for each weight and token (its short windows make attention small)."""
    return Meter(
        "FLOPs",
        lambda c: spec.flops(c.prompt, c.cached, c.completion),
        lambda tokens: 2 * embedder_parameters * tokens,
    )


def seconds_meter(
    spec: ModelSpec, hardware: Hardware, embedder_parameters: float = EMBEDDER_PARAMETERS
) -> Meter:
    """Seconds on hardware, one call after the other; an embedder reaches the model's share of the peak."""
    return Meter(
        "seconds",
        lambda c: call_seconds(spec, hardware, c.prompt, c.cached, c.completion),
        lambda tokens: 2 * embedder_parameters * tokens / (hardware.flops * hardware.mfu),
    )


def rented_meter(seconds: Meter, usd_per_hour: float) -> Meter:
    """Dollars for the seconds of another meter: ``seconds * dollars an hour / 3600``."""
    return Meter(
        "dollars",
        lambda c: seconds.call(c) * usd_per_hour / 3600,
        lambda tokens: seconds.embed(tokens) * usd_per_hour / 3600,
    )


def kv_bytes(approach: Approach, spec: ModelSpec) -> float:
    """The largest KV cache that a question of this approach holds."""
    return max(spec.kv_bytes(c.prompt + c.completion) for c in (approach.first, approach.later))


def _said(name: str) -> str:
    said: Mapping[str, str] = {
        "document": "The document's number of tokens",
        "questions": "The number of questions",
        "memory_chunk": "The memory's chunk of tokens",
    }
    return said.get(name, f"The number of tokens of {name!r}")
