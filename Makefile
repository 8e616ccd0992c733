# Two commands matter: `make lab` opens the course, `make test` checks everything.
# Works with GNU make 3.81 (macOS) and newer.

PORT ?= 8888
BIN := .venv/bin
READY := .venv/.ready
export PORT PYTHON

.DEFAULT_GOAL := help

help: ## say what there is
	@echo "Usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-10s %s\n' "$$name" "$$text"; done
	@echo "Settings: PORT=9000 for lab, PYTHON=/path/to/python3 for a new environment."

lab: $(READY) ## open the course in JupyterLab (prints its address where there is no browser)
	@tools/lab

test: $(READY) ## run every check: ruff, mypy, pytest with notebooks and grading
	@tools/run-tests

fmt: $(READY) ## put code and notebooks into the agreed form
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

notebooks: $(READY) ## run the course's notebooks again and save their outputs
	@$(BIN)/python tools/run_notebooks.py

exercises: $(READY) ## make exercises/ anew from solutions/
	@$(BIN)/python tools/make_exercises.py

docs: $(READY) ## make the generated pages of docs/ anew
	@$(BIN)/python tools/make_docs.py

bench: $(READY) ## measure the simulators against SimPy (some minutes)
	@$(BIN)/python -m benchmarks

lock: $(READY) ## pin the newest versions that fit pyproject.toml
	@command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--all-extras --generate-hashes --no-emit-index-url --no-header pyproject.toml \
		--output-file requirements.lock

env: $(READY) ## only make the environment, .venv

clean: ## remove the environment and everything generated that git does not keep
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp holds the folder the environment was made in: a moved checkout needs a new one.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.lock pyproject.toml
	@tools/environment

.PHONY: help lab test fmt notebooks exercises docs bench lock env clean
