"""Tokens computed and wall time with a real model: a vLLM server, and transformers in this process."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from pathlib import Path
from pydoc_data.topics import topics

from throughput import table
from vllm_server import vllm_server

from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.openai import OpenAIReader
from lcrag.readers.smollm2 import checkpoint
from lcrag.readers.tokens import ChatTokenizer
from lcrag.readers.transformers import TransformersReader
from lcrag.schema import Document, Outcome, Question
from lcrag.strategies import (
    ChainOfAgents,
    CitedLongContext,
    LongContext,
    MapReduce,
    Refine,
    RetrieveThenReason,
    SelfRoute,
)
from lcrag.strategies.base import Strategy
from lcrag.testing.world import WordEmbedder
from retrievers.bm25 import BM25Retriever

LOGS = Path(__file__).parents[2] / "runs" / "performance"  # of the servers
BLOCK = 32  # tokens of a block of the prefix cache; on a CPU vLLM is slow with fewer
WINDOW = 8192
KV_BYTES = 2 * 30 * 3 * 64 * 2  # of a token of SmolLM2-135M
AT_ONCE = 16
STRATEGIES = (
    LongContext(), CitedLongContext(), MapReduce(), Refine(), ChainOfAgents(), RetrieveThenReason(), SelfRoute(),
)  # fmt: skip
ABOUT = (
    "tuples",
    "lists",
    "dictionaries",
    "slices",
    "exceptions",
    "classes",
    "the with statement",
    "imports",
)
_tags = count(1)
Ask = Callable[[Request], Awaitable[Completion]]


@dataclass(frozen=True)
class Size:
    """How much is asked."""

    documents: int
    tokens: int
    questions: int
    strategies: tuple[Strategy, ...]

    @property
    def two_documents(self) -> int:
        """Tokens of two documents with their questions."""
        return 2 * (self.tokens + 64 * (self.questions + 4))


def size_of(small: bool) -> Size:
    """Six documents of about 4,000 tokens with eight questions each, or little."""
    return Size(2, 700, 3, (STRATEGIES[0], STRATEGIES[-1])) if small else Size(6, 4000, 8, STRATEGIES)


def dataset_of(size: Size, tokenizer: ChatTokenizer, shuffled: bool = False) -> Dataset:
    """Pieces of Python's reference that no run before has sent: each begins with a tag of its own."""
    text = "\n\n".join(topics.values())
    documents, questions = [], []
    for number in range(size.documents):
        piece = text[number * 20_000 :]
        ids = tokenizer.loaded(
            piece[: 8 * size.tokens], add_special_tokens=False, return_offsets_mapping=True
        )
        end = ids.offset_mapping[size.tokens - 8][1]
        documents.append(Document(f"d{number}", f"Copy {next(_tags):05d}.\n{piece[:end]}"))
        for about in ABOUT[: size.questions]:
            asked = f"What does the text say about {about}?"
            questions.append(Question(f"d{number} {about}", asked, (f"d{number}",), ("x",), "location"))
    if shuffled:
        random.Random(0).shuffle(questions)
    return Dataset("throughput", tuple(documents), tuple(questions))


def least(requests: Sequence[Request], tokenizer: ChatTokenizer) -> int:
    """The fewest prompt tokens that must be computed: each declared prefix (a document) once, and every tail."""
    prefixes: set[tuple[int, ...]] = set()
    tails = 0
    for request in requests:
        ids, declared = tokenizer.encode(request.messages, request.prefix_chars)
        prefixes.add(tuple(ids[:declared]))
        tails += len(ids) - declared
    return tails + sum(map(len, prefixes))


def retagged(requests: Sequence[Request]) -> list[Request]:
    """The same requests about copies that were not sent before."""
    tags: dict[str, str] = {}

    def tag(match: re.Match[str]) -> str:
        return tags.setdefault(match[0], f"Copy {next(_tags):05d}")

    return [
        replace(r, messages=tuple(Message(m.role, re.sub(r"Copy \d{5}", tag, m.content)) for m in r.messages))
        for r in requests
    ]


async def ideal(requests: Sequence[Request], ask: Ask) -> None:
    """What one would write by hand: document by document, the first question ahead of the others."""
    by_document = groupby(sorted(requests, key=_document), key=_document)
    for _, (first, *rest) in by_document:
        await ask(first)
        await asyncio.gather(*map(ask, rest))


async def in_random_order(requests: Sequence[Request], ask: Ask) -> None:
    """As many at once as the reader takes, in random order."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(request: Request) -> None:
        async with slots:
            await ask(request)

    shuffled = list(requests)
    random.Random(1).shuffle(shuffled)
    await asyncio.gather(*map(one, shuffled))


def _document(request: Request) -> str:
    return re.search(r"Copy \d{5}", " ".join(m.content for m in request.messages))[0]  # type: ignore[index]


@dataclass(frozen=True)
class Recorded(OpenAIReader):
    """A reader at a server that keeps its requests."""

    requests: list[Request] = field(default_factory=list)

    async def generate(self, request: Request) -> Completion:
        """See ``Reader.generate``."""
        self.requests.append(request)
        return await super().generate(request)


@dataclass(frozen=True)
class RecordedHere(TransformersReader):
    """A reader in this process that keeps its requests, and what they computed."""

    requests: list[Request] = field(default_factory=list)
    computed: list[float] = field(default_factory=list)

    async def generate(self, request: Request) -> Completion:
        """See ``Reader.generate``."""
        self.requests.append(request)
        completion = await super().generate(request)
        self.computed.append(completion.usage.computed_tokens)
        return completion


def run(dataset: Dataset, reader: Reader, strategy: Strategy) -> float:
    """Seconds from nothing to the last answer."""
    last = started = time.perf_counter()

    def on_row(outcome: Outcome, resumed: bool) -> None:
        nonlocal last
        last = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        Experiment(
            dataset, reader, [strategy], retriever=BM25Retriever(), embedder=WordEmbedder(), mlflow=False,
            output=Path(folder) / "run",
        ).run(on_row=on_row)  # fmt: skip
    return last - started


@dataclass
class Meter:
    """What one way of asking computed and took."""

    computed: Callable[[], float]

    def of(self, work: Callable[[], float | None]) -> tuple[float, float]:
        """Prompt tokens computed, and seconds (those that ``work`` returns, else all)."""
        before, started = self.computed(), time.perf_counter()
        seconds = work()
        return self.computed() - before, time.perf_counter() - started if seconds is None else seconds


def compared(
    size: Size, meter: Meter, reader: Recorded | RecordedHere, tokenizer: ChatTokenizer
) -> tuple[str, str]:
    """A table of tokens by strategy, and wall times of one strategy against the loop written by hand."""
    rows = []
    for strategy in size.strategies:
        cells = []
        for shuffled in (False, True):
            reader.requests.clear()
            dataset = dataset_of(size, tokenizer, shuffled)
            computed, _ = meter.of(lambda d=dataset, s=strategy: run(d, reader, s))
            fewest = least(reader.requests, tokenizer)
            cells += [f"{fewest:,}", f"{computed:,.0f}", f"{computed / fewest:.3f}"]
        rows.append([strategy.name, *cells])
    head = [
        "strategy",
        "fewest",
        "computed",
        "ratio",
        "fewest, shuffled",
        "computed, shuffled",
        "ratio, shuffled",
    ]
    times = []
    for _ in range(2):  # by turns, and again: the machine may be slower in one of them
        reader.requests.clear()
        times.append(meter.of(lambda: run(dataset_of(size, tokenizer), reader, LongContext()))[1])
        by_hand = retagged(reader.requests)
        times.append(meter.of(lambda r=by_hand: asyncio.run(ideal(r, reader.generate)))[1])
    ours, hand = times[::2], times[1::2]
    told = (
        f"`long_context`, seconds from nothing to the last answer: lcrag {ours[0]:.1f} and {ours[1]:.1f}, a loop "
        f"written by hand in ideal order {hand[0]:.1f} and {hand[1]:.1f}; ratio {sum(ours) / sum(hand):.2f}."
    )
    return table(head, rows), told


def against_random(
    size: Size, meter: Meter, reader: Recorded | RecordedHere, tokenizer: ChatTokenizer
) -> str:
    """The same questions in random order, where the KV cache holds two documents."""
    reader.requests.clear()
    ours = meter.of(lambda: run(dataset_of(size, tokenizer), reader, LongContext()))
    requests = retagged(reader.requests)
    others = meter.of(lambda: asyncio.run(in_random_order(requests, reader.generate)))
    return (
        f"With a KV cache for two documents lcrag computed {ours[0]:,.0f} tokens in {ours[1]:.1f} seconds, the same "
        f"questions in random order {others[0]:,.0f} tokens in {others[1]:.1f} seconds: {others[1] / ours[1]:.1f} "
        "times as long."
    )


@contextmanager
def served(name: str, *options: str) -> Iterator[tuple[Recorded, Meter]]:
    """A reader at a vLLM server of its own, and the meter of that server's counters."""
    LOGS.mkdir(parents=True, exist_ok=True)
    options = ("--block-size", str(BLOCK), *options)
    with vllm_server(checkpoint(), "smollm2", LOGS / f"{name}.log", WINDOW, options) as url:
        reader = Recorded(
            "smollm2", url, tokenizer=str(checkpoint()), max_concurrency=AT_ONCE,
            documents_in_flight=1 if name == "narrow" else 2, timeout=900, prefix_block=BLOCK,
        )  # fmt: skip
        asyncio.run(reader.generate(Request((Message("user", "Say yes."),), 4)))  # what is compiled first
        yield reader, Meter(lambda: _counters(url))


def _counters(url: str) -> float:
    """Prompt tokens that the server looked up in its prefix cache, without those that it found there."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics", timeout=30) as reply:
        text = reply.read().decode()
    queries, hits = (
        sum(
            float(n)
            for n in re.findall(rf"^vllm:prefix_cache_{name}_total(?:{{.*}})? (\S+)$", text, re.MULTILINE)
        )
        for name in ("queries", "hits")
    )
    return queries - hits


def server(small: bool) -> str:
    """Against vLLM's server."""
    size, tokenizer = size_of(small), ChatTokenizer(str(checkpoint()))
    eager = ("--enforce-eager",) if small else ()  # nothing is compiled, which takes minutes
    with served("roomy", *eager) as (reader, meter):
        tokens, wall = compared(size, meter, reader, tokenizer)
    blocks = max(size.two_documents, WINDOW + BLOCK) // BLOCK + 1
    with served("narrow", *eager, "--num-gpu-blocks-override", str(blocks)) as (reader, meter):
        random_order = against_random(size, meter, reader, tokenizer)
    return f"{_about(size)} vLLM's server, by its own counters (`/metrics`).\n\n{tokens}\n\n{wall} {random_order}"


def process(small: bool) -> str:
    """With transformers in this process."""
    size, tokenizer = size_of(small), ChatTokenizer(str(checkpoint()))
    reader = RecordedHere()
    asyncio.run(reader.generate(Request((Message("user", "Say yes."),), 4)))
    tokens, wall = compared(size, Meter(lambda: sum(reader.computed)), reader, tokenizer)
    narrow = RecordedHere(prefix_cache_gb=size.two_documents * KV_BYTES / 1e9)
    asyncio.run(narrow.generate(Request((Message("user", "Say yes."),), 4)))
    random_order = against_random(size, Meter(lambda: sum(narrow.computed)), narrow, tokenizer)
    return f"{_about(size)} transformers in this process.\n\n{tokens}\n\n{wall} {random_order}"


def _about(size: Size) -> str:
    return (
        f"{size.documents} documents of {size.tokens:,} tokens with {size.questions} questions each, "
        "SmolLM2-135M-Instruct,"
    )
