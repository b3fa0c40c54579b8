# `make` without a target lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

STACK ?= dev
PYTHON ?= python3
BIN := .venv/bin
SANDBOX := $(BIN)/python -m sandbox
IN_SANDBOX := $(SANDBOX) exec --stack $(STACK) --
REQUIREMENTS := $(sort $(wildcard requirements*.txt))
# The environment is made anew when a pin changes, whatever git did to the files' times.
VENV := .venv/$(shell cat $(REQUIREMENTS) | sha256sum | cut -c1-16).installed

.PHONY: help venv up preview policy check routing connections drain picture report verify down test lint types unit bench e2e docs format

help: ## List the targets
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

$(VENV): $(REQUIREMENTS)
	@rm -rf .venv/*.installed
	@$(PYTHON) -m venv .venv
	@(while sleep 10; do echo "python: installing packages into .venv ... $$SECONDS s"; done) & trap "kill $$!" EXIT; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

venv: $(VENV) ## Make .venv only

up: $(VENV) ## Bring up the dev stack, with an engine and a cluster if there are none, and verify it
	@$(SANDBOX) unattended --stack $(STACK)
	@$(SANDBOX) up --stack $(STACK)
	@$(IN_SANDBOX) pulumi stack select --create $(STACK)
	@$(IN_SANDBOX) $(BIN)/python -m tools.recover --stack $(STACK)
	@$(IN_SANDBOX) pulumi up --yes --skip-preview --stack $(STACK)
	@$(IN_SANDBOX) $(BIN)/python -m tools.verify --stack $(STACK)
	@echo 'look around:  eval "$$($(SANDBOX) env)"  and then  kubectl get pods --all-namespaces  or  pulumi stack output'

preview: $(VENV) ## Show what `up` would do: make preview STACK=dev
	@$(SANDBOX) up --preview --stack $(STACK)
	@$(SANDBOX) exec --preview --stack $(STACK) -- pulumi stack select --create $(STACK)
	@PULUMI_SKIP_CHECKPOINTS=true $(SANDBOX) exec --preview --stack $(STACK) -- pulumi preview --stack $(STACK) $(POLICY)

policy: POLICY := --policy-pack policy --policy-pack-config $(firstword $(wildcard policy/config.$(STACK).json) policy/config.json)
policy: preview ## The same, held to the rules of policy/: make policy STACK=prod

check: $(VENV) ## Say what the checks find in a stack file, without engine and cluster: make check STACK=dev
	@$(BIN)/python -m tools.check --stack $(STACK)

routing: $(VENV) ## Say which pool takes which task, and what each scales on: make routing STACK=prod
	@$(BIN)/python -m tools.routing --stack $(STACK)

connections: $(VENV) ## Add up who connects to Postgres and Redis, beside what they take: make connections STACK=prod
	@$(BIN)/python -m tools.connections --stack $(STACK)

drain: $(VENV) ## Say which events each pool's longest task survives: make drain STACK=prod
	@$(BIN)/python -m tools.drain --stack $(STACK)

picture: $(VENV) ## Draw a stack as configured, an SVG and a page to search in: make picture STACK=prod
	@$(BIN)/python -m tools.picture --stack $(STACK)

report: $(VENV) ## Say what a change would do to data, tasks and permissions: make report STACK=prod
	@$(SANDBOX) up --preview --stack $(STACK) >&2
	@$(SANDBOX) exec --preview --stack $(STACK) -- pulumi stack select --create $(STACK) >&2
	@$(SANDBOX) exec --preview --stack $(STACK) -- $(BIN)/python -m tools.report --stack $(STACK) $(REPORT)

verify: $(VENV) ## Check a deployed stack against its configuration: make verify STACK=dev
	@$(IN_SANDBOX) $(BIN)/python -m tools.verify --stack $(STACK)

down: $(VENV) ## Destroy the dev stack and stop the sandbox
	@$(SANDBOX) unattended --stack $(STACK)
	@if [ -e .sandbox/engine.json ] && $(IN_SANDBOX) pulumi stack export --stack $(STACK) 2> /dev/null | grep urn: > /dev/null; then \
	  $(SANDBOX) up --stack $(STACK) && \
	  $(IN_SANDBOX) $(BIN)/python -m tools.recover --stack $(STACK) && \
	  $(IN_SANDBOX) pulumi destroy --yes --skip-preview --stack $(STACK); fi
	@$(SANDBOX) down

test: lint types unit e2e ## Everything: lint, types, unit tests, and end-to-end tests in a sandbox of their own

lint: $(VENV) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV) ## Check types, strictly in the product
	@$(BIN)/pyright --warnings

unit: $(VENV) ## The quick loop: no engine, no cluster
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal --ignore=tests/e2e

bench: $(VENV) ## What components, start-up, a fleet's life and scale queries cost; ratios of one run
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.life $(BENCH)
	@$(BIN)/python -m tests.bench.startup
	@$(BIN)/python -m tests.bench.coverage
	@$(BIN)/python -m tests.bench.queries

e2e: $(VENV) ## The real engine against a real API server
	@$(SANDBOX) build
	@$(BIN)/python -m pytest -v tests/e2e

docs: $(VENV) ## Make the pages, the schema and the picture that follow from the models
	@$(BIN)/python -m tools.docs > docs/configuration.md
	@$(BIN)/python -m tools.schema > docs/stack.schema.json
	@$(BIN)/python -m tools.picture --stack dev > /dev/null
	@mkdir -p docs/images && cp .pictures/dev.svg docs/images/dev.svg

format: $(VENV) ## Put the code into its format
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
