"""`lcrag init`: what the folder holds is told, and what it writes can be run."""

import pytest
import yaml
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.experiment.config import load_experiment

SERVER = ("--base-url", "http://127.0.0.1:9/v1", "--model", "gpt-4o-mini", "--context-window", "9000")


def lcrag(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def place(tmp_path):
    docs = tmp_path / "my: docs"
    docs.mkdir()
    (docs / "north.md").write_text("Northwind sells kites. " * 200)
    (docs / "cafe.txt").write_bytes(b"caf\xe9")
    (docs / "odd\x1b[2J.gif").write_bytes(b"GIF")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


def test_the_folder_is_told_in_one_table(place):
    result = lcrag("init", place / "my: docs", "--output", place, *SERVER)
    lines = {line.split()[0]: line for line in result.output.splitlines() if line.split()}
    assert lines["north.md"].endswith("1.15k")
    assert (
        "byte 3 is not UTF-8; save the file as UTF-8." in lines["cafe.txt"]
        and str(place) not in lines["cafe.txt"]
    )
    assert "not a document" in lines["picture.png"]
    assert "\x1b" not in result.output
    assert "1 document, about 1.15k tokens, the longest 1.15k." in result.output
    assert "mend or remove 1 file first" in result.output
    assert (
        f"lcrag questions '{place}/my: docs' --output {place}/questions.jsonl --model gpt-4o-mini"
        in result.output
    )


def test_too_few_documents_to_show_a_difference_are_told(place):
    documents = place / "my: docs"
    (documents / "cafe.txt").unlink()
    told = "No difference between strategies can be shown to be more than chance on fewer than 6 documents."
    assert told in " ".join(lcrag("init", documents, "--output", place / "few", *SERVER).output.split())
    for number in range(5):
        (documents / f"{number}.md").write_text("Northwind sells kites. " * 20)
    assert told not in " ".join(lcrag("init", documents, "--output", place / "six", *SERVER).output.split())


def test_what_it_writes_runs_and_says_that_there_are_no_questions_yet(place):
    (place / "my: docs" / "cafe.txt").unlink()
    lcrag("init", place / "my: docs", "--output", place / "new", *SERVER, "--dollars", "2.5")
    spec = yaml.safe_load((place / "new" / "experiment.yaml").read_text())
    assert spec["budget"] == {"experiment": {"dollars": 2.5}}
    assert spec["reader"]["max_model_len"] == 9000 and spec["dataset"]["documents"] == "../my: docs"
    with pytest.raises(
        LcragError, match=r"questions.jsonl: there is no question in it yet; .* lcrag questions"
    ) as error:
        lcrag("run", place / "new" / "experiment.yaml")
    assert "\n" not in str(error.value)
    questions = place / "new" / "questions.jsonl"
    examples = [
        line.removeprefix("# ") for line in questions.read_text().splitlines() if line.startswith("# {")
    ]
    (place / "my: docs" / "north.md").write_text("It was founded in 1987")
    questions.write_text(questions.read_text() + "\n".join(examples))
    experiment = load_experiment(place / "new" / "experiment.yaml")
    assert [q.kind for q in experiment.dataset.questions] == ["location", "hallucination"]
    assert experiment.dataset.notices == ("Files that are no documents were left out: 1 .gif, 1 .png.",)
    assert len(experiment.strategies) == 4


def test_a_reader_in_this_process_is_the_default(place):
    lcrag("init", place / "my: docs", "--output", place)
    spec = yaml.safe_load((place / "experiment.yaml").read_text())
    assert spec["reader"] == {"type": "transformers", "model": "smollm2"} and "budget" not in spec


def test_no_file_is_overwritten_without_force(place):
    (place / "questions.jsonl").write_text("mine")
    with pytest.raises(LcragError, match=r"questions.jsonl exists already: .* --force"):
        lcrag("init", place / "my: docs", "--output", place)
    assert (place / "questions.jsonl").read_text() == "mine" and not (place / "experiment.yaml").exists()
    lcrag("init", place / "my: docs", "--output", place, "--force")
    assert (place / "questions.jsonl").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), r"nowhere: there is no such folder of documents"),
        (("empty",), r"empty: there is no document that can be read"),
        (("my: docs", "--dollars", "1"), r"--dollars: a model in this process has no price"),
        (("my: docs", "--dollars", "0", *SERVER), r"A budget of 0.0 dollars buys nothing"),
        (("my: docs", "--context-window", "9"), r"--context-window is for a model on a server"),
    ],
)
def test_bad_input_is_one_sentence(place, arguments, message):
    (place / "empty").mkdir()
    with pytest.raises(LcragError, match=message):
        lcrag("init", place / arguments[0], "--output", place / "new", *arguments[1:])
    assert not (place / "new").exists()


def test_a_cap_without_a_known_price_says_what_to_fill_in(place):
    result = lcrag("init", place / "my: docs", "--output", place, "--base-url", "http://127.0.0.1:9/v1", "--model",
                   "our-own", "--dollars", "1")  # fmt: skip
    assert "The price of our-own is not known: fill in `prices`" in result.output
