# The words of this repository. Each installs what it needs first.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
BIN := .venv/bin
PY := $(BIN)/python
CODE := manage.py optout_project optout teambox broadcaster connectors

# Tests start hundreds of processes, each of which would compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

# A stamp carries the sum of the lock it stands for: a changed lock installs again.
sum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
RUN := .venv/.run-$(call sum,requirements.txt)
DEV := .venv/.dev-$(call sum,requirements.txt requirements-dev.txt)

# Checks have a data folder of their own and never see the one of `make run`.
CHECK := OPTOUT_DATA=.cache/checks DATABASE_URL= REDIS_URL=
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url

# The long run's seed, and the half of its minutes that one engine gets.
soak: export FAULTS_SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
soak: export FAULTS_MINUTES := $(shell awk 'BEGIN { print $(or $(MINUTES),10) / 2 }')

.PHONY: help run test lint types browser soak mutants bench lock schema clean

help:
	@echo "make run      start the product on http://127.0.0.1:8000 (PORT=… for another)"
	@echo "make test     all tests, on SQLite and on PostgreSQL"
	@echo "make browser  the tests that drive a browser"
	@echo "make soak     the fault tests over and over: SEED=… (else a random one) and"
	@echo "              MINUTES=… (else 10), shared equally by engines and tests; a"
	@echo "              round that has begun is finished"
	@echo "make mutants  break each mechanism once: a test has to turn red (ARGS: names)"
	@echo "make bench    speed against raw limits and rivals (ARGS=\"--scale 0.1\": smaller)"
	@echo "make lint     style, templates, contracts, migrations, API schema"
	@echo "make types    mypy --strict"
	@echo "make lock     write the requirements' locks anew (ARGS=--upgrade: newer versions)"
	@echo "make schema   write docs/openapi.yaml anew"
	@echo "make clean    remove .venv and caches; the data folder stays"

run: $(RUN)
	@$(PY) manage.py start

# Three at a time on two cores: the fault tests wait more than they work.
test: $(DEV)
	$(PY) -m pytest --engine sqlite -n 3 --dist worksteal
	$(PY) -m pytest --engine postgresql -n 3 --dist worksteal -m "not browser"

bench: $(DEV)
	$(PY) -m bench $(ARGS)

browser: $(DEV)
	$(PY) -m pytest --engine sqlite -m browser

soak: $(DEV)
	@echo "Seed $(FAULTS_SEED): make soak SEED=$(FAULTS_SEED) begins with it again."
	$(PY) -m pytest --engine sqlite -m soak
	$(PY) -m pytest --engine postgresql -m soak

mutants: $(DEV)
	$(PY) -m tests.faults.mutants $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --check --quiet templates
	$(BIN)/lint-imports
	$(CHECK) $(PY) manage.py makemigrations --check --dry-run
	@if [ -f docs/openapi.yaml ]; then \
		$(CHECK) $(PY) manage.py spectacular --validate --fail-on-warn \
			--file .cache/openapi.yaml \
		&& diff -u docs/openapi.yaml .cache/openapi.yaml \
		|| { echo "The API differs from docs/openapi.yaml: make schema"; exit 1; }; \
	fi

types: $(DEV)
	$(CHECK) $(BIN)/mypy $(CODE)

lock: $(DEV)
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

schema: $(DEV)
	$(CHECK) $(PY) manage.py spectacular --validate --fail-on-warn \
		--file docs/openapi.yaml

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and no python3 \
	here is that new. Name one: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Python 3.11 or newer is needed; $(PYTHON) is older." >&2; exit 1; }
	@echo "Making .venv …"
	@$(PYTHON) -m venv .venv

$(RUN): | $(PY)
	@echo "Installing what the product needs …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements.txt
	@rm -f .venv/.run-* && touch $@

$(DEV): $(RUN)
	@echo "Installing what tests and linters need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt
	@rm -f .venv/.dev-* && touch $@
