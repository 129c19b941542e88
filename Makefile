# Nothing but Python >= 3.11 and make is assumed. `make` lists the commands.
PYTHON ?= python3
BIN := .venv/bin
T ?= tests

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv && echo '*' > .venv/.gitignore
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

install: .venv/ready ## make the environment in .venv

demo: install ## install, and run the whole way on the sample newsroom
	$(BIN)/digest demo

test: install browser ## install, and run all checks and tests
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(T) --numprocesses auto --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90

browser: ## system package: Debian's Chromium, if no Chromium is there (needs root)
	@$(BIN)/python -m tests.browser --install

check: install ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: install ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## measure speed, as ratios within one run
	$(BIN)/python -m tests.benchmarks

chaos: install ## 2,000 runs of killed workers against an API that fails
	$(BIN)/python -m tests.chaos --runs 2000

serve: install ## answer readers on http://127.0.0.1:8000
	$(BIN)/digest serve

worker: install ## send what is due, until stopped
	$(BIN)/digest worker

lock: install ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --all-extras --group dev --no-emit-index-url --no-header pyproject.toml -o requirements.lock

.PHONY: help install demo test browser check fix bench chaos serve worker lock
