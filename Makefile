# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SYSTEM := $(VENV)/.installed-system

.PHONY: demo test test-system long-tests bench bytes faults promises pictures pictures-check screens check format wheel clean help
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(SYSTEM): $(STAMP)
	tests/system/install-packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,web,system]'
	touch $@

demo: $(STAMP)  ## the console on a sample site with a local Clickatell
	$(BIN)/commsdesk demo

# More workers than cores: much of the time is waiting for processes, locks and screens.
test: $(STAMP)  ## the tests, on two cores
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-system: $(SYSTEM)  ## the tests with a real sshd, a browser, JupyterLab and systemd (installs Debian's packages)
	COMMSDESK_SYSTEM_TESTS=1 $(BIN)/python -m pytest -n 2 tests/system

bench: $(STAMP)  ## messages a second, queued and sent end to end, beside their floor
	$(BIN)/python -m tests.benchmarks.bench_throughput

bytes: $(SYSTEM)  ## what the console costs over SSH, step by step (root, installs Debian's packages)
	$(BIN)/python -m tests.benchmarks.bench_bytes

pictures: $(STAMP)  ## docs/pictures from the sample site; VIEWS="handler send-message" for some
	$(BIN)/python -m tests.tui.pictures $(VIEWS)

pictures-check: $(STAMP)  ## names what docs/pictures shows as it was
	$(BIN)/python -m tests.tui.pictures --check $(VIEWS)

screens: $(STAMP)  ## keeps the screens as text that the tests compare; VIEWS="handler" for some
	$(BIN)/python -m tests.tui.keep_screens $(VIEWS)

faults: $(STAMP)  ## 300 rounds of faults against real processes: nothing lost, nothing doubled
	$(BIN)/python -m tests.faults.harness --rounds 300

long-tests: $(STAMP)  ## what `make test` leaves out: real leases and minutes, whole sweeps, thousands of examples
	COMMSDESK_HYPOTHESIS=full $(BIN)/python -m pytest -n 2 --dist worksteal -m long --timeout 3600

promises: $(STAMP)  ## takes out each line that keeps a promise, and wants a test to fail
	$(BIN)/python -m tests.faults.promises

check: $(STAMP)  ## ruff, mypy and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## put the code in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(STAMP)  ## dist/commsdesk-*.whl
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check -c constraints.txt --no-deps -w dist .

clean:  ## take the environment and build products away
	rm -rf $(VENV) dist build
