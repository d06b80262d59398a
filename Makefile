# Everything a person types. `make` alone says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench chaos images services locks clean

PY ?= python3
MINUTES ?= 1
SEED ?=
SLOWEST := --durations 15 --durations-min 10
VENV := .venv
UV := .make/uv/bin/uv
BIN := $(VENV)/bin

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Services run as users of their own and read our code: also after a clone under umask 077. The
# checkout's own folder stays as closed as it is.
setup: $(VENV)/.ready ## the environment, from the hashed locks
	@$(BIN)/python -m compileall -q $(MEMBERS)
	@chmod -R go+rX $(MEMBERS) examples 2>/dev/null || true

demo: setup ## the whole system on this machine, with a demo course and platform; Ctrl-C ends it
	@$(BIN)/python -m nbh_cli demo

# What starts labs runs after the rest, and one after the other: two at once do not leave each other
# the CPU that a click needs.
test: setup ## every test
	@$(BIN)/python -m nbh_cli host prepare --for-tests
	@$(BIN)/python -m pytest -m "not podman" -n logical $(SLOWEST); one=$$?; \
	$(BIN)/python -m pytest -m podman $(SLOWEST) && exit $$one

bench: setup ## the figures, each beside its floor; writes bench.json
	@$(BIN)/python -m nbh_cli host prepare --for-tests
	@$(BIN)/python -m tests.bench

chaos: setup ## everything is killed while a class works; MINUTES=30, SEED=… repeats one
	@$(BIN)/python -m nbh_cli host prepare --for-tests
	@$(BIN)/python -m tests.chaos "$(MINUTES)" "$(SEED)"
	@NBH_TIMES=5 $(BIN)/python -m pytest -q tests/stats/test_exactly_once.py

images: setup ## what students run in
	@$(BIN)/python -m nbh_cli images

services: setup ## the images of our services, for compose.yaml
	@$(BIN)/python -m nbh_cli images --services

lint: setup ## ruff, mypy, locks, the extension's types, each service alone with its own dependencies
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@scripts/check-locks
	@$(BIN)/python scripts/make-statistics-docs --check
	@scripts/check-extension check
	@scripts/check-alone

locks: $(UV) ## write the locks anew
	@scripts/make-locks

clean: ## what was made here; students' files are elsewhere
	rm -rf $(VENV) .make .mypy_cache .ruff_cache .pytest_cache bench.json

MEMBERS := proto kit cli services/router services/provisioner services/courses services/builder services/reaper services/stats
ONLY_TESTED_WITH := pandas|numpy|pyarrow|playwright|mypy|mypyc|hypothesis|_pytest|hatchling|pygments

# uv itself comes from a hashed lock too. Where python3 has no ensurepip (Debian splits it off),
# scripts/get-uv says which package is missing, or installs it when it may.
$(UV): locks/uv.txt scripts/get-uv
	@PY=$(PY) scripts/get-uv .make/uv

# Whatever the umask, the users that services run as must be able to read the environment. What runs
# is compiled here: those users may not write beside it, and a start takes half as long (measured).
$(VENV)/.ready: $(UV) locks/dev.txt $(addsuffix /pyproject.toml,$(MEMBERS))
	@umask 022; $(UV) venv --quiet --allow-existing --python "$$(PY=$(PY) scripts/get-uv --python)" $(VENV)
	@umask 022; $(UV) pip sync --quiet --python $(BIN)/python --require-hashes locks/dev.txt
	@umask 022; $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix --editable ./,$(MEMBERS))
	@umask 022; $(BIN)/python -m compileall -q -j 0 -x '/($(ONLY_TESTED_WITH))/' $(VENV)/lib || true
	@touch $@
