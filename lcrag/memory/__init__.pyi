from .store import Item as Item
from .store import Memory as Memory
from .store import MemoryStore as MemoryStore
