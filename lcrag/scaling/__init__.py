"""The computation allocation model (Yue et al. 2024, arXiv 2410.04343): what more context buys."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
