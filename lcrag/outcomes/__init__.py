"""The table of outcomes: its schema and files, the cost of each row, oracle, best fixed and random."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
