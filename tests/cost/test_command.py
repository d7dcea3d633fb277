"""``lcrag cost`` as a user types it; no model is loaded."""

import json
import sys

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.cost.config import known_models
from lcrag.errors import LcragError


def cost(*arguments):
    result = CliRunner().invoke(app, ["cost", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def row(text, name, block=0):
    return [line for line in text.splitlines() if line.startswith(name)][block].split()[len(name.split()) :]


def test_dollars_of_a_priced_model(tmp_path):
    picture = tmp_path / "curve.png"
    output = cost("--model", "gpt-4.1", "--document-tokens", 100_000, "--questions", 50, "--plot", picture)
    assert row(output, "long context, cold") == ["-", "0.2017", "0.2017", "0.2017", "2.0170", "10.0850"]
    assert row(output, "long context, warm")[3:] == ["0.2017", "0.6670", "2.7350"]
    assert row(output, "retrieval ")[3:] == ["0.0117", "0.0990", "0.4870"]
    assert (
        "genai-prices" in output
        and "In dollars memory takes less than long context, warm from 3 questions" in output
    )
    assert picture.read_bytes()[:4] == b"\x89PNG" and picture.stat().st_size > 20_000


def test_an_open_model_on_hardware_loads_no_model_library():
    output = cost(
        "--model", "llama-3.1-8b", "--hardware", "h100", "--usd-per-hour", 2.5, "--mfu", 0.45, "--mbu", 0.65
    )
    assert "131,072 KV bytes per token, 12.24 GiB for the document; 5 such users" in output
    assert [row(output, "long context, warm", b)[1] for b in range(3)] == ["4.03P", "11.6", "0.0081"]
    assert "In FLOPs long context, warm takes less than retrieval from 85 questions on." in output
    assert "vllm" not in sys.modules


def test_a_config_of_your_own_and_several_devices(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(dict(known_models()["llama-3.3-70b"])))
    single = cost("--model", tmp_path / "config.json", "--hardware", "a100")
    assert "0 such users" in single and "do not fit" in single
    assert "6 such users" in cost("--model", tmp_path, "--hardware", "a100", "--gpus", 4)


def test_prices_of_your_own(tmp_path):
    (tmp_path / "prices.yaml").write_text(
        "mine: {input_mtok: 1, output_mtok: 1, cached_mtok: 0.1, write_mtok: 1.25}"
    )
    short = ("--document-tokens", 1000, "--answer-tokens", 0, "--question-tokens", 0)
    output = cost("--model", "mine", "--prices", tmp_path / "prices.yaml", *short)
    assert row(output, "long context, warm")[1:3] == ["0.0013", "1.0e-04"]
    assert "Prices: price card, input_mtok 1, output_mtok 1, cached_mtok 0.1, write_mtok 1.25" in output


def test_rented_hardware_is_in_the_price_file_too(tmp_path):
    (tmp_path / "prices.yaml").write_text("llama-3.3-70b: {gpu_hour: 2, gpus: 4}")
    rented = ("--model", "llama-3.3-70b", "--prices", tmp_path / "prices.yaml")
    same = cost("--model", "llama-3.3-70b", "--hardware", "a100", "--gpus", 4, "--usd-per-hour", 2)
    assert cost(*rented, "--hardware", "a100") == same and "4 x a100" in same
    with pytest.raises(LcragError, match="is by the hour: name the hardware"):
        cost(*rented)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "gpt-4.l"], "no price for the model 'gpt-4.l'; did you mean 'gpt-4.1'"),
        (["--model", "llama-3.1-8b"], "has no published price: name the hardware"),
        (["--model", "llama-3.1-8", "--hardware", "a100"], "did you mean 'llama-3.1-8b'"),
        (["--model", "llama-3.1-8b", "--hardware", "a10"], "no hardware card 'a10'; did you mean 'a100'"),
        (["--model", "gpt-4.1", "--document-tokens", "-5"], "must not be negative"),
        (["--model", "llama-3.1-8b", "--hardware", "a100", "--mfu", "0"], "mfu must be a positive number"),
        (["--model", "gpt-4.1", "--hardware", "a100"], "The shape of the model 'gpt-4.1' is not known"),
        (["--model", "./none.json", "--hardware", "a100"], "There is no file"),
    ],
)
def test_bad_input_is_one_sentence(arguments, message):
    with pytest.raises(LcragError, match=message):
        cost(*arguments)
