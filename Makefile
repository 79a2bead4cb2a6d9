# Every target sets up what it needs in a local virtual environment; the machine needs Python 3.11 or newer, and make.

PYTHON ?= python3
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
RUN := $(VENV)/.ready-run
DEV := $(VENV)/.ready-dev
SYNC := $(BIN)/uv sync --quiet --frozen --inexact

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

demo: $(RUN) ## replicate Williams 2018 on virtual patients under every mechanism (writes runs/demo)
	$(BIN)/racemate replicate williams-2018 --out runs/demo

test: $(DEV) ## run the tests
	$(BIN)/pytest -n auto

check: $(DEV) ## lint, format, types, import law, evidence
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/racemate check

docs: $(DEV) ## generate the reference, run the tutorials, build the pages into site/
	$(BIN)/python docs/build/generate.py
	$(BIN)/python -m benchmarks.page docs/reference/generated
	PYTHONPATH=docs/build $(BIN)/zensical build --config-file mkdocs.yml --clean --strict
	$(BIN)/python docs/build/links.py

# An environment of its own: the solvers racemate is timed against are no part of it. BENCH says what to measure, such as w1.
bench: $(PEERS)/.ready ## time racemate and other solvers (never pass or fail); BENCH= for the long one
	$(PEERS)/bin/python -m benchmarks $(BENCH)

BENCH ?= --quick

clean: ## remove what the targets made, runs/ excepted
	rm -rf $(VENV) $(PEERS) site build dist docs/reference/generated .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The old python is asked before anything is made, so that a stranger reads a sentence and not a traceback.
$(BIN)/uv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "racemate needs Python 3.11 or newer; \
	$(PYTHON) is %d.%d. Name another: make PYTHON=python3.12 ..." % v[:2])'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The wheel of numbalsoda says Python 3.10, but what is in it is C and plain Python.
$(PEERS)/.ready: pyproject.toml uv.lock | $(BIN)/uv
	UV_PROJECT_ENVIRONMENT=$(PEERS) $(SYNC) --no-default-groups --group bench
	-$(BIN)/uv pip install --quiet --no-deps --only-binary :all: --python-version 3.10 numbalsoda==0.3.4 \
	--target $$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	@touch $@

# What was fetched once is found again without a network.
$(RUN): pyproject.toml uv.lock | $(BIN)/uv
	@$(SYNC) --no-default-groups --offline 2>/dev/null || $(SYNC) --no-default-groups
	@touch $@

$(DEV): pyproject.toml uv.lock | $(BIN)/uv
	@$(SYNC) --offline 2>/dev/null || $(SYNC)
	@touch $@ $(RUN)
