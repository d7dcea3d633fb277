"""Several questions on one text; each is answered from the text itself."""

import re

import pytest

from lcrag.generators import generate_shared_contexts


@pytest.mark.parametrize("task", ["kv", "prefix_suffix", "vt", "math_find"])
def test_all_questions_on_a_text_are_answered_from_it(check, task):
    check(lambda tokens, seed: generate_shared_contexts((task,), tokens, 1, turns=4, seed=seed))
    dataset = generate_shared_contexts((task,), 4096, 2, turns=6)
    assert len(dataset.documents) == 2
    assert [q.metadata["turn"] for q in dataset.questions] == [1, 2, 3, 4, 5, 6] * 2
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        if task == "kv":
            key = re.search('"(.+)"', question.text)[1]
            assert re.findall(f'"{key}": "(.+)"', text) == [*question.answers]
        elif task == "prefix_suffix":
            begin, end = re.search(r"with (\w+) and ends with (\w+)\?", question.text).groups()
            assert re.findall(f"^{begin}.*{end}$", text, re.MULTILINE) == [*question.answers]
            assert len(re.findall(f"^{begin}", text, re.MULTILINE)) == 2
        elif task == "vt":
            values = {}
            for variable, source in re.findall(r"VAR (\w+) = (?:VAR )?(\w+)", text):
                values[variable] = values.get(source, source)
            asked = re.search(r"\d+", question.text)[0]
            assert [v for v, value in values.items() if value == asked] == [*question.answers]
        else:
            ordinal, kind = re.search(r"the (\w* ?)(largest|smallest)", question.text).groups()
            numbers = sorted(map(int, text.split(", ")), reverse=kind == "largest")
            place = {"": 0, "second ": 1, "third ": 2, "fourth ": 3}[ordinal]
            assert str(numbers[place]) == question.answers[0]
