from .base import Compressor as Compressor
from .llmlingua import LLMLingua as LLMLingua
from .sentence_selection import SentenceSelection as SentenceSelection
