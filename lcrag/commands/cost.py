"""``lcrag cost``: the cost of questions on one document, without a model."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.commands.tracked import ExperimentName, Mlflow, TrackingUri, log_result
from lcrag.errors import LcragError
from lcrag.tables import paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lcrag.cost.amortisation import LinearCost
    from lcrag.cost.hardware import Hardware
    from lcrag.cost.model import ModelSpec
    from lcrag.cost.workload import Workload
    from lcrag.experiment.tracking.analyses import Analysis

    Blocks = dict[str, list[LinearCost]]


def cost(
    model: Annotated[
        str,
        typer.Option(
            help="A model with a price (gpt-4.1), a known open one (llama-3.1-8b), or a config.json or its folder."
        ),
    ],
    document_tokens: Annotated[int, typer.Option(help="Length of the document.")] = 100_000,
    questions: Annotated[int, typer.Option(help="Number of questions on that document.")] = 50,
    question_tokens: Annotated[int, typer.Option(help="Length of a question.")] = 50,
    answer_tokens: Annotated[int, typer.Option(help="Length of an answer.")] = 200,
    retrieved_tokens: Annotated[
        int, typer.Option(help="Length of the passages in a retrieval prompt.")
    ] = 4000,
    remembered_tokens: Annotated[int, typer.Option(help="Length of the notes in a memory prompt.")] = 2000,
    hardware: Annotated[
        str, typer.Option(help="For open models: a100, h100, h200, l4, cpu, or a card from --hardware-file.")
    ] = "",
    gpus: Annotated[int | None, typer.Option(help="Devices that share the model; default: 1.")] = None,
    mfu: Annotated[float | None, typer.Option(help="Share of the peak FLOP/s that is reached.")] = None,
    mbu: Annotated[
        float | None, typer.Option(help="Share of the memory's bandwidth that is reached.")
    ] = None,
    usd_per_hour: Annotated[float | None, typer.Option(help="Dollars per hour of one device.")] = None,
    prices: Annotated[Path | None, typer.Option(help="YAML file of price cards by model name.")] = None,
    hardware_file: Annotated[Path | None, typer.Option(help="YAML file of hardware cards by name.")] = None,
    kv_budget: Annotated[
        float | None,
        typer.Option(
            help="With --hardware: KV cache methods that keep or read this share of the tokens, such as 0.25."
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file for the curve of the cost per question.")
    ] = None,
    mlflow: Mlflow = False,
    tracking_uri: TrackingUri = "",
    experiment: ExperimentName = "lcrag",
    as_json: AsJson = False,
) -> None:
    """Cost of many questions on one document: long context cold and warm, retrieval, a memory."""
    from lcrag.cost.workload import Workload

    work = Workload(
        document=document_tokens,
        questions=questions,
        question=question_tokens,
        answer=answer_tokens,
        retrieved=retrieved_tokens,
        remembered=remembered_tokens,
    )
    if kv_budget is not None and not (hardware and 0 < kv_budget <= 1):
        raise LcragError("--kv-budget is a share of the tokens, above 0 and up to 1, and needs --hardware.")
    with printing(as_json) as result:
        if hardware:
            from lcrag.cost.hardware import find_hardware
            from lcrag.cost.model import ModelSpec
            from lcrag.cost.price import read_prices
            from lcrag.cost.price_cards import RentedHardware

            rented = read_prices(prices).get(model) if prices else None
            if isinstance(rented, RentedHardware):
                usd_per_hour = rented.gpu_hour if usd_per_hour is None else usd_per_hour
                gpus = rented.gpus if gpus is None else gpus
            gpus = 1 if gpus is None else gpus
            card = find_hardware(hardware, hardware_file)
            changes = {"mfu": mfu, "mbu": mbu, "usd_per_hour": usd_per_hour}
            try:
                card = replace(card, **{k: v for k, v in changes.items() if v is not None}).parallel(gpus)
            except ValueError as error:
                raise LcragError(f"{error}.") from error
            spec = ModelSpec.from_config(model)
            blocks = _print_open(model, spec, hardware, gpus, card, work, plot)
            if kv_budget is not None:
                from lcrag.analysis.kv_table import kv_table

                _print(kv_table(spec, card, work, kv_budget))
        else:
            blocks = _print_priced(model, work, prices, plot)
        result(_as_mapping(model, work, blocks))

        def analysis() -> Analysis:
            from lcrag.analysis.cost_curve import steps, table
            from lcrag.experiment.tracking.curves import cost_analysis

            machine = {
                "hardware": hardware,
                "gpus": gpus,
                "mfu": mfu,
                "mbu": mbu,
                "usd_per_hour": usd_per_hour,
            }
            given = {"model": model, **asdict(work), **(machine if hardware else {})}
            text = table(blocks, work.questions)
            return cost_analysis(blocks, steps(work.questions), f"cost of {model}", given, text)

        log_result(mlflow, tracking_uri, experiment, analysis)


def _print_priced(model: str, work: Workload, prices: Path | None, plot: Path | None) -> Blocks:
    from lcrag.cost.amortisation import dollar_cost, linear_cost
    from lcrag.cost.price import find_price, need_price, read_prices
    from lcrag.cost.workload import approaches

    cards = read_prices(prices) if prices else {}
    if find_price(model, cards.get(model)) is None and _is_open(model):
        raise LcragError(
            f"{model} has no published price: name the hardware it runs on, such as --hardware a100, "
            "or give a price card with --prices."
        )
    price = need_price(model, cards)
    card = price.describe()
    if card["source"] == "rented hardware":
        raise LcragError(
            f"The price card of {model} is by the hour: name the hardware, such as --hardware a100."
        )
    costs = [linear_cost(a, dollar_cost(price)) for a in approaches(work)]
    amounts = ", ".join(f"{k} {v}" for k, v in card.items() if k not in ("source", "model", "price"))
    _print(f"{model}: {_workload(work)}")
    published = ", ".join(p for p in str(card.get("price", "")).split(", ") if "MTok" in p)
    _print(f"Prices: {card['source']}, {published or amounts}; embedding $0.02/MTok")
    _print_tables({"dollars": costs}, work, plot, model)
    return {"dollars": costs}


def _print_open(
    model: str, spec: ModelSpec, name: str, gpus: int, card: Hardware, work: Workload, plot: Path | None
) -> Blocks:
    from lcrag.cost import roofline as r
    from lcrag.cost.amortisation import flops_cost, linear_cost, rented_cost, seconds_cost
    from lcrag.cost.workload import approaches, kv_bytes
    from lcrag.tables import human

    functions = {"FLOPs": flops_cost(spec), "seconds": seconds_cost(spec, card)}
    if card.usd_per_hour is not None:
        functions["dollars"] = rented_cost(functions["seconds"], card.usd_per_hour)
    options = approaches(work)
    blocks = {unit: [linear_cost(a, function) for a in options] for unit, function in functions.items()}
    length = work.document + work.question + work.answer
    users = r.concurrency(spec, card, length)
    _print(f"{model} on {f'{gpus} x ' if gpus > 1 else ''}{name}: {_workload(work)}")
    _print(
        f"{human(spec.total_parameters)} weights, {human(spec.active_parameters)} active; "
        f"{spec.kv_bytes_per_token:,} KV bytes per token, {spec.kv_bytes(length) / 2**30:.2f} GiB for the document; "
        f"{users} such user{'s' * (users != 1)} at a time"
    )
    _print(
        f"At {human(card.flops)}FLOP/s, mfu {card.mfu:g}, and {human(card.bandwidth)}B/s, mbu {card.mbu:g}:\n"
        f"first token after {r.prefill_seconds(spec, card, work.document):.3g} s cold and "
        f"{r.prefill_seconds(spec, card, work.question, work.document):.2g} s warm, "
        f"{1e3 * r.decode_seconds(spec, card, 1, work.document):.3g} ms per token, "
        f"{r.switch_seconds(spec, card, length, length):.2g} s to switch users"
    )
    if not users:
        _print("The weights and one such document do not fit into its memory: raise --gpus.")
    kv = [kv_bytes(a, spec) for a in options]
    _print_tables(blocks, work, plot, f"{model} on {name}", kv)
    return blocks


def _print_tables(
    blocks: Blocks,
    work: Workload,
    plot: Path | None,
    title: str,
    kv: Sequence[float] = (),
) -> Blocks:
    from lcrag.analysis.cost_curve import crossings, curve, table

    _print(table(blocks, work.questions, kv))
    unit = "dollars" if "dollars" in blocks else "seconds"
    for compared in dict.fromkeys([*(["FLOPs"] if "FLOPs" in blocks else []), unit]):
        _print("\n".join(crossings(blocks[compared], compared)))
    if plot:
        import io

        from lcrag.files import write_atomically

        figure = curve(blocks[unit], work.questions, unit, f"{title}\n{_workload(work)}")
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=150)
        write_atomically(plot, image.getvalue())
        _print(f"Picture  {plot}")
    return blocks


def _workload(work: Workload) -> str:
    from lcrag.tables import human

    return (
        f"a document of {human(work.document)} tokens, questions of {human(work.question)}, answers of "
        f"{human(work.answer)}, {human(work.retrieved)} retrieved, {human(work.remembered)} remembered"
    )


def _is_open(model: str) -> bool:
    from lcrag.cost.config import read_config

    try:
        read_config(model)
    except LcragError:
        return False
    return True


def _as_mapping(model: str, work: Workload, blocks: Blocks) -> dict[str, Any]:
    """The table for scripts: by unit and approach what is built once, the first question, each later one, and all."""
    costs = {
        unit: {
            line.name: {
                "build": line.build,
                "first": line.first,
                "later": line.later,
                "total": line.total(work.questions),
            }
            for line in lines
        }
        for unit, lines in blocks.items()
    }
    return {"model": model, "workload": work, "costs": costs}


def _print(text: str) -> None:
    """Lines of prose in the width of the terminal; a table has it already."""
    say("\n".join(line if "  " in line else paragraph(line) for line in text.split("\n")))
