# Every target is one line round a `dipeval` or `pytest` call, so that a machine without make can do the same.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install report test lint slow browser spark prove bench docs picture notebook lock clean

help:
	@echo "make report    set up, run the example evaluations, say where the reports are"
	@echo "make test      set up, run the tests"
	@echo "make lint      ruff, mypy, import contracts"
	@echo "make slow      simulations and the long checks        make browser   the reports in Chromium"
	@echo "make spark     the event work on Spark (needs Java 17; installs pyspark)"
	@echo "make prove     the simulation claims in full, into docs/evidence/"
	@echo "make bench     time and memory of the linkage beside Splink alone, of a cohort beside SQL by hand, and of"
	@echo "               designs and survival analyses beside R and Python packages; of a quarterly report, as ratios"
	@echo "make notebook  open the notebooks in Jupyter           make lock      renew requirements.lock"
	@echo "make docs      renew the pages and data that are made from the package"
	@echo "make clean     remove the environment and the reports"

install: $(STAMP)

$(STAMP): requirements.lock setup.cfg pyproject.toml
	@echo "Setting up the environment in $(VENV) (a few minutes the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit("dipeval needs Python 3.11 or later; found " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

report: $(STAMP)
	@$(BIN)/dipeval demo reports

test: $(STAMP)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow and not browser and not spark"

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

slow: $(STAMP)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m slow

browser: $(STAMP)
	@$(BIN)/python -m pytest -q -m browser

# pyspark is no part of requirements.lock: it is 470 MB, and most who run dipeval never need it.
spark: $(STAMP)
	@$(BIN)/python -m pip install --quiet --requirement requirements-spark.txt
	@$(BIN)/python -m pytest -q -m spark

prove: $(STAMP)
	@$(BIN)/python -m tests.simulation.prove

bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks.run && $(BIN)/python -m tests.benchmarks.cohort && $(BIN)/python -m tests.benchmarks.matching && $(BIN)/python -m tests.benchmarks.survival && $(BIN)/python -m tests.benchmarks.quarterly

docs: $(STAMP)
	@$(BIN)/python docs/make_pages.py

picture: $(STAMP)
	@$(BIN)/python docs/make_picture.py

notebook: $(STAMP)
	@$(BIN)/python -m pip install --quiet --constraint requirements.lock "jupyterlab>=4"
	@$(BIN)/jupyter lab notebooks

lock: $(STAMP)
	@$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --extra report --extra test --extra dev --output-file requirements.lock setup.cfg && sed -i '/^pip==/d; /^#/d; /^$$/d' requirements.lock

clean:
	@rm -rf $(VENV) .venv-bench reports/[!R]* build dist *.egg-info
