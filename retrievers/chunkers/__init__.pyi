from .base import Chunker as Chunker
from .base import Span as Span
from .longrag_units import longrag_units as longrag_units
from .recursive import RecursiveChunker as RecursiveChunker
from .semantic import SemanticChunker as SemanticChunker
from .sentence import SentenceChunker as SentenceChunker
from .token import TokenChunker as TokenChunker
