# Watchkeeper. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MARK := .make
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
WORKERS ?= 2

.PHONY: help run test check fix bench docs assets lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@$(PYTHON) -c "import re; [print(f'  make {n:8} {t}') for n, t in re.findall(r'^([a-z]+):.*?## (.*)', open('Makefile').read(), re.M)]"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Watchkeeper needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(MARK)/run: requirements/run.txt | $(BIN)/python
	@echo "Installing what Watchkeeper needs (once)"
	@$(PIP) -r requirements/run.txt
	@mkdir -p $(MARK) && touch $@

$(MARK)/dev: requirements/dev.txt | $(BIN)/python
	@echo "Installing what development needs (once)"
	@$(PIP) -r requirements/dev.txt
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@mkdir -p $(MARK) && touch $@ $(MARK)/run

run: $(MARK)/run ## Start Watchkeeper with the sample organisation (ARGS="--port 8400")
	@PYTHONPATH=src $(BIN)/python -m watchkeeper up --sample $(ARGS)

test: $(MARK)/dev ## Run all tests, on SQLite and on PostgreSQL
	@sh tests/run.sh $(WORKERS)

check: $(MARK)/dev ## Format, lint, types, contracts, migrations, locks, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --lint --quiet src
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check
	$(BIN)/python tests/check_locks.py
	$(BIN)/python tests/check_migrations.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

fix: $(MARK)/dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/generate.py

$(MARK)/peers: requirements/peers.txt
	@echo "Installing what the benchmarks are laid beside (once)"
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/peers.txt
	@mkdir -p $(MARK) && touch $@

bench: $(MARK)/dev $(MARK)/peers ## Run the benchmarks beside their peers and print ratios
	$(BIN)/python -m bench

docs: $(MARK)/dev ## Build the documentation into site/
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict

assets: ## Build the vendored browser assets (needs Node; users do not)
	cd frontend && npm ci && npm run build

lock: $(MARK)/dev ## Renew the hashed requirement files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet requirements/peers.in -o requirements/peers.txt

clean: ## Remove the environment and what was built
	rm -rf $(VENV) .venv-peers $(MARK) site dist
