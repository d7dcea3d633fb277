"""A compressor has the name of what it does."""

from lcrag.components import build, names
from lcrag.components.catalogue import summary
from lcrag.strategies import CompressedContext
from tests.strategies.conftest import ask


def test_only_llmlingua_is_called_llmlingua():
    assert names("compressor") == ["llmlingua", "sentence_selection"]
    assert "LLMLingua" not in summary(CompressedContext)
    assert CompressedContext.card.paper == "with `llmlingua`: LLMLingua-2, arXiv 2403.12968"


def test_sentences_are_selected_unless_another_compressor_is_named(dataset, scripted, embedder):
    strategies = [
        build("strategy", {"type": "compressed_context", "tokens": 20, **given}, "here")
        for given in ({}, {"compressor": "sentence_selection"})
    ]
    prompts = []
    for strategy in strategies:
        reader = scripted()
        ask(strategy, dataset, reader, embedder)
        prompts.append(reader.requests[0].messages[-1].content)
    assert prompts[0] == prompts[1]
    assert "It was founded in 1987 in Bergen." in prompts[0]
