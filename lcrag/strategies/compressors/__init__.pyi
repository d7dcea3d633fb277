from .base import Compressor as Compressor
from .extractive import Extractive as Extractive
from .llmlingua import LLMLingua as LLMLingua
