# make test       every test
# make check      the fast tests, for an answer in two minutes
# All set-up is done on the way; PYTHON=… names another interpreter.
SHELL := /bin/bash
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
# nbgrader calls alembic by its name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: test check

# What is installed leaves a stamp, so that a second start goes on at once.
.venv/ready-%: pyproject.toml constraints.txt tools/install.py
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed. Install it (Debian, Ubuntu: apt install python3.11 python3.11-venv)" >&2; exit 1; }
	@$(PYTHON) tools/install.py $(subst +, ,$*)
	@touch $@

check: .venv/ready-lab+course+test
	@ruff check .
	@ruff format --check .
	@mypy
	@pytest tests/model

test: check
