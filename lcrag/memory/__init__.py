"""What a memory is: items on disk, values and dates read from a text."""

from lcrag.memory.store import Item, Memory, MemoryStore

__all__ = ["Item", "Memory", "MemoryStore"]
