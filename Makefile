# Two commands do all set-up on a fresh machine: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-output

.PHONY: demo test proofs coq lint format bench mutation clean

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/ready-bench: requirements-bench.lock $(VENV)/ready
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.lock
	touch $@

$(VENV)/ready-mutation: requirements-mutation.lock $(VENV)/ready
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-mutation.lock
	touch $@

# Solve shipped games, have the certificates checked, evaluate, decide, sweep, learn, report.
demo: $(VENV)/ready
	mkdir -p $(DEMO)
	$(BIN)/exactqse games list
	$(BIN)/exactqse show conitzer-sandholm-2006
	$(BIN)/exactqse games export conitzer-sandholm-2006 --out $(DEMO)/commitment.json
	$(BIN)/exactqse solve $(DEMO)/commitment.json --digits 50 --out $(DEMO)/commitment.cert.json
	$(BIN)/exactqse check $(DEMO)/commitment.json $(DEMO)/commitment.cert.json
	$(BIN)/exactqse evaluate $(DEMO)/commitment.json uniform
	$(BIN)/exactqse decide $(DEMO)/commitment.json --at-least 2.5
	$(BIN)/exactqse sweep conitzer-sandholm-2006 --from 0.1 --to 100 --log --out $(DEMO)/sweep.json --picture $(DEMO)/sweep.pdf
	$(BIN)/exactqse sensitivities conitzer-sandholm-2006
	$(BIN)/exactqse claims run C2 C3 C12 --mutants --out $(DEMO)/claims.json --picture $(DEMO)/claims.pdf
	$(BIN)/exactqse games export patrol-4 --out $(DEMO)/patrol.json
	$(BIN)/exactqse solve $(DEMO)/patrol.json --digits 30 --out $(DEMO)/patrol.cert.json
	$(BIN)/exactqse check $(DEMO)/patrol.json $(DEMO)/patrol.cert.json
	$(BIN)/exactqse learn $(DEMO)/commitment.json --learner mle-ovi-practical,omle,explore-then-commit,uniform --episodes 3000 --seeds 3 --noise bernoulli --picture $(DEMO)/regret.pdf
	$(BIN)/exactqse learn-offline $(DEMO)/commitment.json --learner mle-pvi-0.2,pmle,plug-in --behaviour random --seeds 5 --noise bernoulli --picture $(DEMO)/suboptimality.pdf

# Format, lint, types, import contracts, doctests, tests: the whole of what CI runs.
test: lint
	$(BIN)/python -m pytest -n 2 tests README.md exactqse/*/README.md proofs

# Compile the Coq theories, and compare what every theorem assumes with proofs/coq/axioms.txt. After
# that `make test` also has Coq judge emitted files and certificates; without it, it says what it left out.
proofs: coq
	$(MAKE) -C proofs/coq -j2 check

# Coq, from the system's packages where that is allowed; the rest of exactqse does without.
coq:
	@command -v coqc > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq coq > /dev/null; } \
	  || { echo "make proofs needs Coq 8.16 or newer: apt-get install coq (as root), or see coq.inria.fr" >&2; exit 1; }

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready-bench
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/run.py  # process time counts every thread

# Change the kernel in every way that mutmut knows, one at a time, and see which its tests notice.
# What is left of an earlier run is used again where neither a function nor the configuration changed.
mutation: $(VENV)/ready-mutation
	ulimit -v 8000000 && nice $(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results --all true | $(BIN)/python tests/kernel/survivors.py

clean:
	$(MAKE) -C proofs/coq clean
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
