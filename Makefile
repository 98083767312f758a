# make report: everything, from a fresh clone to reports/index.html. make test: the same, then every test.
.PHONY: help report test lab env checks lock clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STRIPPED := cell.metadata.papermill cell.metadata.execution metadata.papermill metadata.language_info
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& command -v $$p && break; done)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

report: $(READY)  ## run the notebooks on data/raw and write reports/
	$(BIN)/evidence run

test: $(READY)  ## every test: package, notebooks, pages in a browser
	$(BIN)/python -m pytest

lab: $(READY)  ## JupyterLab in the project
	$(BIN)/jupyter lab --notebook-dir=. notebooks/01_ingestion.ipynb

env: $(READY)  ## the environment alone, from the lock file

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11, 3.12 or 3.13 was found; install one, or: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV) && \
		uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock && \
		uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e . ; \
	else \
		"$(PYTHON)" -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@$(BIN)/python -m compileall -q src/helpers  # also where Python is told to keep no compiled modules
	@if git rev-parse --git-dir >/dev/null 2>&1; then \
		git config filter.notebook.clean "if [ -x $(BIN)/nbstripout ]; then $(BIN)/nbstripout --keep-id --keep-count --extra-keys '$(STRIPPED)'; else cat; fi" && \
		git config filter.notebook.smudge cat && git config filter.notebook.required false; \
	fi
	@touch $@

checks: $(READY)  ## run the notebooks in place; keep only the outputs that the tests compare
	for notebook in notebooks/0*.ipynb; do \
		$(BIN)/jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace $$notebook && \
		$(BIN)/nbstripout --keep-id --keep-count --extra-keys "$(STRIPPED)" $$notebook || exit 1; \
	done

lock:  ## make requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade -o requirements.lock
	@sed -i '1i # The exact environment of `make report` and `make test`, Python 3.11 to 3.13, every platform. Made by `make lock`; do not edit.' requirements.lock

clean:  ## delete the environment and everything made from data/raw but the reports
	rm -rf $(VENV) .evidence data/processed
