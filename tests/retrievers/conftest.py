"""Three documents on kites, lamps and a harbour."""

import pytest

TEXTS = {
    "a": "Kites fly in the wind. A kite has a tail.\n\n" * 8 + "The harbour opened in 1987.",
    "b": "Lamps give light. A lamp has a shade.\n\n" * 8 + "Ada Moss leads the lamp works.",
    "c": "Boats leave at dawn. A boat has a keel.\n\n" * 8 + "The ferry costs five euros.",
}


@pytest.fixture
def texts():
    return dict(TEXTS)
