# make lab        open the lab in JupyterLab (PORT=8888)
# make page       serve the lab as a page without code (PORT=8888 THEME=dark READERS=20 WARM=2 IDLE=60 LEFT=5; see docs/readers.md)
# make site       build the lab as a site that needs no server (SITE=dist/site RUNTIME=folder)
# make hub        a whole course on this server, with JupyterHub (STATE=/srv/mlwf-hub STUDENTS="ada bob" INSTRUCTOR=… EXCHANGE=ngshare PORT=… CERT=… KEY=… DOMAIN=…)
# make hub-remove take that course away again, with its users; asks first
# make test       every test
# make test-hub   the tests of make hub alone
# make test-hostile   the whole hostile corpus from each door, of which make test tries a part at two (most of an hour)
# make check      the fast tests, for an answer in two minutes
# make assignment make release/ from source/
# make bench-kernel   how long each instrument takes, without a browser (under a minute)
# make bench-feedback feedback pages for a class, beside nbgrader's (some minutes)
# make bench-grade    mlwf grade beside nbgrader autograde (a few minutes)
# make bench-binder   how long Binder's steps and a cold start take (some minutes)
# make bench-readers  what readers of the page wait for, and what they cost in memory (some minutes)
# make bench-students how much memory a student takes (some minutes)
# make bench      the lab in a real browser beside other ways to build it (a quarter of an hour)
# All set-up is done on the way; PYTHON=… names another interpreter.
SHELL := /bin/bash
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
# nbgrader calls alembic by its name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: lab page hub hub-remove test test-hostile test-hub check assignment bench bench-feedback bench-grade bench-kernel bench-binder bench-readers site bench-students

lab: .venv/ready-lab+course
	@$(BIN)/python tools/lab.py

page: .venv/ready-lab+page
	@$(BIN)/python tools/page.py

site: .venv-site/ready
	@.venv-site/bin/python tools/static_site.py

# An environment of its own: JupyterLab would load, in vain, what is for a browser alone.
.venv-site/ready: pyproject.toml constraints.txt tools/install.py
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed. Install it (Debian, Ubuntu: apt install python3.11 python3.11-venv)" >&2; exit 1; }
	@$(PYTHON) tools/install.py --into .venv-site lab site
	@touch $@

# Has an environment of its own, which its users can read.
hub hub-remove:
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed. Install it (Debian, Ubuntu: apt install python3.11 python3.11-venv)" >&2; exit 1; }
	@$(PYTHON) tools/hub.py $(if $(filter hub,$@),start,remove)

# What is installed leaves a stamp, so that a second start goes on at once.
.venv/ready-%: pyproject.toml constraints.txt tools/install.py
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed. Install it (Debian, Ubuntu: apt install python3.11 python3.11-venv)" >&2; exit 1; }
	@$(PYTHON) tools/install.py $(subst +, ,$*)
	@touch $@

check: .venv/ready-lab+course+page+test
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports
	@python tools/debian.py bubblewrap
	@pytest -n logical -m "not browser and not course and not thorough and not hub"

test: check .venv-site/ready
	@python tools/debian.py chromium postgresql
	@pytest --nbval --nbval-current-env notebooks source
	@pytest -n logical --dist loadfile --durations=15 --durations-min=5 -m "(course or thorough) and not browser and not hub"
	@pytest --durations=15 --durations-min=5 -m "browser or hub"

test-hub: .venv/ready-lab+course+page+test
	@python tools/debian.py chromium bubblewrap
	@pytest -m hub

test-hostile: .venv/ready-lab+course+page+test
	@python tools/debian.py chromium bubblewrap
	@HOSTILE=whole pytest tests/grading/test_hostile.py tests/browser/test_formgrader.py

# Made elsewhere and then put in place, so that a mistake in the source leaves release/ as it was.
assignment: .venv/ready-lab+course
	@work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	{ nbgrader generate_assignment constraint_tax --log-level=WARN \
	    --CourseDirectory.release_directory="$$work/release" 2> "$$work/log" || \
	  { sed -n '/ERROR/{s/.*ERROR[]|] *//p;q}' "$$work/log" >&2; \
	    echo "assignment: the source can't be released; release/ is as it was" >&2; exit 1; }; } && \
	mkdir -p release && rm -rf release/constraint_tax && mv "$$work/release/constraint_tax" release/ && \
	echo "assignment: release/ and the gradebook follow source/. After an edit, make check tells whether it can be marked."

bench-kernel: .venv/ready-lab
	@$(BIN)/python -m benchmarks.kernel

bench-feedback: .venv/ready-lab+course
	@$(BIN)/python -m benchmarks.feedback

bench-grade: .venv/ready-lab+course
	@python tools/debian.py bubblewrap
	@$(BIN)/python -m benchmarks.grade

bench-binder: .venv/ready-lab+course+page+test
	@python tools/debian.py chromium
	@$(BIN)/python -m benchmarks.binder

bench-readers: .venv/ready-lab+course+page+bench
	@python tools/debian.py chromium
	@$(BIN)/python -m benchmarks.readers

bench-students: .venv/ready-lab+course
	@$(BIN)/python -m benchmarks.students

bench: .venv/ready-lab+course+page+bench
	@python tools/debian.py chromium
	@$(BIN)/python -m benchmarks.browser
