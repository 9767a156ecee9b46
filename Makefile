# One target per thing a person does here; `make` alone lists them.
# VENV may point at another virtual environment; PYTEST_ARGS is handed on to pytest.

VENV ?= .venv
PYTEST_ARGS ?=
SEEDS ?= $(if $(CRON),1,100)
FIRST ?= 1
HOURS ?= $(or $(CRON),10)
CRON ?=
KINDS ?=
TIMES ?= 10
KEPT ?=
PAGE ?=
ONLY ?=
STEP ?= 1
MINUTES ?= 6
EVENTS ?= 1000000
REF ?= HEAD
FILES ?=

PY := $(VENV)/bin/python
# Two more than there are cores: some wait for a process or a second of real time.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
PARALLEL := -n $(WORKERS) --dist worksteal
# What reaches every branch of the code that decides, sends and writes: interpreted, since coverage
# cannot see into compiled code; and whole sessions, which are too slow for that.
INTERPRETED := tests/kernel tests/risk tests/engine tests/broker tests/journal tests/runtime \
	tests/golden/test_runs.py tests/golden/test_journals.py
SESSIONS := tests/e2e/test_live.py tests/e2e/test_odd_rows.py tests/cli/journal
UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.12 \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

# Compiled once, not at each start of a worker or a command; `make clean` removes it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check static coverage proofs latency simulate crashes power soak mutate bench compare peers docs notebooks golden lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with the locked requirements and the package; a second call does nothing
	@VENV=$(VENV) scripts/setup.sh

demo: setup ## Watch the bot trade a synthetic market for a minute; no account, no network
	@$(PY) scripts/demo.py

test: setup ## Run every test, in parallel and in random order
	@$(PY) -m pytest $(PARALLEL) $(PYTEST_ARGS)

check: static test coverage ## Run every check: format, lint, types, layers, tests, coverage floors

static: setup ## Run the checks that only read: format, lint, types, layers, the core's rules
	@scripts/static.sh $(VENV)/bin

coverage: setup ## Hold the coverage floors of the code that decides, sends and writes
	@rm -f .coverage .coverage.*
	@NUMBA_DISABLE_JIT=1 $(PY) -m pytest $(PARALLEL) -m "not compiled" --cov --cov-report= \
		$(INTERPRETED)
	@$(PY) -m pytest $(PARALLEL) --cov --cov-append --cov-report= $(SESSIONS)
	@$(PY) -m coverage json --quiet
	@$(PY) scripts/check_coverage.py .coverage.json

proofs: setup ## Try every property on TIMES=10 times as many examples as make test does
	@PROOFS=$(TIMES) $(PY) -m pytest $(PARALLEL) -m hypothesis $(PYTEST_ARGS)

simulate: setup ## Simulate SEEDS=100 worlds of HOURS=10 from FIRST=1 (CRON=24: by one-shot cycles)
	@$(PY) -m tests.simulation --seeds $(SEEDS) --first $(FIRST) --hours $(HOURS) \
		$(if $(CRON),--cron) $(if $(KINDS),--kinds $(KINDS)) $(if $(KEPT),--kept $(KEPT)) \
		$(if $(PAGE),--page $(PAGE))

crashes: setup ## Kill and fail one session at each of its points (STEP=1), and start it again
	@$(PY) -m tests.simulation --crash-points $(STEP)

power: setup ## Measure both error rates of the verdict, SEEDS=100 of each world (ONLY=noise: some)
	@OPENBLAS_NUM_THREADS=1 $(PY) -m tests.power --seeds $(SEEDS) --first $(FIRST) --only "$(ONLY)"

latency: setup ## Measure from ten closes to the last departure in real time, MINUTES=6
	@$(PY) -m scripts.latency --minutes $(MINUTES)

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

docs: setup ## Regenerate the generated pages of docs/ and the types of indicators
	@$(PY) scripts/gen_docs.py

notebooks: setup ## Run the notebooks of docs/, and keep what their cells show
	@$(PY) -m scripts.notebooks

golden: setup ## Pin the golden runs anew, after a change that is meant to change results
	@$(PY) scripts/golden.py

lock: setup ## Pin the requirements of pyproject.toml anew (UPGRADE=1: newest versions)
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/lock.txt
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/lock.txt --extra dev \
		pyproject.toml -o requirements/dev.txt
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) requirements/bench.in -o requirements/bench.txt
	@echo "lock: requirements/lock.txt, dev.txt and bench.txt are pinned"

floors: setup ## Run every command on the oldest requirements that pyproject.toml allows
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@UV=$(abspath $(VENV))/bin/uv PYTHON=$(abspath $(PY)) scripts/floors.sh

clean: ## Remove what the targets above made, .venv included
	@rm -rf .venv build dist .coverage .coverage.* .hypothesis .pytest_cache .mypy_cache \
		.ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
