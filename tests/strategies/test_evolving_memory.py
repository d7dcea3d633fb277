"""What a memory of facts keeps, forgets and shows as the text goes on."""

from lcrag.datasets.base import Dataset
from lcrag.schema import Document, Question
from lcrag.strategies import EvolvingMemory
from lcrag.strategies.evolving_memory import DECIDE, EXTRACT, SUMMARISE
from tests.strategies.conftest import ask

WHO = Question("q", "Who is chief?", ("d",), ("Bo",), metadata={"date": "2024-08-01"})


def one(text, question=WHO):
    return Dataset("d", (Document("d", text),), (question,))


def talk(facts, operations=()):
    """A reader that finds the fact whose cue is in the new part, and decides as it is told."""
    decisions = iter(operations)

    def respond(request):
        prompt = request.messages[-1].content
        if EXTRACT in prompt:
            new = prompt.partition("The new part")[2]
            return "".join(f"- {fact}\n" for cue, fact in facts.items() if cue in new)
        if DECIDE in prompt:
            return next(decisions)
        return f"Summary {prompt.count('part ')}." if SUMMARISE in prompt else "Nobody"

    return respond


def sessions(*lines):
    return "".join(
        f"# Session of {day} 2024\nUser: {line}\nAssistant: ok\n" for day, line in lines
    )  # one round under each date


def memory_block(reader):
    return reader.requests[-1].messages[-1].content.partition("\n\n")[0]


def test_an_updated_fact_has_the_date_of_its_news_and_its_place_in_time(scripted, embedder):
    text = sessions(("3 May", "Ada is chief."), ("4 June", "Much rain."), ("5 July", "Ada runs lamps."))
    facts = {"Ada is": "Ada is chief.", "rain": "It rained.", "lamps": "Ada is chief of lamps."}
    decide = ['{"op": "ADD"}', '{"op": "UPDATE", "id": 1, "text": "Ada is chief of lamps."}']
    reader = scripted(talk(facts, decide))
    ask(EvolvingMemory(granularity="round", similar_facts=1), one(text), reader, embedder)
    assert memory_block(reader) == (
        'Facts from memory:\n{"date": "2024-06-04", "text": "It rained."}\n'
        '{"date": "2024-07-05", "text": "Ada is chief of lamps."}'
    )


def test_a_deleted_fact_leaves_nothing_behind(scripted, embedder):
    text = "User: Ada is chief.\nAssistant: ok\nUser: Ada left.\nAssistant: ok\n"
    reader = scripted(
        talk({"Ada is": "Ada is chief.", "left": "Ada is not chief."}, ['{"op": "DELETE", "id": 1}'])
    )
    answer, _ = ask(EvolvingMemory(granularity="round"), one(text), reader, embedder)
    assert answer.notes["facts_kept"] == 0
    assert memory_block(reader) == "Facts from memory:\n(nothing is remembered)"


def test_a_known_fact_is_not_added_and_nonsense_adds(scripted, embedder):
    text = "".join(f"User: Ada is chief, {n}.\nAssistant: ok\n" for n in ("one", "two", "three"))
    facts = {", one": "Ada is chief.", "two": "Ada is the chief.", "three": "Ada is chief of lamps."}
    reader = scripted(talk(facts, ['{"op": "NONE"}', '{"op": "UPDATE", "id": 9}']))
    ask(EvolvingMemory(granularity="round"), one(text), reader, embedder)
    assert "Ada is chief." in memory_block(reader) and "of lamps" in memory_block(reader)
    assert "the chief" not in memory_block(reader)


def test_two_facts_of_one_part_do_not_undo_each_other(scripted, embedder):
    """The second is not asked about the fact that the first has just changed, so that neither is lost."""
    text = "User: Ada is chief.\nAssistant: ok\nUser: Much is new.\nAssistant: ok\n"
    facts = {"Ada is": "Ada is chief.", "Much": "Ada was chief.\n- Bo is chief."}
    update = '{"op": "UPDATE", "id": 1, "text": "Ada was chief."}'
    reader = scripted(talk(facts, [update]))
    answer, _ = ask(EvolvingMemory(granularity="round"), one(text), reader, embedder)
    assert answer.notes["facts_kept"] == 2
    assert "Ada was chief." in memory_block(reader) and "Bo is chief." in memory_block(reader)


def test_the_reader_sees_the_summary_so_far_the_recent_parts_and_the_date(scripted, embedder):
    days = ["1 May", "2 May", "3 May", "4 May", "5 May"]
    text = sessions(*((day, f"part {n}.") for n, day in enumerate(days)))
    reader = scripted(talk({}))
    ask(EvolvingMemory(granularity="round", recent_parts=2), one(text), reader, embedder)
    prompts = [r.messages[-1].content for r in reader.requests]
    extractions = [p for p in prompts if EXTRACT in p]
    assert [[n for n in range(5) if f"part {n}." in p] for p in extractions] == [
        [0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4],
    ]  # fmt: skip
    summaries = [p for p in prompts if SUMMARISE in p]
    assert [[n for n in range(5) if f"part {n}." in p] for p in summaries] == [[0, 1], [2, 3]]
    assert ["Summary 2." in p for p in extractions] == [False, False, True, True, True]
    assert "Summary 2." in summaries[1]
    assert "The new part of 2024-05-05:\nUser: part 4." in extractions[4]


def test_the_question_is_asked_on_its_date(scripted, embedder):
    reader = scripted(talk({"Ada": "Ada is chief."}))
    ask(EvolvingMemory(), one("Ada is chief."), reader, embedder)
    assert "Today is 2024-08-01.\nQuestion: Who is chief?" in reader.requests[-1].messages[-1].content


def test_a_text_that_has_grown_goes_on_from_its_summary(scripted, embedder, tmp_path):
    days = [("1 May", "part 0."), ("2 May", "part 1."), ("3 May", "part 2.")]
    strategy = EvolvingMemory(granularity="round", recent_parts=1)
    ask(strategy, one(sessions(*days[:2])), scripted(talk({})), embedder, keep=tmp_path)
    reader = scripted(talk({}))
    ask(strategy, one(sessions(*days)), reader, embedder, keep=tmp_path)
    extractions = [r.messages[-1].content for r in reader.requests if EXTRACT in r.messages[-1].content]
    assert len(extractions) == 1 and extractions[0].startswith("Summary of the text so far:\nSummary 1.")
