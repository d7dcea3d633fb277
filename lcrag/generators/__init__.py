"""Generated tests of long context: seeded, of any length, without anybody's text."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
