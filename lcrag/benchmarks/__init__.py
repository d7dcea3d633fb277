"""The field's benchmarks: one file each says where it comes from, how it asks and how it scores."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
