# make demo needs python3 (3.11 to 3.13) and nothing else; see `make help`.

ARGS ?=
KILLS ?= 60
SEED ?= 1
PYTEST_ARGS ?=
BIN := .venv/bin
DEV := alerting,dashboard,learner,server,serve,kafka,s3,excel,onnx,ray,setfit,dev
CODE := schemas services labelloop tests $(wildcard benchmarks docs examples deploy)
TESTS := $(wildcard $(addprefix tests/,e2e browser integration contract unit))

export PYTHON
ifeq ($(CI),true)
export LABELLOOP_REQUIRE := 1
endif

.DEFAULT_GOAL := help
.PHONY: help bench demo up secrets test test-all test-newest soak lint format lock setup dev clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  KILLS=… SEED=… of make soak: how many kills (60), and at which moments (1)"
	@echo "  ARGS=…         options for labelloop, as in: make demo ARGS='--batches 5'"
	@echo "  PYTHON=…       a Python 3.11 to 3.13, if python3 is another"
	@echo "  UV_TORCH_BACKEND=…  which build of torch: auto (by this machine's GPU), cpu, cu130 …"

demo: setup ## label the bundled questions with simulated annotators, from start to model
	@$(BIN)/labelloop demo $(ARGS)

up: setup ## start Argilla and the loop for people; ARGS='--dataset mail.csv --labels spam,ham'
	@$(BIN)/labelloop up $(ARGS)

secrets: ## write the passwords and keys for docker compose into .env; see docs/deploy.md
	@scripts/secrets.sh

test: CELLS := -m 'not all_cells'
test: ## check style and types, then run the tests
test-all: CELLS := --hypothesis-profile all-cells
test-all: ## the same, with every cell of the tests' matrices and many examples of properties
# Each of the hundreds of processes that the tests start would compile our modules anew.
test test-all: export PYTHONDONTWRITEBYTECODE :=
test test-all: lint
	@scripts/chromium.sh
	@scripts/kafka.sh
	@$(BIN)/python -m tests.support.kafka_archive
	@scripts/compose.sh
	@scripts/caddy.sh
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(CELLS) $(TESTS) $(PYTEST_ARGS)

test-newest: dev ## run the tests of events and of the fold with the newest pydantic 2
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target build/newest --upgrade 'pydantic>=2.9,<3'
	PYTHONPATH=build/newest $(BIN)/python -c 'import pydantic; print("pydantic", pydantic.VERSION)'
	PYTHONPATH=build/newest $(BIN)/pytest --hypothesis-profile all-cells tests/unit/schemas tests/unit/loop \
		tests/unit/runtime/test_state_cache.py tests/unit/runtime/test_saved_state.py $(PYTEST_ARGS)

soak: dev ## kill all services and Kafka again and again, and compare with a run left alone
	@scripts/kafka.sh
	LABELLOOP_SOAK_KILLS=$(KILLS) LABELLOOP_SOAK_SEED=$(SEED) \
		$(BIN)/pytest tests/e2e/test_kills.py -k 'kafka' -s $(PYTEST_ARGS)

bench: ## how many labels a model needs, beside other tools; ARGS=--quick, ARGS='--data FOLDER'
	@scripts/setup.sh $(DEV),bench
	$(BIN)/python -m benchmarks.labels $(ARGS)

lint: dev ## check style and types
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

format: dev ## put the code into its style
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

lock: dev ## choose the versions in requirements.txt again; ARGS=--upgrade takes the newest
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--no-emit-index-url --custom-compile-command 'make lock' --quiet --output-file requirements.txt $(ARGS)

setup: ## make .venv with what labelloop needs
	@scripts/setup.sh alerting,dashboard,learner,server,serve,kafka,excel

dev: ## the same with what its tests need
	@scripts/setup.sh $(DEV)

clean: ## remove .venv and caches, and nothing that people labelled
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
