# make report: everything, from a fresh clone to reports/index.html. make test: the same, then the tests.
.PHONY: help report test test-all lab env env-dev lint checks lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
STRIPPED := cell.metadata.papermill cell.metadata.execution metadata.papermill metadata.language_info
SIDE_BY_SIDE := -n auto --dist loadfile --no-loadscope-reorder
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& command -v $$p && break; done)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

report: env  ## run the notebooks on data/raw and write reports/
	$(BIN)/evidence run

test: env-dev  ## the tests: package, notebooks, pages in a browser
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-all: env-dev  ## the same, and the slow ones
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m ''

lint: env-dev  ## ruff, types, the import rule, dead code, declared packages
	$(BIN)/python -m pytest -q -m '' tests/test_architecture.py tests/test_repository.py

# JupyterLab refuses root unless asked; it listens to this machine alone and wants its token all the same.
# Where Linux has no display there is no browser to open: the address is printed.
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)
NO_DISPLAY = $(if $(filter Linux,$(shell uname)),$(if $(DISPLAY)$(WAYLAND_DISPLAY),,--no-browser))

lab: env  ## JupyterLab in the project; what ARGS holds is passed on: make lab ARGS="--port 8899"
	$(BIN)/jupyter lab --notebook-dir=. $(AS_ROOT) $(NO_DISPLAY) $(ARGS) notebooks/01_ingestion.ipynb

env: $(VENV)/.package  ## the environment of the report and of JupyterLab, from requirements.lock

env-dev: $(VENV)/.dev  ## the same, and what tests and benchmarks need, from requirements-dev.lock

$(VENV)/.locked: requirements.lock
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11, 3.12 or 3.13 was found; install one, or: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.package: $(VENV)/.locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src  # also where Python is told to keep no compiled modules
	@if git rev-parse --git-dir >/dev/null 2>&1; then \
		git config filter.notebook.clean "if [ -x $(BIN)/nbstripout ]; then $(BIN)/nbstripout --keep-id --keep-count --extra-keys '$(STRIPPED)'; else cat; fi" && \
		git config filter.notebook.smudge cat && git config filter.notebook.required false; \
	fi
	@touch $@

$(VENV)/.dev: $(VENV)/.package requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-dev.lock
	@touch $@

checks: env  ## run the notebooks in place; keep only the outputs that the tests compare
	for notebook in notebooks/0*.ipynb; do \
		$(BIN)/jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace $$notebook && \
		$(BIN)/nbstripout --keep-id --keep-count --extra-keys "$(STRIPPED)" $$notebook || exit 1; \
	done

# The only place where a tool beside pip is needed: pip resolves for the Python that runs it, uv for all of them at once.
# All Pythons get the versions that the oldest of them can have: one set, the same bytes everywhere.
LOCK := $(VENV)/lock
COMPILE = $(LOCK)/bin/uv pip compile pyproject.toml --quiet --no-header --no-annotate --no-emit-index-url \
	--no-strip-extras --python-version 3.11 --extra build
EVERYWHERE := --universal --fork-strategy fewest --generate-hashes --constraint $(LOCK)/oldest.txt
DEV := --extra dev --extra cluster

lock:  ## make both lock files anew from pyproject.toml
	"$(PYTHON)" -m venv --clear $(LOCK) && $(LOCK)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(DEV) -o $(LOCK)/oldest.txt
	$(COMPILE) $(EVERYWHERE) -o $(LOCK)/report.txt
	$(COMPILE) $(EVERYWHERE) $(DEV) -o $(LOCK)/dev.txt \
		$$(sed -nE 's/^([a-z0-9._-]+).*==.*/--no-emit-package \1/p' $(LOCK)/report.txt)
	@(echo '# What `make report` and `make lab` need: Python 3.11 to 3.13, every platform. Made by `make lock`; do not edit.'; \
		cat $(LOCK)/report.txt) > requirements.lock
	@(echo '# What tests, benchmarks and a cluster need besides requirements.lock. Made by `make lock`; do not edit.'; \
		cat $(LOCK)/dev.txt) > requirements-dev.lock

clean:  ## delete the environment and everything made from data/raw but the reports
	rm -rf $(VENV) .evidence data/processed
