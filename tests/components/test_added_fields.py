"""A field that was added later leaves the rows of earlier runs valid while it has its default."""

import pytest

from lcrag.components.settings import settings
from lcrag.readers import OpenAIReader, TransformersReader
from lcrag.readers.kv import StreamingLLM
from lcrag.strategies import LongContext

ADDED = {"cache", "kv_cache_dtype", "sliding_window"}


@pytest.mark.parametrize(
    "component", [LongContext(), TransformersReader("smollm2"), OpenAIReader("gpt-4o-mini")]
)
def test_settings_of_the_kv_cache_are_no_part_of_the_identity_at_their_defaults(component):
    assert not ADDED & set(settings(component, identity=True))
    assert ADDED & set(settings(component))


def test_a_method_is_part_of_it():
    assert "cache" in settings(LongContext(cache=StreamingLLM(budget=0.5)), identity=True)
