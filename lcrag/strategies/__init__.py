"""How one question is answered: one file a strategy."""

from lcrag.strategies.agent_write import AgentWrite
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.cascade import Cascade, SelfRoute
from lcrag.strategies.chain_of_agents import ChainOfAgents
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.cited import CitedLongContext
from lcrag.strategies.closed_book import ClosedBook
from lcrag.strategies.clue_memory import ClueMemory
from lcrag.strategies.compressed import CompressedContext
from lcrag.strategies.corrective import CorrectiveRetrieval
from lcrag.strategies.drag import DRAG
from lcrag.strategies.ensemble import Ensemble
from lcrag.strategies.evolving_memory import EvolvingMemory
from lcrag.strategies.gist_memory import GistMemory
from lcrag.strategies.hyde import HyDE
from lcrag.strategies.ircot import IRCoT
from lcrag.strategies.iter_drag import IterDRAG
from lcrag.strategies.local_memory import LocalMemory
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.long_rag import LongRAG
from lcrag.strategies.map_reduce import MapReduce
from lcrag.strategies.memory import MemoryReading
from lcrag.strategies.multi_query import MultiQuery
from lcrag.strategies.refine import Refine
from lcrag.strategies.retrieve_then_reason import RetrieveThenReason
from lcrag.strategies.summary_tree import SummaryTree

__all__ = [
    "DRAG",
    "AgentWrite",
    "Card",
    "Cascade",
    "ChainOfAgents",
    "ChunkedRetrieval",
    "CitedLongContext",
    "ClosedBook",
    "ClueMemory",
    "CompressedContext",
    "CorrectiveRetrieval",
    "Ensemble",
    "EvolvingMemory",
    "GistMemory",
    "HyDE",
    "IRCoT",
    "IterDRAG",
    "LocalMemory",
    "LongContext",
    "LongRAG",
    "MapReduce",
    "MemoryReading",
    "MultiQuery",
    "Refine",
    "RetrieveThenReason",
    "SelfRoute",
    "Strategy",
    "SummaryTree",
    "Toolbox",
]
