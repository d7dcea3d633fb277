"""LongProc: files with their prompts beside them, and the authors' scorers."""

import pytest

from lcrag.benchmarks import load_longproc
from lcrag.errors import LcragError
from lcrag.metrics.official import LongProc
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


@pytest.fixture
def procedures(tmp_path):
    dataset = load_longproc(written(tmp_path, "longproc"), prompt="official")
    return {q.kind: (q, dataset.document(q.document_ids[0]).text) for q in dataset.questions}


def test_the_prompt_is_the_one_beside_the_file(procedures):
    assert prompt_of(*procedures["html_to_tsv"]) == (
        "<p>The Sun $4</p><p>Moon</p>\nExtract:\nName: the name\n```tsv\nName\tPrice\n{Your TSV output}\n```\n"
    )
    assert prompt_of(*procedures["path_traversal"]).endswith("\n\nNow find the route from Bath to Hull.")
    question, _ = procedures["tom_tracking"]
    assert question.task.template == ""  # there is none beside it
    assert question.metadata == {"task": "tom_tracking", "output": "0.5k"}


ROUTE = "<Route>\nFrom Bath, take a bus to York.\n{}</Route>"


@pytest.mark.parametrize(
    ("task", "reply", "accuracy", "partial", "fixed"),
    [
        ("path_traversal", ROUTE.format("From York, take a train to Hull.\n"), 1, 1, 1),
        ("path_traversal", ROUTE.format("From York, take a bus to Hull.\n"), 0, 1, 0.5),  # off by one
        ("path_traversal", ROUTE.format(""), 0, 0.5, 0.5),
        ("path_traversal", "<Route>From Hull, take a bus.</Route>", 0, 0.5, 0),
        ("path_traversal", "From Bath, take a bus to York.", 0, 0, 0),
        ("tom_tracking", "- Step 0: Ada is in the hall\n- Step 0: {Ada location: the hall}\n- Step 1: Ada location none", 1, 1, 1),  # noqa: E501
        ("tom_tracking", "- Step 0: {Ada location: hall}\n- Step 1: {Ada location: hall}", 0, 0.5, 0.5),
        ("tom_tracking", "- Step 0: {Ada location: hall}", 0, 0.5, 0.5),
        ("tom_tracking", "nothing", 0, 0, 0),
    ],
)  # fmt: skip
def test_routes_and_traces(procedures, task, reply, accuracy, partial, fixed):
    question, _ = procedures[task]
    assert TaskScore().score(question, Answer(reply)) == accuracy
    assert LongProc(measure="partial").score(question, Answer(reply)) == partial
    assert LongProc(measure="partial", variant="fixed").score(question, Answer(reply)) == fixed


@pytest.mark.parametrize(
    ("reply", "f1"),
    [
        ("```tsv\nName\tPrice\nMoon\tn/a\nsun\t4\n```", 1),  # in any order, articles and punctuation aside
        ("Name\tPrice\nMoon\tN/A", 2 / 3),
        ("Name\tPrice\nMoon\tN/A\nThat is all.", 2 / 3),  # the last line is no row
        ("Name\tPrice\nMoon\nSun\t4", 0.5),  # a broken row is N/A in every cell
        ("Name\nMoon", 0),
        ("", 0),
    ],
)
def test_tables(procedures, reply, f1):
    assert TaskScore().score(procedures["html_to_tsv"][0], Answer(reply)) == pytest.approx(f1)


def test_a_page_elsewhere_and_a_prompt_with_unknown_fields_are_told(tmp_path):
    written(tmp_path, "longproc")
    (tmp_path / "path_traversal/prompts.yaml").write_text("USER_PROMPT: '{town}'")
    with pytest.raises(LcragError, match=r"prompts.yaml: USER_PROMPT has a field"):
        load_longproc(tmp_path, ("path_traversal",))
    file = tmp_path / "html_to_tsv/html_to_tsv_0.5k.json"
    file.write_text(file.read_text().replace("webpage/lamps", "../../lamps"))
    with pytest.raises(LcragError, match="'html_path' must be a path below the folder"):
        load_longproc(tmp_path)
