"""Examples below the help of each command; each line can be typed as it stands, with names of your own."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("lcrag demo", "lcrag demo --full --output runs/full"),
    "run": (
        "lcrag run experiment.yaml --dry-run",
        "lcrag run --documents manuals/ --questions questions.jsonl --model smollm2",
        "lcrag run experiment.yaml --json > result.json",
    ),
    "bench": ("lcrag bench nocha --path NoCha --model openai:gpt-4.1", "lcrag bench ruler --set tokens=4096"),
    "init": (
        "lcrag init manuals/",
        "lcrag init manuals/ --base-url http://localhost:8000/v1 --model my-model",
    ),
    "questions": ("lcrag questions manuals/ --model openai:gpt-4.1", "lcrag questions manuals/ --by cloze"),
    "report": ("lcrag report runs/demo", "lcrag report runs/demo --json"),
    "compare": (
        "lcrag compare runs/small runs/large",
        "lcrag compare runs/a runs/b --shared --strategy long_context --output runs/a-b",
    ),
    "score": ("lcrag score runs/demo metrics.yaml",),
    "ui": ("lcrag ui --port 5001",),
    "cost": (
        "lcrag cost --model gpt-4.1 --document-tokens 100000 --questions 50",
        "lcrag cost --model llama-3.1-8b --hardware a100 --gpus 2",
    ),
    "power": ("lcrag power --questions 64 --documents 8", "lcrag power runs/demo --difference 10"),
    "replay": ("lcrag replay lara", "lcrag replay runs/demo --router lara_rule --router knn"),
    "fit": ("lcrag fit runs/demo my.router --router quality",),
    "drift": ("lcrag drift my.router feedback/",),
    "serve": (
        "lcrag serve runs/demo --port 8080",
        "lcrag serve runs/manuals --router my.router --max-dollars 5",
    ),
    "export": (
        "lcrag export runs/demo",
        "lcrag export runs/manuals --strategy long_context --register manuals",
    ),
    "components": ("lcrag components", "lcrag components router"),
    "training-pairs": ("lcrag training-pairs experiment.yaml pairs.jsonl",),
    "data list": ("lcrag data list --folder benchmarks/",),
    "data check": ("lcrag data check nocha NoCha",),
    "data show": ("lcrag data show nocha", "lcrag data show ruler --strategy long_context"),
    "import lara": ("lcrag import lara LaRA --output lara.parquet",),
    "import lara-table": ("lcrag import lara-table paper_main_table.json",),
    "import nocha": ("lcrag import nocha data_sample.json",),
    "judge check": ("lcrag judge check labels.csv --model openai:gpt-4.1",),
    "judge compare": (
        "lcrag judge compare runs/demo --strategy long_context --strategy memory --model openai:gpt-4.1",
    ),
}


def examples(command: str) -> str:
    """The end of a command's help."""
    lines = EXAMPLES.get(command, ())
    return "\n\n".join(("Examples:" if len(lines) > 1 else "Example:", *lines)) if lines else ""
