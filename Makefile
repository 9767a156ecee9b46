# One target per thing a person does here; `make` alone lists them.
# VENV may point at another virtual environment; PYTEST_ARGS is handed on to pytest.

VENV ?= .venv
PYTEST_ARGS ?=
SEEDS ?= 100
FIRST ?= 1
HOURS ?= 10
KINDS ?=
STEP ?= 1
EVENTS ?= 1000000
REF ?= HEAD
FILES ?=

PY := $(VENV)/bin/python
UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.12 \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help setup demo test check static coverage simulate crashes soak mutate bench compare peers docs golden lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with the locked requirements and the package; a second call does nothing
	@VENV=$(VENV) scripts/setup.sh

demo: setup ## Watch the bot trade a synthetic market for a minute; no account, no network
	@$(PY) scripts/demo.py

test: setup ## Run every test, in parallel and in random order
	@$(PY) -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

check: static coverage ## Run every check: format, lint, types, layers, tests with coverage floors

static: setup ## Run the checks that only read: format, lint, types, layers, the core's rules
	@scripts/static.sh $(VENV)/bin

# The tests once more, interpreted, so that coverage sees inside the kernel; then the few
# that need the compiled one. Together they are the whole suite.
coverage: setup ## Run the tests uncompiled and hold the coverage floors
	@rm -f .coverage .coverage.*
	@NUMBA_DISABLE_JIT=1 $(PY) -m pytest -n auto --dist worksteal -m "not compiled" \
		--cov --cov-report= $(PYTEST_ARGS)
	@$(PY) -m pytest -n auto --dist worksteal -m compiled --cov --cov-append --cov-report= \
		$(PYTEST_ARGS) || [ $$? -eq 5 ]
	@$(PY) -m coverage json --quiet
	@$(PY) scripts/check_coverage.py .coverage.json

simulate: setup ## Simulate SEEDS=100 worlds of HOURS=10 from FIRST=1, with everything going wrong
	@$(PY) -m tests.simulation --seeds $(SEEDS) --first $(FIRST) --hours $(HOURS) \
		$(if $(KINDS),--kinds $(KINDS))

crashes: setup ## Kill and fail one session at each of its points (STEP=1), and start it again
	@$(PY) -m tests.simulation --crash-points $(STEP)

soak: setup ## Run one session over EVENTS=1000000 events, and measure
	@$(PY) scripts/soak.py --events $(EVENTS)

mutate: setup ## Change one thing at a time in FILES, and list what no test notices
	@$(PY) scripts/mutate.py $(FILES)

bench: setup ## Measure speed, as ratios within one run
	@$(PY) scripts/bench.py

compare: setup ## Compare this tree's speed with revision REF=HEAD's, alternating
	@$(PY) scripts/compare.py $(REF)

peers: setup ## Install other backtesters into .venv-bench, for make bench to measure too
	@$(PY) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check -q install --no-deps \
		--require-hashes --requirement requirements/bench.txt

docs: setup ## Regenerate the generated pages of docs/
	@$(PY) scripts/gen_docs.py

golden: setup ## Pin the golden runs anew, after a change that is meant to change results
	@$(PY) scripts/golden.py

lock: setup ## Pin the requirements of pyproject.toml anew (UPGRADE=1: newest versions)
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/lock.txt
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/lock.txt --extra dev \
		pyproject.toml -o requirements/dev.txt
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) requirements/bench.in -o requirements/bench.txt
	@echo "lock: requirements/lock.txt, dev.txt and bench.txt are pinned"

clean: ## Remove what the targets above made, .venv included
	@rm -rf .venv build dist .coverage .coverage.* .hypothesis .pytest_cache .mypy_cache \
		.ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
