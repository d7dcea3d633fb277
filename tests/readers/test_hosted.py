"""Hosted models by name: `--model anthropic:...`, in YAML `{type: langchain, model: "anthropic:..."}`."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from lcrag.commands.readers import reader_spec
from lcrag.components.build import build
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import LangChainReader, Message, OpenAIReader, Request

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16, temperature=0.5)
CLAUDE = "anthropic:claude-sonnet-4-5"


class Provider(GenericFakeChatModel):
    """A provider's class that takes the length of an answer as a field, under a name of its own."""

    max_output_tokens: int | None = None
    calls: list = []

    def get_num_tokens_from_messages(self, messages, tools=None) -> int:
        raise AssertionError("a hosted model's counter is a request to its provider")

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        self.calls.append((self.max_output_tokens, kwargs))
        return super()._generate(messages, stop, run_manager, **kwargs)


@pytest.fixture
def langchain(monkeypatch):
    """The package `langchain`, whose init_chat_model gives what is put into `built`."""
    package, module = ModuleType("langchain"), ModuleType("langchain.chat_models")
    package.asked = []

    def init_chat_model(model, *, model_provider, **options):
        package.asked.append((model_provider, model, options))
        if isinstance(package.built, Exception):
            raise package.built
        return package.built

    module.init_chat_model = init_chat_model
    monkeypatch.setitem(sys.modules, "langchain", package)
    monkeypatch.setitem(sys.modules, "langchain.chat_models", module)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789")
    return package


def test_openai_has_its_own_reader_and_others_langchains():
    assert build("reader", reader_spec("openai:gpt-4.1"), "--model") == OpenAIReader("gpt-4.1")
    assert build("reader", reader_spec(CLAUDE), "--model").name == "claude-sonnet-4-5"
    for local in ("Qwen/Qwen3-0.6B", "smollm2", r"C:\models\mine"):
        assert reader_spec(local) == {"type": "transformers", "model": local}


async def test_usage_cached_tokens_and_settings_of_a_hosted_model(langchain):
    used = {"input_tokens": 900, "output_tokens": 7, "total_tokens": 907}
    message = AIMessage("Jane Austen.", usage_metadata={**used, "input_token_details": {"cache_read": 640}})
    langchain.built = Provider(messages=iter([message]), calls=[])
    reader = LangChainReader(CLAUDE, options={"max_retries": 6})
    reader.check()
    done = await reader.generate(ASK)
    assert (done.usage.prompt_tokens, done.usage.cached_tokens, done.usage.completion_tokens) == (900, 640, 7)
    assert langchain.asked == [("anthropic", "claude-sonnet-4-5", {"max_retries": 6})]
    assert langchain.built.calls == [(16, {"temperature": 0.5})]  # Google ignores max_tokens of a call


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        (CLAUDE, "ANTHROPIC_API_KEY"),
        ("google_genai:gemini-2.5-flash", "GOOGLE_API_KEY"),
        ("openai:gpt-4.1", "OPENAI_API_KEY"),
    ],
)
def test_a_missing_key_is_named_before_anything_is_asked(model, variable, monkeypatch):
    for name in (variable, "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    reader = build("reader", reader_spec(model), "--model")
    assert reader.context_window > 100_000  # published: needs neither key nor package
    with pytest.raises(ReaderUnavailable, match=f"set the environment variable {variable}"):
        reader.check()


def test_a_missing_package_is_named(langchain, monkeypatch):
    langchain.built = ImportError("no langchain_anthropic", name="langchain_anthropic")
    with pytest.raises(ReaderUnavailable, match="pip install langchain-anthropic"):
        LangChainReader(CLAUDE).check()
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(ReaderUnavailable, match=r"pip install 'lcrag\[hosted\]'"):
        LangChainReader(CLAUDE).check()


def test_what_langchain_refuses_is_one_sentence_without_the_key(langchain):
    langchain.built = ValueError("Unsupported provider='antropic'.\n\nSupported are: x sk-ant-0123456789")
    with pytest.raises(ReaderUnavailable, match="cannot use antropic:claude") as caught:
        LangChainReader("antropic:claude", 8192).check()
    assert "sk-ant" not in str(caught.value) and "\n" not in str(caught.value)


def test_the_window_is_published_or_in_the_models_profile_or_given(langchain):
    langchain.built = Provider(messages=iter([]), profile={"max_input_tokens": 4096})
    assert LangChainReader("ollama:mine").context_window == 4096
    assert LangChainReader("ollama:mine", 100).context_window == 100
    langchain.built = Provider(messages=iter([]))
    with pytest.raises(LcragError, match="fit into mine is not known: set context_window"):
        LangChainReader("ollama:mine")


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", 7, ["a:b"]])
def test_a_model_without_provider_is_refused(model):
    with pytest.raises(LcragError, match="give provider:model"):
        build("reader", {"type": "langchain", "model": model}, "own.yaml: reader")


def test_a_price_of_another_provider_is_not_taken():
    """The same open model costs something else at every provider."""
    from lcrag.cost.price import find_price

    assert find_price(LangChainReader(CLAUDE).name) is not None
    name = LangChainReader("azure_openai:gpt-4.1", 8192).name
    assert name == "azure_openai:gpt-4.1" and find_price(name) is None


def test_models_at_different_providers_are_different_rows():
    from lcrag.components.settings import digest

    models = [LangChainReader(f"{p}:claude-sonnet-4-5", 8192) for p in ("anthropic", "bedrock")]
    assert digest(models[0]) != digest(models[1])


def test_a_run_without_the_key_asks_and_embeds_nothing(run, server):
    done = run(reader="api_key_env: ODD_KEY, max_model_len: 4096")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "set the environment variable ODD_KEY" in done.stderr
    assert server.seen == [] and server.looked_up == 0


def test_a_provider_on_the_command_line(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from lcrag.cli import app

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "north.md").write_text("Northwind sells kites.")
    (tmp_path / "q.jsonl").write_text('{"question": "What does it sell?", "documents": "north.md"}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    given = ["--documents", "docs", "--questions", "q.jsonl", "--no-mlflow"]
    done = CliRunner().invoke(app, ["run", *given, "--model", CLAUDE])
    assert "by claude-sonnet-4-5" in done.stdout
    assert "set the environment variable ANTHROPIC_API_KEY" in str(done.exception)
