"""How one question is answered: one file a strategy."""

from lcrag.strategies.base import Strategy, Toolbox
from lcrag.strategies.cascade import Cascade, SelfRoute
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.closed_book import ClosedBook
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.memory import MemoryReading
from lcrag.strategies.retrieve_then_reason import RetrieveThenReason

__all__ = [
    "Cascade",
    "ChunkedRetrieval",
    "ClosedBook",
    "LongContext",
    "MemoryReading",
    "RetrieveThenReason",
    "SelfRoute",
    "Strategy",
    "Toolbox",
]
