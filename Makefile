# make install | demo | test | lint | docs    (each of the others installs first) | page

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test lint fix docs page paper-smoke

help:
	@echo "make install   make .venv with everything the demo and the tests need"
	@echo "make demo      the whole loop on a CPU, ends with demo/report.html"
	@echo "make test      lint, types and tests"
	@echo "make lint      lint and types only"
	@echo "make paper-smoke   the paper's experiments in the smallest size, ends with paper/smoke.md"
	@echo "make fix       format the code and mend what can be mended"
	@echo "make docs      write docs/cli.md and the tree in README.md again"
	@echo "make page      build the pages of the labelling room; needs Node 20.19 or newer"

install: $(INSTALLED)

# Made again only when what is to be installed has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Surefoot needs Python 3.11 or newer: make install PYTHON=python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,hub]'
	@touch $@

demo: install
	$(BIN)/surefoot demo --out demo --overwrite

# Two at a time, with one thread each: two threads that wait for each other are slower than one.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fix: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: install
	$(BIN)/python docs/make_docs.py

EXPERIMENTS := figure3 figure4 active-learning table1 scoring calibration

paper-smoke: install
	for name in $(EXPERIMENTS); do OMP_NUM_THREADS=1 $(BIN)/surefoot paper $$name --scale smoke --lab paper/smoke-lab --overwrite || exit 1; done
	$(BIN)/surefoot paper results $(EXPERIMENTS:%=paper/%-smoke) --out paper/smoke.md --overwrite

# Only who changes page/ needs this: the built files are part of the package.
page: page/node_modules/.package-lock.json
	cd page && npm run build

page/node_modules/.package-lock.json: page/package.json page/package-lock.json
	cd page && npm ci
	@touch $@
