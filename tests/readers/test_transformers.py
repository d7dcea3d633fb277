"""The real model: SmolLM2-135M-Instruct on this machine's CPU."""

import asyncio
import pydoc_data.topics

import pytest

pytest.importorskip("torch")
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers.base import Message, Request
from lcrag.readers.rope import RopeExtension
from lcrag.readers.transformers import TransformersReader

QUESTIONS = [
    "What does len(d) return?",
    "How do you remove the item with key k?",
    "What is a tuple?",
    "Which method sorts a list in place?",
    "What does s.copy() do?",
    "What is range used for?",
    "What does dict.get return when the key is missing?",
    "What happens when a key is not found?",
]
SMALL = pydoc_data.topics.topics["typesmapping"][:4000]
LARGE = (pydoc_data.topics.topics["typesseq"] + pydoc_data.topics.topics["typesmapping"])[:24500]


@pytest.fixture(scope="module")
def reader():
    return TransformersReader()


def request(question, document, salt="", max_tokens=16, **settings):
    text = f"Text:\n{document}\n\n"
    messages = (Message("system", "You answer questions."), Message("user", f"{text}Question: {question}"))
    return Request(messages, max_tokens, prefix_chars=len(text), cache_salt=salt, **settings)


def ask(reader, requests):
    async def together():
        return await asyncio.gather(*map(reader.generate, requests))

    return asyncio.run(together())


def test_it_speaks(reader):
    (said,) = ask(reader, [Request((Message("user", "What is the capital of France? Answer in one word."),))])
    assert "Paris" in said.text
    assert said.finish_reason == "stop"


@pytest.mark.slow
def test_eight_questions_on_a_6k_document_compute_the_document_once(reader):
    requests = [request(q, LARGE, "eight", 4) for q in QUESTIONS]
    (leader,) = ask(reader, requests[:1])
    answers = [leader, *ask(reader, requests[1:])]
    document = reader.prepare(requests[0]).prefix
    tails = [a.usage.prompt_tokens - document for a in answers]
    assert document > 5500
    assert leader.usage.cached_tokens == 0 and leader.prefix_key
    assert all(a.usage.cached_tokens == document and not a.prefix_key for a in answers[1:])
    computed = sum(a.usage.computed_tokens for a in answers)
    assert computed <= 1.1 * (document + sum(tails))
    assert sum(a.usage.prompt_tokens for a in answers) == sum(
        reader.count_tokens(r.messages) for r in requests
    )


@pytest.mark.slow
def test_an_answer_does_not_depend_on_its_batch_mates(reader):
    requests = [request(q, SMALL, "mates", 24) for q in QUESTIONS]
    together = [a.text for a in ask(reader, requests)]
    backwards = [a.text for a in ask(reader, requests[::-1][:5])][::-1]
    alone = [ask(reader, [r])[0].text for r in requests]
    assert together == alone
    assert together[3:] == backwards


def test_a_resumed_run_has_the_same_texts(reader):
    """A run that was cut off starts anew, without kept prefixes and with fewer questions in the batch."""
    requests = [request(q, SMALL, "resumed", 24) for q in QUESTIONS]
    undisturbed = [a.text for a in ask(reader, requests)]
    assert [a.text for a in ask(TransformersReader(), requests[5:])] == undisturbed[5:]


@pytest.mark.slow
def test_the_shared_prefix_gives_what_transformers_itself_gives(reader):
    """Logits against a plain forward pass over the whole prompt, teacher-forced on the same tokens."""
    import torch

    state = reader._loaded
    model, generation = state["model"], state["generation"]
    prompts = [reader.prepare(request(q, SMALL, "plain")) for q in QUESTIONS[:3]]
    with torch.inference_mode():
        prefix, _ = generation._prefix(prompts[0])
        firsts, own = zip(*(generation._prefill(prefix, p.ids[p.prefix :]) for p in prompts), strict=True)
        from lcrag.readers.shared_prefix import SharedPrefixCache, step

        cache = SharedPrefixCache(prefix, list(own), prompts[0].capacity, 8)
        written = [[int(f.argmax())] for f in firsts]
        for _ in range(6):
            last = [w[-1] for w in written] + [0] * 5
            logits = step(model, cache, torch.tensor(last))
            for row, (prompt, tokens) in enumerate(zip(prompts, written, strict=True)):
                plain = model(torch.tensor([prompt.ids + tokens]), logits_to_keep=1).logits[0, -1].float()
                assert torch.nn.functional.cosine_similarity(logits[row], plain, dim=0) > 0.999
                tokens.append(int(plain.argmax()))


def test_prefixes_of_different_salts_are_kept_apart(reader):
    first, second = (request(QUESTIONS[0], SMALL, salt, 2) for salt in ("one", "two"))
    assert ask(reader, [first])[0].usage.cached_tokens == 0
    assert ask(reader, [second])[0].usage.cached_tokens == 0
    assert ask(reader, [first])[0].usage.cached_tokens > 0


def test_the_least_recently_used_prefix_is_dropped():
    reader = TransformersReader(prefix_cache_gb=0.03)  # one small document's KV
    one, two = request("Why?", SMALL, "one", 1), request("Why?", SMALL, "two", 1)
    for r in (one, two):
        ask(reader, [r])
    assert len(reader._loaded["generation"].prefixes) == 1
    assert ask(reader, [one])[0].usage.cached_tokens == 0


def test_too_long_is_refused_with_the_numbers(reader):
    with pytest.raises(
        LcragError, match=r"A prompt of \d+ tokens and 16 for the answer do not fit into the 8192"
    ):
        ask(reader, [request("Why?", LARGE * 2)])


def test_stop_strings_and_token_limits(reader):
    said = ask(reader, [request("Count to ten.", "1 2 3 4 5 6 7 8 9 10", max_tokens=30, stop=("5",))])[0]
    assert "5" not in said.text
    limited = ask(reader, [request(QUESTIONS[2], SMALL, max_tokens=3)])[0]
    assert (limited.usage.completion_tokens, limited.finish_reason) == (3, "length")


def test_sampling_is_seeded(reader):
    def draw(seed):
        return ask(reader, [request(QUESTIONS[2], SMALL, seed=seed, temperature=1.0)])[0].text

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_other_architectures_run_without_sharing(tmp_path, reader):
    """A model whose attention we do not know is run by transformers' own loop, and claims no cache."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = reader._loaded["tokenizer"]
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=2, n_positions=512)
    config.eos_token_id = config.bos_token_id = tokenizer.eos_token_id
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    other = TransformersReader(model=str(tmp_path), dtype="float32")
    said = ask(other, [request("Why?", "Because.", max_tokens=5)] * 2)
    assert [a.usage.completion_tokens for a in said] == [5, 5]
    assert [a.usage.cached_tokens for a in said] == [0, 0]
    assert said[0].text == said[1].text


def test_a_missing_model_is_one_sentence_and_stops_the_run():
    with pytest.raises(ReaderUnavailable, match=r"'no/such-model' could not be loaded .*hf download"):
        _ = TransformersReader(model="no/such-model").context_window


@pytest.mark.parametrize("keeps", [True, False])
def test_a_beginning_is_kept_to(reader, keeps):
    """Decoding is constrained, with the shared prefix and in transformers' own loop."""
    choices = ("Follow up: ", "So the final answer is: ")
    asked = (Message("user", "What is the capital of France?"),)
    requests = [Request(asked, 24, begin=choices), Request(asked, 24, begin=("Intermediate answer: ",))]
    if keeps:
        one, forced = (ask(reader, [r])[0] for r in requests)
    else:
        one, forced = (reader._loaded["generation"]._plain(reader.prepare(r)) for r in requests)
    assert one.text.startswith(choices)
    assert forced.text.startswith("Intermediate answer: ") and "Paris" in forced.text
    (free,) = ask(reader, [Request(asked, 8)])
    assert not free.text.startswith(choices)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
async def test_an_answer_is_told_token_by_token(kept):
    from lcrag.readers.streaming import listening

    reader = TransformersReader("smollm2", rope=None if kept else RopeExtension("dynamic", 2))
    request = Request((Message("user", "Count from one to five in words."),), max_tokens=12)
    told = []
    with listening(told.append):
        completion = await reader.generate(request)
    assert "".join(told) == completion.text == (await reader.generate(request)).text
    assert len(told) > 3
