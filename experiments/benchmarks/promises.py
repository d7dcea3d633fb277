"""What lcrag promises, each with the tests that hold it; ``trust.py`` measures them."""

from __future__ import annotations

from dataclasses import dataclass

STRATEGIES = "tests/trust/test_every_strategy.py::"
STATISTICS = "tests/test_statistics.py::"


@dataclass(frozen=True)
class Promise:
    """One promise.

    Attributes:
        text: The promise in one sentence.
        tests: The tests that hold it, ``file::test``, or a file for all of its tests.
        figure: How its figure is written from what the tests record: numbers are added up, of those that begin with
            ``worst_`` the largest counts and of ``least_`` the smallest, different texts (``trust``) are joined, and
            ``cases`` is the number of tests.
    """

    text: str
    tests: tuple[str, ...]
    figure: str = "{trust}"


PROMISES = (
    Promise(
        "Prompt, cached and written tokens and calls of every strategy, with those of embedder and reranker, are what "
        "the servers counted; shares of builds add up.",
        (STRATEGIES + "test_tokens_calls_and_dollars_are_the_servers",),
        "{differing:.0f} of {tokens:,.0f} tokens differ, {cases} strategies and variants",
    ),
    Promise(
        "Dollars are the bill that one makes by hand from the servers' logs and a price card.",
        (STRATEGIES + "test_tokens_calls_and_dollars_are_the_servers",),
        "largest difference {worst_dollars:.0e} of a bill, {cases} bills",
    ),
    Promise(
        "An embedder or reranker in this process is booked the tokens that its transformer read.",
        (STRATEGIES + "test_a_real_embedder_read_what_is_booked",),
        "{differing:.0f} of {tokens:,.0f} tokens differ, {cases} strategies",
    ),
    Promise(
        "What is built once for a document is booked once, in equal shares for its questions.",
        (STRATEGIES + "test_what_is_built_once_is_shared_equally",
         "tests/runtime/test_builds.py::test_a_share_depends_on_the_questions_alone"),
        "{built:,.0f} built tokens in equal shares, {cases} tests",
    ),
    Promise(
        "A strategy among all others costs what it costs in a run of its own, and its prompts are the same.",
        (STRATEGIES + "test_all_in_one_run_cost_what_each_costs_alone",),
        "{strategies:.0f} strategies and variants, {rows:.0f} rows",
    ),
    Promise(
        "No strategy profits from another's prompts, and a row has a warm and a cold cost.",
        ("tests/runtime/test_own_prefixes.py",
         STRATEGIES + "test_no_cached_token_is_lost",
         STRATEGIES + "test_a_server_that_keeps_strategies_apart_is_believed",
         "tests/trust/test_requests_in_flight.py"),
        "{cases} tests pass",
    ),
    Promise(
        "FLOPs of embedders and rerankers are those that torch counts in a real pass.",
        ("tests/trust/test_flops_of_models.py", "tests/cost/test_encoder.py::test_torch_counts_the_same_products"),
        "largest difference {worst_difference:.1e}",
    ),
    Promise(
        "FLOPs of readers are those that torch counts in a real pass.",
        ("tests/cost/test_cost.py::test_flops_of_a_real_forward_pass",),
        "largest difference {worst_difference:.1e} (rotary embeddings), {cases} architectures",
    ),
    Promise(
        "KV bytes are those of the real cache.",
        ("tests/cost/test_cost.py::test_weights_and_cache_of_real_models",),
        "equal to the byte ({bytes:,.0f} bytes, {caches:.0f} caches)",
    ),
    Promise(
        "The seconds of all roles together are what a question waits by the clock.",
        ("tests/trust/test_latency.py",),
        "at most {worst_missing:.1%} of the wall clock missing, {cases} strategies",
    ),
    Promise(
        "A killed run goes on: no row is lost or paid twice, and only an answer in the air is asked again.",
        ("tests/trust/test_kills.py",
         "tests/experiment/test_engine.py::test_an_interrupted_run_ends_as_an_undisturbed_one"),
        "{trust}; {interrupted:.0f} cut journals end as an undisturbed run",
    ),
    Promise(
        "What was spent before a call failed is counted as spent, to the token.",
        ("tests/trust/test_failures.py",),
        "{tokens:,.0f} tokens of {cases} runs that broke off",
    ),
    Promise(
        "The same question gives the same prompts, to the letter.",
        ("tests/strategies/test_strategies.py::test_prompts_are_as_recorded",),
        "{prompts:.0f} prompts equal their snapshots, {cases} strategies and variants",
    ),
    Promise(
        "A refusal is told from an answer, against labels by hand.",
        ("tests/published/test_declining.py::test_refusals_are_told_from_answers",),
        "precision {hits}/{judged}, recall {hits}/{refusals}, {answers} answers",
    ),
    Promise(
        "Right and wrong answers are told apart: a hundred pairs labelled by hand.",
        ("tests/metrics/test_pairs.py::test_a_pair",),
        "{agreeing:.0f} of {cases} pairs",
    ),
    Promise(
        "Scores without a judge agree with LaRA's answers that were read and labelled one by one, in part by a model.",
        ("tests/published/test_agreement.py::test_token_recall_agrees_with_labels_of_location",
         "tests/published/test_agreement.py::test_refusals_agree_with_labels"),
    ),
    Promise(
        "A 95% interval of scores covers the truth about as often as it says, also with few documents of unequal size.",
        (STATISTICS + "test_the_interval_of_scores_covers_the_truth_and_is_not_wide",),
        "8 documents: {least_8:.1%} to {worst_8:.1%}; 20: {least_20:.1%} to {worst_20:.1%}; "
        "40: {least_40:.1%} to {worst_40:.1%}",
    ),
    Promise(
        "So does the interval of a difference.",
        (STATISTICS + "test_the_interval_of_a_difference_covers_the_truth",),
    ),
    Promise(
        "A p value is never smaller than the documents allow, and the smallest possible one is known.",
        (STATISTICS + "test_the_smallest_p_value_is_known_for_any_number_of_documents",
         STATISTICS + "test_a_p_value_at_the_floor_of_its_flips_is_shown_as_a_bound",
         STATISTICS + "test_exact_p_value_equals_scipys_permutation_test"),
    ),
    Promise(
        "Documents that share text count as one cluster.",
        ("tests/outcomes/test_duplicates.py::test_documents_that_share_a_tenth_of_the_shorter_are_one_group",
         "tests/published/test_lara.py::test_documents_that_share_text_are_in_one_group"),
    ),
    Promise(
        "Extensions of embedding models equal computations made another way.",
        ("tests/embedders/test_extension.py", "tests/embedders/test_architectures.py"),
        "largest difference of a component {worst_difference:.0e}",
    ),
)  # fmt: skip
