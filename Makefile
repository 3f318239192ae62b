# Each target prepares .venv when it must and then runs one command.
#   make lab      JupyterLab on the course           (ARGS=--no-browser prints the address)
#   make grade    grade a sample class of chapter 0  (CLASS=folder grades the hand-ins in folder/submitted)
#   make test     the whole test suite               (ARGS="-k check" picks tests)
#   make browser  every chapter of both published editions in Chromium; pictures go to build/screenshots/
#   make release  regenerate release/ from source/
#   make bench    compare the grading engine with stock nbgrader
#   make system   Debian packages that the browser and PostgreSQL tests need (as root)

PYTHON ?= python3
CHAPTER ?= ch00_reward_modeling
CLASS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# nbgrader looks for alembic on PATH. One thread for each process: two torch processes with the default
# number of threads wait for each other and run many times slower.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export OMP_NUM_THREADS := 1

.PHONY: lab grade test browser release bench lint lock system clean

lab: $(READY)
	python -m utils.lab $(ARGS)

grade: $(READY)
	python -m autograder $(if $(CLASS),grade $(CHAPTER) --class-folder $(CLASS),sample-class $(CHAPTER)) $(ARGS)

test: $(READY)
	python -m pytest $(ARGS)

browser: $(READY)
	python -m pytest -n 0 -m browser tests/browser $(ARGS)

release: $(READY)
	python -m autograder release $(ARGS)

bench: $(READY)
	python -m autograder.engine.bench $(ARGS)

lint: $(READY)
	python -m autograder lint $(ARGS)

# torch goes first and alone, and nothing after it may ask for another. PyPI's build for Linux brings four gigabytes for
# graphics cards; this index has one without. Where the index cannot be reached pip says so and goes on.
CPU_BUILDS := --retries 2 --extra-index-url https://download.pytorch.org/whl/cpu
$(READY): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed; PYTHON=/path/to/python3.11 picks one")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(CPU_BUILDS) torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[staff,cluster,postgres,dev]'
	$(BIN)/python -m utils.lab --configure
	touch $(READY)

lock: $(READY)
	python -m autograder lock

# Programs that some tests drive and pip does not have; without them those tests are skipped, and say so.
system:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium chromium-driver postgresql bubblewrap fonts-dejavu-core >/dev/null

clean:
	rm -rf sample_class build
