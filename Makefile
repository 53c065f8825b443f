# `make demo` and `make test` need only Python 3.11 or newer, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
SAM := .venv-sam/bin/sam
GROUPS := dev emulator sam contract runtime create-group request-sync read-roster assign-content sync-api sync-sftp ingest-zip plan-sync upsert-entities close-runs delete-group export-roster start-auto-syncs send-notices call-webhook decide-claims

# The target of a build. AWS runs python3.13 on arm64; the local stack builds for this
# interpreter and machine: `make build TARGET_PYTHON=3.11 TARGET_ARCH=x86_64`.
TARGET_PYTHON ?= 3.13
TARGET_ARCH ?= arm64
# The oldest C library that all wheels support; Lambda's Amazon Linux 2023 has a newer one.
TARGET_PLATFORM ?= manylinux_2_28
BUILD_DIR ?= .aws-sam/build
# How many processes run the unit tests; 0 runs them one by one, in one process.
WORKERS ?= auto
# A file stays in one process, because it sets things up once. Files run in the order of their names,
# which starts the longest first: the random histories, and end to end the clock and the bundles.
SIDE_BY_SIDE = --dist loadfile --no-loadscope-reorder
export TARGET_PYTHON TARGET_ARCH TARGET_PLATFORM
export SAM_CLI_TELEMETRY := 0
# uv trusts the system's certificates, as pip does: a school's proxy may inspect downloads.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help demo test test-unit test-e2e contract nightly check format build smoke up down deploy lock \
	clean setup

help: ## Show all targets
	@awk -F':.*## ' '/^[a-z0-9%-]+:.*## /{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## Sync a sample district into an emulated AWS account
	@$(BIN)/python -m local.demo

test: setup ## Run all tests: unit first, then end to end on the emulator
	$(BIN)/python -m pytest -q -n $(WORKERS) $(SIDE_BY_SIDE) -m "not e2e" tests
	@$(MAKE) --no-print-directory test-e2e

test-unit: .venv/.dev ## Run only the fast tests (WORKERS)
	$(BIN)/python -m pytest -q -n $(WORKERS) $(SIDE_BY_SIDE) -m "not e2e" tests

# Two stacks in parallel: much of the time is spent waiting for leases and queues.
test-e2e: setup smoke ## Run only the end-to-end tests
	$(BIN)/python -m pytest -q -m e2e -n 2 $(SIDE_BY_SIDE) tests/e2e

contract: setup ## Check the stack of `make up` against its OpenAPI document (EXAMPLES)
	@$(BIN)/python -m local.contract $(if $(EXAMPLES),--examples $(EXAMPLES))

nightly: setup ## Run the slower tests: random histories, a thousand Auto groups, nights of districts
	HOMEROOM_STEPS=10000 $(BIN)/python -m pytest -q tests/property
	HOMEROOM_MANY=1000 $(BIN)/python -m pytest -q tests/e2e/test_auto.py
	$(BIN)/python -m benchmarks.nights --check docs/nights.md --workers 2
	$(BIN)/python -m benchmarks.mistakes --check docs/nights.md --workers 2

check: .venv/.dev .venv-sam/.done ## Check format, lint, layers, types and template
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml monitoring.yaml
	$(SAM) validate --lint --region eu-central-1

format: .venv/.dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

up: setup ## Start the local stack with the current code (KEEP=1, PORT, BIND)
	@$(BIN)/python -m local.up $(if $(KEEP),--keep) $(if $(PORT),--port $(PORT)) \
	  $(if $(BIND),--bind $(BIND))

down: .venv/.dev ## Stop the local stack
	@$(BIN)/python -m local.down

build: .venv/.dev .venv-sam/.done ## Build the functions (TARGET_PYTHON, TARGET_ARCH, ONLY)
	@$(BIN)/python -m tools.target_python $(TARGET_PYTHON)
	@$(SAM) build $(ONLY) --build-in-source --parallel --build-dir $(BUILD_DIR) --parameter-overrides \
	  Runtime=python$(TARGET_PYTHON) Architecture=$(TARGET_ARCH)

smoke: setup ## Import each built function in a bare interpreter
	$(BIN)/python -m tools.smoke

deploy: build ## Deploy to AWS (asks for what it needs)
	$(SAM) deploy --guided --capabilities CAPABILITY_IAM --template-file $(BUILD_DIR)/template.yaml

invoke-%: .venv/.dev ## Run one function of the local stack on its event (EVENT)
	@$(BIN)/python -m local.invoke $* $(EVENT)

sam-invoke-%: .venv/.dev .venv-sam/.done ## The same in a container; needs Docker (EVENT, TARGET_PYTHON)
	@$(BIN)/python -m local.sam_invoke $* $(EVENT) --python $(TARGET_PYTHON)

lock: .venv/.uv ## Resolve the dependencies again
	@for group in $(GROUPS); do \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --upgrade --group pyproject.toml:$$group -o requirements/$$group.txt; \
	  echo requirements/$$group.txt; \
	done

clean: ## Remove everything that was built or installed
	rm -rf .venv .venv-emulator .venv-sam .venv-contract .python .aws-sam .local .pytest_cache .mypy_cache .ruff_cache

setup: .venv/.dev .venv-emulator/.done .venv-sam/.done .venv-contract/.done .local/.wheels

# Each stamp file contains what was installed, so touching a file installs nothing again. uv first
# tries without the network, because its cache may have everything.
INSTALL = $(UV) pip install -q --require-hashes
install = $(INSTALL) --offline --python $(1) -r $(2) 2> /dev/null || $(INSTALL) --python $(1) -r $(2)

.venv/.uv: requirements/uv.txt
	@command -v $(PYTHON) > /dev/null || { \
	  echo "There is no $(PYTHON) on the PATH. Name a Python 3.11 or newer: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) tools/check_python.py $(PYTHON) $(MAKECMDGOALS)
	@echo "Preparing .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.dev: .venv/.uv requirements/dev.txt
	@cmp -s requirements/dev.txt $@ || { echo "Installing the development tools"; \
	  $(call install,$(BIN)/python,requirements/dev.txt); }
	@cp requirements/dev.txt $@

# The emulator and the SAM CLI pin their dependencies exactly, so each has its own environment.
.venv-%/.done: .venv/.uv requirements/%.txt
	@cmp -s requirements/$*.txt $@ || { echo "Installing the $*"; \
	  $(UV) venv -q --clear --python $(BIN)/python .venv-$*; \
	  $(call install,.venv-$*/bin/python,requirements/$*.txt); }
	@cp requirements/$*.txt $@

# So that later builds of functions need no registry.
.local/.wheels: .venv/.dev tools/dependencies.py $(wildcard requirements/*.txt)
	@echo "Installing what the functions depend on"
	@$(BIN)/python -m tools.dependencies
	@touch $@

# Called by `sam build` for each function, with ARTIFACTS_DIR set.
build-%:
	@$(BIN)/python -m tools.build_function $* "$(ARTIFACTS_DIR)" --platform "$(TARGET_PLATFORM)" \
	  --python-version "$(TARGET_PYTHON)" --architecture "$(TARGET_ARCH)"
