"""Strategies that retrieve: what they ask, what they search for, what they read."""

from dataclasses import fields, replace

import pytest

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Document, Question
from lcrag.strategies import (
    ChunkedRetrieval,
    CitedLongContext,
    CompressedContext,
    CorrectiveRetrieval,
    IRCoT,
    LongContext,
    LongRAG,
    QueryExpansion,
    RetrieveThenReason,
)
from lcrag.strategies.compressors import LLMLingua
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker
from tests.strategies.conftest import MATRIX, ask


def queries(tools):
    return [s.input for s in tools.steps if s.name == "retrieve"]


def test_a_strategy_can_have_a_retriever_of_its_own(dataset, scripted, embedder):
    fine = BM25Retriever(chunker=RecursiveChunker(60, 0))
    answer, _ = ask(ChunkedRetrieval(k=1, retriever=fine), dataset, scripted(), embedder)
    assert len(answer.evidence[0].text) <= 60
    shared, _ = ask(ChunkedRetrieval(k=1), dataset, scripted(), embedder)
    assert len(shared.evidence[0].text) > 60


def test_nothing_retrieved_is_a_defined_outcome(shown_dataset, scripted, embedder):
    class Nothing:
        build_tokens = 0

        def build(self, texts):
            return self

        def search(self, queries, k, *, document_ids=None):
            return [[] for _ in queries]

        def query_tokens(self, queries):
            return 0

    searching = [s for s in MATRIX if "retriever" in {f.name for f in fields(s)}]
    assert len(searching) > 9
    for strategy in searching:
        reader = scripted(lambda r: "unanswerable")
        answer, _ = ask(replace(strategy, retriever=Nothing()), shown_dataset, reader, embedder)
        assert answer.declined and answer.evidence == (), strategy.name


def test_query_expansion_searches_with_invented_passages(dataset, scripted, embedder):
    reader = scripted(["It was founded in Bergen.", "1987"])
    answer, tools = ask(QueryExpansion(by="passages", k=1), dataset, reader, embedder)
    assert queries(tools) == ["When was Northwind founded?", "It was founded in Bergen."]
    assert answer.text == "1987"
    several = scripted(["One.", "Two.", "1987"])
    ask(QueryExpansion(by="passages", k=1, queries=2, temperature=0.7), dataset, several, embedder)
    assert [(r.temperature, r.seed) for r in several.requests] == [(0.7, 0), (0.7, 1), (0.0, 0)]
    with pytest.raises(ValueError, match="temperature above 0"):
        QueryExpansion(by="passages", queries=2)


def test_query_expansion_searches_with_every_wording(dataset, scripted, embedder):
    reader = scripted(["- Since when is there Northwind?\n- Its year?\n- One too many?", "1987"])
    _, tools = ask(QueryExpansion(k=1, queries=2), dataset, reader, embedder)
    assert queries(tools)[1:] == ["Since when is there Northwind?", "Its year?"]


def test_ircot_searches_for_its_thoughts_and_stops(dataset, scripted, embedder):
    reader = scripted(["Northwind sells kites. More.", "So the answer is 1987.", "1987"])
    answer, tools = ask(IRCoT(k=1, max_thoughts=5), dataset, reader, embedder)
    assert queries(tools) == ["When was Northwind founded?", "Northwind sells kites."]
    assert (answer.notes["thoughts"], len(reader.requests)) == (2, 3)
    assert "The argument so far: Northwind sells kites." in reader.requests[1].messages[-1].content
    loop = scripted(["Same.", "Same.", "1987"])
    answer, _ = ask(IRCoT(k=1, max_thoughts=5), dataset, loop, embedder)
    assert answer.notes["thoughts"] == 1


@pytest.mark.parametrize(
    ("grades", "searches", "notes"),
    [
        (["yes", "no"], 1, {"helpful": 1, "unsure": 0, "rewritten": 0}),
        (["no", "No."], 2, {"helpful": 0, "unsure": 0, "rewritten": 1}),
        (["no", "hm?"], 2, {"helpful": 0, "unsure": 1, "rewritten": 1}),
    ],
)
def test_corrective_grades_then_reads_or_searches_again(grades, searches, notes, dataset, scripted, embedder):
    rewritten = ["year of founding"] if searches == 2 else []
    strategy = CorrectiveRetrieval(k=2, strip_sentences=0)
    answer, tools = ask(strategy, dataset, scripted([*grades, *rewritten, "1987"]), embedder)
    assert queries(tools)[1:] == rewritten
    assert answer.notes == notes and answer.text == "1987"


def shown(request):
    """A prompt's demonstrations: all before the last question's own passages or longer answer."""
    return request.messages[-1].content.rsplit("\n\nPassage 1:", 1)[0].rsplit("\n\nA longer answer:", 1)[0]


def test_ircot_shows_solved_questions_with_their_argument(shown_dataset, scripted, embedder):
    reader = scripted(["So the answer is 1987.", "1987"])
    answer, tools = ask(IRCoT(k=1, demonstrations=5), shown_dataset, reader, embedder)
    thought, last = map(shown, reader.requests)
    argument = "The argument: It was founded in 1987 in Bergen. So the answer is Bergen."
    assert thought.endswith(f"Question: In which town was Northwind founded?\n{argument}")
    assert last.endswith("Question: In which town was Northwind founded?\nAnswer: Bergen")
    assert answer.notes["demonstrations"] == 1  # the others have no evidence
    assert queries(tools) == ["In which town was Northwind founded?", "When was Northwind founded?"]


def test_ircot_shows_the_steps_where_the_answer_has_steps(shown_dataset, scripted, embedder):
    reader = scripted(["So the answer is 1987.", "Founded in 1987.\nAnswer: 1987"])
    ask(IRCoT(k=1, demonstrations=1, reasoning="think"), shown_dataset, reader, embedder)
    assert shown(reader.requests[1]).endswith("\nIt was founded in 1987 in Bergen.\nAnswer: Bergen")


def test_a_demonstration_has_its_gold_evidence_even_where_the_search_misses_it(
    shown_dataset, scripted, embedder
):
    class Elsewhere(BM25Retriever):
        def build(self, texts):
            return super().build(dict.fromkeys(texts, "Bees hum. When was it?"))

    reader = scripted(["So the answer is 1987.", "1987"])
    ask(IRCoT(k=1, demonstrations=1, retriever=Elsewhere()), shown_dataset, reader, embedder)
    passages = shown(reader.requests[0]).partition("Question: ")[0]
    assert "It was founded in 1987 in Bergen." in passages


def test_long_rag_shows_how_long_answers_are_shortened(shown_dataset, scripted, embedder):
    reader = scripted(["It was founded in 1987, I read.", "1987"])
    answer, _ = ask(LongRAG(k=1, unit_chars=600), shown_dataset, reader, embedder)
    first, second = (r.messages[-1].content for r in reader.requests)
    assert "Bergen\n\nA longer answer:\nIt was founded in 1987, I read." in second
    assert "A longer answer:\nIt was founded in 1987 in Bergen.\n\nQuestion: In which town" in second
    assert "In which town" not in first and answer.notes["demonstrations"] == 1


@pytest.mark.parametrize("strategy", [IRCoT(k=1, demonstrations=3), LongRAG(k=1, unit_chars=600)])
def test_without_demonstrations_nothing_is_shown(strategy, dataset, shown_dataset, scripted, embedder):
    def prompts(strategy, data):
        reader = scripted(["So the answer is 1987.", "1987"])
        ask(strategy, data, reader, embedder)
        return [r.messages for r in reader.requests]

    none = replace(strategy, demonstrations=0)
    assert prompts(strategy, dataset) == prompts(none, dataset) == prompts(none, shown_dataset)
    with pytest.raises(ValueError, match="demonstrations = -1"):
        replace(strategy, demonstrations=-1)


def grading(keep):
    """A reader to which every passage helps, and of its strips those with one of these words."""

    def talk(request):
        seen = request.messages[-1].content
        if not seen.endswith("Write yes, no or unsure."):
            return "1987"
        text = seen.partition("\n\nQuestion: ")[0]
        return "yes" if len(text) > 190 or any(word in text for word in keep) else "no"

    return talk


def test_corrective_reads_only_the_strips_that_help(dataset, scripted, embedder):
    reader = scripted(grading(["Bergen"]))
    answer, _ = ask(CorrectiveRetrieval(k=1), dataset, reader, embedder)
    read = reader.requests[-1].messages[-1].content
    assert "It was founded in 1987 in Bergen." in read
    assert read.count("Northwind sells kites.") <= 2 and read.count("Kites need wind.") <= 2
    assert answer.notes["kept_strips"] == 1 < answer.notes["strips"]
    (strip,) = answer.evidence
    north = dataset.documents[0].text
    assert north[strip.start : strip.end] == strip.text and "founded in 1987" in strip.text


def test_corrective_joins_strips_of_a_passage_in_the_order_of_the_text(scripted, embedder):
    text = "Kites fly well. Bees hum here. The town is Bergen."
    question = Question("q", "Where do kites fly?", ("d",), ("Bergen",))
    reader = scripted(
        lambda r: (
            "no"
            if "Passage:\nBees" in r.messages[-1].content
            else "yes"
            if "unsure." in r.messages[-1].content
            else "Bergen"
        )
    )
    data = Dataset("d", (Document("d", text),), (question,))
    answer, _ = ask(CorrectiveRetrieval(k=1, strip_sentences=1), data, reader, embedder)
    assert "Passage 1:\nKites fly well. The town is Bergen.\n" in reader.requests[-1].messages[-1].content
    assert [p.text for p in answer.evidence] == ["Kites fly well.", "The town is Bergen."]
    assert len(reader.requests) == 1 + 3 + 1


def test_corrective_reads_whole_passages_where_no_strip_helps(dataset, scripted, embedder):
    reader = scripted(grading([]))
    answer, _ = ask(CorrectiveRetrieval(k=1), dataset, reader, embedder)
    assert answer.notes["kept_strips"] == 0
    assert answer.evidence[0].text.strip() in reader.requests[-1].messages[-1].content
    with pytest.raises(ValueError, match="strip_sentences = -1"):
        CorrectiveRetrieval(strip_sentences=-1)


def test_long_rag_reads_whole_units_and_cuts_the_answer_short(dataset, scripted, embedder):
    reader = scripted(["It was founded in 1987, I read.", "1987"])
    answer, _ = ask(LongRAG(k=1, unit_chars=600), dataset, reader, embedder)
    assert answer.text == "1987"
    (unit,) = answer.evidence
    assert 400 < len(unit.text) <= 600 and "founded in 1987" in unit.text
    assert "It was founded in 1987, I read." in reader.requests[1].messages[-1].content
    assert unit.text.strip() not in reader.requests[1].messages[-1].content


def test_thinking_and_the_question_at_both_ends(dataset, scripted, embedder):
    reader = scripted(["It says so.\nAnswer: 1987"])
    strategy = LongContext(question_at="both", reasoning="think")
    answer, _ = ask(strategy, dataset, reader, embedder)
    prompt = reader.requests[0].messages[-1].content
    assert answer.text == "1987"
    assert prompt.count("When was Northwind founded?") == 2 and prompt.index("When was") < prompt.index(
        "Text:"
    )


def test_citations_are_evidence_and_are_scored(dataset, scripted, embedder):
    reader = scripted(["It was founded in 1987 in Bergen [3]. It sells lamps [1][99]."])
    answer, _ = ask(CitedLongContext(chunk_chars=300), dataset, reader, embedder)
    assert answer.text == "It was founded in 1987 in Bergen. It sells lamps."
    assert any("founded in 1987" in p.text for p in answer.evidence)
    assert answer.notes["citations"] == 3 and answer.notes["citations_out_of_range"] == 1
    assert answer.notes["citation_recall"] == 0.5
    assert answer.notes["citation_precision"] == pytest.approx(1 / 3)


def test_cited_passages_are_left_out_by_a_declared_policy(dataset, scripted, embedder):
    reader = scripted(["1987 [1]."], context_window=200)
    answer, _ = ask(
        CitedLongContext(chunk_chars=100, max_tokens=20, truncate="middle"), dataset, reader, embedder
    )
    assert answer.truncation == "middle"
    assert reader.count_tokens(reader.requests[0].messages) + 20 <= 200
    with pytest.raises(LcragError, match="passages do not fit"):
        ask(CitedLongContext(max_tokens=20), dataset, scripted(context_window=150), embedder)


def test_compression_keeps_the_nearest_sentences(dataset, scripted, embedder):
    reader = scripted()
    answer, _ = ask(CompressedContext(tokens=20), dataset, reader, embedder)
    assert answer.text == "1987"
    assert answer.notes["kept"] < 0.2
    with pytest.raises(LcragError, match="pip install llmlingua"):
        ask(CompressedContext(compressor=LLMLingua()), dataset, scripted(), embedder)


@pytest.mark.parametrize(
    ("verify", "shown", "notes"),
    [
        ("off", ["founded in 1987", "founded in 1978", "Trolls"], {}),
        ("drop", ["founded in 1987"], {"dropped_facts": 2, "snapped_facts": 0}),
        ("snap", ["founded in 1987"], {"dropped_facts": 1, "snapped_facts": 1}),
    ],
)
def test_facts_are_verified_between_the_calls(verify, shown, notes, dataset, scripted, embedder):
    said = "- It was founded in 1987 in Bergen.\n- It was founded in 1978 in Bergen.\n- Trolls did it all."
    reader = scripted([said, "1987"])
    answer, _ = ask(RetrieveThenReason(verify=verify), dataset, reader, embedder)
    prompt = reader.requests[1].messages[-1].content
    assert [x in prompt for x in ("founded in 1987", "founded in 1978", "Trolls")] == [
        x in shown for x in ("founded in 1987", "founded in 1978", "Trolls")
    ]
    assert {k: answer.notes[k] for k in notes} == notes
    assert (answer.notes["hallucinated_facts"], answer.notes["hallucinated_facts_fuzzy"]) == (2, 1)


def test_facts_and_answer_in_one_call(dataset, scripted, embedder):
    reader = scripted(["- It was founded in 1987 in Bergen.\nAnswer: 1987"])
    answer, _ = ask(RetrieveThenReason(calls="one"), dataset, reader, embedder)
    assert (answer.text, answer.quotes) == ("1987", ("It was founded in 1987 in Bergen.",))
    with pytest.raises(ValueError, match="calls: two"):
        RetrieveThenReason(calls="one", verify="drop")


def test_reasoning_on_facts_and_text_shares_the_prefix(dataset, scripted, embedder):
    reader = scripted(["- It was founded in 1987 in Bergen.", "1987"])
    ask(RetrieveThenReason(reason_on="facts_and_text"), dataset, reader, embedder)
    first, second = reader.requests
    assert first.prefix_chars == second.prefix_chars > 1000
    assert (
        first.messages[-1].content[: first.prefix_chars] == second.messages[-1].content[: first.prefix_chars]
    )
