"""The table of outcomes: its schema and files, what each row cost, oracle, best fixed and random."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
