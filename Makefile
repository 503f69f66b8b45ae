# The chores of the house, one word each. PYTHON= names the interpreter that makes the environment.

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
# As pip does for what it installs: an environment that forbids writing bytecode would compile all of it at every start.
COMPILE := $(BIN)/python -m compileall -q plugin integrations

export PYTHON

.PHONY: install dev run test test-postgresql check lint types contracts format bench bench-peers performance faults faults-long train lock clean
.DEFAULT_GOAL := install

install: $(VENV)/.installed
	@:

dev: $(VENV)/.dev
	@:

# Ctrl-C reaches make, this shell and amends alike: the trap lets amends end in its own time, and no error is reported.
run: install
	@trap : INT; \
	if [ -e amends.yaml ]; then $(BIN)/amends run; else $(BIN)/amends demo; fi || [ $$? -eq 130 ]

test: dev
	@sh .ci/dovecot
	@sh .ci/cyrus
	@sh .ci/chromium
	@sh .ci/postgresql
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

# Every store in PostgreSQL; `make test` tries on both what is about stores, and the rest in files.
test-postgresql:
	@$(MAKE) --no-print-directory test ARGS='--store=postgresql $(ARGS)'

check: lint types contracts
	@$(MAKE) --no-print-directory test

lint: dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: dev
	@$(BIN)/mypy

contracts: dev
	@$(BIN)/lint-imports

format: dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

# FULL=1 takes the sizes of the goals where a smaller one is the rule; ONLY=G4,G15 a few rows; DATA= is as for train.
BENCH = FLOOR='$(FLOOR)' $(BIN)/python -m bench $(if $(FULL),--full) $(if $(ONLY),--only '$(ONLY)') \
	$(if $(DATA),--data '$(DATA)')

bench: dev
	@sh .ci/dovecot
	@sh .ci/postgresql
	@$(COMPILE)
	@$(BENCH)

# The same, with the rows of django-helpdesk and imapautofiler, each in an environment of its own.
bench-peers: dev $(PEERS)/django-helpdesk/.installed $(PEERS)/imapautofiler/.installed
	@sh .ci/dovecot
	@sh .ci/postgresql
	@$(COMPILE)
	@$(BENCH) --peers $(PEERS)

# All of it, and what docs/performance.md shows of it; FULL=1 goes on to a million cases. A goal that is missed ends
# nothing here: it stands in the table with its reason.
performance: dev $(PEERS)/django-helpdesk/.installed $(PEERS)/imapautofiler/.installed
	@sh .ci/dovecot
	@sh .ci/postgresql
	@$(COMPILE)
	@$(BENCH) --peers $(PEERS) || [ $$? -eq 1 ]
	@$(BIN)/python -m bench.sizes $(if $(FULL),--full)
	@$(BIN)/python docs/chart.py
	@$(BIN)/python -m bench.page

# The table of faults, printed and written into docs/faults.md; the long sweeps take half an hour of a quiet machine.
faults: dev
	@sh .ci/dovecot
	@sh .ci/cyrus
	@sh .ci/postgresql
	@$(BIN)/python -m tests.faults.table

faults-long: dev
	@sh .ci/dovecot
	@sh .ci/cyrus
	@sh .ci/postgresql
	@$(BIN)/python -m tests.faults.table long

# DATA= names the folder of the texts and mails; the same data gives the same bytes.
train: $(VENV)/.train
	@$(BIN)/python -m training '$(DATA)'

# ARGS=--upgrade moves every pin to the newest release; without it, only what setup.cfg or the .in files changed.
lock: dev
	@$(PIP) install --quiet uv
	@$(LOCK) $(ARGS) setup.cfg requirements.in --output-file requirements.txt
	@$(LOCK) $(ARGS) requirements-dev.in --output-file requirements-dev.txt
	@$(LOCK) $(ARGS) requirements-train.in --output-file requirements-train.txt
	@$(LOCK) $(ARGS) bench/peers/django-helpdesk.in --output-file bench/peers/django-helpdesk.txt
	@$(LOCK) $(ARGS) bench/peers/imapautofiler.in --output-file bench/peers/imapautofiler.txt

clean:
	rm -rf $(VENV) $(PEERS) .cyrus build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: as long as they are newer than what they depend on, there is nothing to install. The warning that is
# ignored says that an editable install follows the folders, which is what it is for.
$(BIN)/pip:
	@sh .ci/venv $(VENV)

$(VENV)/.installed: requirements.txt setup.cfg pyproject.toml | $(BIN)/pip
	@echo "Installing Amends and the libraries it stands on into $(VENV); the first time this takes a minute."
	@$(PIP) install --quiet --require-hashes -r requirements.txt
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.train
	@echo "Installing what the checks and tests need into $(VENV)."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.train: requirements-train.txt $(VENV)/.installed
	@echo "Installing what fitting the judge needs into $(VENV)."
	@$(PIP) install --quiet --require-hashes -r requirements-train.txt
	@touch $@

$(PEERS)/%/.installed: bench/peers/%.txt
	@echo "Installing $* into $(@D)."
	@sh .ci/venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r $<
	@touch $@
