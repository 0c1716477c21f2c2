# Two commands do everything, set-up included: `make demo` and `make test`.  `make help` lists the rest.

PYTHON ?= python3
ARGS   ?=
BIN    := .venv/bin
CODE   := src tests tools $(wildcard bench fuzz)
MAP    := src/tocsin/public/static/map-ua.svg
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

export PYTHONDONTWRITEBYTECODE = 1
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-clients soak faults fuzz lint types unit browser bench format reference lock map clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run map ## Replay one real day on a live map; ARGS="--once --json" runs it at once
	@$(BIN)/tocsin demo $(ARGS)

test: lint types browser unit ## Check everything: style, types, arrows, every test, a real browser

CLIENTS = $(patsubst tests/clients/needs/%,build/clients/%/ready,$(basename $(wildcard tests/clients/needs/*.*)))

test-clients: .venv/test $(CLIENTS) ## Run other people's clients, unchanged, against a server of ours
	@echo "tests: clients"
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/clients $(ARGS)

build/clients/%/ready: tests/clients/needs/%.txt
	@echo "set-up: the client $*"
	@$(PYTHON) -m venv build/clients/$*
	@build/clients/$*/bin/python -m pip --disable-pip-version-check --no-input -qq install -r $<
	@touch $@

build/clients/%/ready: tests/clients/needs/%.npm
	@echo "set-up: the client $*"
	@$(PYTHON) tools/install_debian.py node npm
	@! command -v npm > /dev/null || { mkdir -p $(@D) && npm install --prefix $(@D) --no-audit --no-fund --loglevel=error $$(cat $<) && touch $@; }

soak: .venv/test ## Drive the real parts beside a model of the board, for long; ARGS=20000 is steps
	@$(BIN)/python -m tests.truth.soak $(ARGS)

faults: .venv/test ## Kill, starve, damage and cut off a real server; ARGS="--short --json FILE power" picks
	@$(BIN)/python -m tests.faults.run $(ARGS)

fuzz: .venv/test ## Fuzz the decoders; ARGS="-runs=10000000" is the long run
	@for each in cap tree json; do $(BIN)/python -m fuzz.decoders $$each $(ARGS) || exit 1; done

lint: .venv/test ## Check style, formatting and the arrows between the parts
	@echo "lint: ruff, import contracts"
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE) || { $(BIN)/ruff format --check $(CODE); echo "run 'make format'"; exit 1; }
	@$(BIN)/lint-imports --no-logo --cache-dir .venv/import-linter > .venv/arrows.txt || { cat .venv/arrows.txt; exit 1; }

types: .venv/test ## Check types, strictly
	@echo "types: mypy"
	@$(BIN)/mypy --no-error-summary $(CODE)

unit: .venv/test map ## Run the tests; ARGS="-k board" picks some
	@echo "tests: pytest"
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --ignore tests/clients $(ARGS)

browser: ## Install Chromium and mosquitto for the tests, where they are missing and may be installed
	@$(PYTHON) tools/install_debian.py

bench: .venv/test ## Measure speed, beside the limit, in one run
	@for each in bench/speed/[!_]*.py; do echo "$$each"; $(BIN)/python "$$each" $(ARGS) || exit 1; done

reference: .venv/test ## Write the reference pages again, from the code
	@$(BIN)/python tools/reference.py

format: .venv/test ## Sort imports and lay out the code
	@$(BIN)/ruff check --quiet --select I --fix $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)

map: .venv/run ## Fetch and simplify the map of Ukraine, where it is missing; without it the page has its tiles
	@test -e $(MAP) || { echo "map: fetching the outlines of Ukraine"; $(BIN)/python tools/fetch_map.py; } || \
	  echo "map: not to be had now, the page shows its tiles; try 'make map' later"

# --- set-up: once, and again when a lock or pyproject.toml changes --------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tocsin needs Python 3.11 or later; name one: make PYTHON=python3.12 ...")'
	@echo "set-up: .venv"
	@$(PYTHON) -m venv .venv

.venv/run: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "set-up: libraries from $<"
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/test: requirements/test.txt .venv/run
	@echo "set-up: libraries from $<"
	@$(PIP) install --require-hashes -r $<
	@touch $@

# --- the locks: versions and hashes, no addresses; CPython 3.11 and later, every platform -------------------------

LOCK = build/uv/bin/uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
       --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

lock: .venv/bin/python ## Lock the libraries again; ARGS=--upgrade takes the newest
	@test -e build/uv || $(PYTHON) -m venv build/uv
	@build/uv/bin/python -m pip --disable-pip-version-check -qq install uv
	@$(LOCK) --extra test $(ARGS) --output-file requirements/test.txt
	@$(LOCK) --constraint requirements/test.txt --upgrade --output-file requirements/run.txt
	@$(MAKE) --no-print-directory .venv/test
	@$(BIN)/python tools/third_party.py

clean: ## Remove what the set-up and the tests made
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis $(MAP)
