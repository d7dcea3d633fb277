"""A conformance kit: run it on a component of your own before you trust its figures.

Each check raises ``AssertionError`` with one sentence that says which promise is broken::

    from lcrag.testing import check_strategy

    def test_my_strategy():
        check_strategy(MyStrategy())
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
