"""The tables that the tests of outcomes use, here too."""

from tests.outcomes.conftest import lara, small_lara, table  # noqa: F401
