# Binnacle's commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
SCALE ?= 0.1
# Two at a time on two cores; 0 is one after the other, as a debugger wants it.
TEST_PROCESSES ?= 2
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Every service is a process of its own: compiled at each start, they would start ten times slower.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1
# Behind a company's proxy only the machine knows whom to trust; pip asks it, uv and npm bring lists of their own.
SYSTEM_CERTS := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(SYSTEM_CERTS),)
export UV_SYSTEM_CERTS ?= true
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CERTS)
endif

PY_STAMP := .venv/.installed
CONVERT := services/collector/convert
OTLP := $(CONVERT)/otlp
NPM_FOLDERS := dashboard clients/typescript
NPM_STAMPS := $(NPM_FOLDERS:%=%/node_modules/.installed)
WEB_SOURCES := $(shell find dashboard clients/typescript/src gen/typescript gen/openapi.json \( -name node_modules -o -name dist -o -name '.?*' \
	-o -name '*.tsbuildinfo' -o -name '*.test.ts' \) -prune -o -type f -print 2>/dev/null)
# Two makes at once must not write one environment.
ONE_AT_A_TIME := $(if $(shell command -v flock),flock .setup.lock)

.PHONY: help run test test-long bench screenshots setup gen gen-check gen-fresh web lint format lock clean chromium

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: setup gen-fresh web ## set up what is missing and run the whole suite with demo input (ARGS="--port 9000")
	@exec $(BIN)/binnacle up --demo $(ARGS)

test: setup gen-fresh web chromium ## set up what is missing and run every test (browser tests too)
	@BINNACLE_TEST_SCALE=$(SCALE) $(BIN)/pytest --numprocesses=$(TEST_PROCESSES) --dist=loadfile $(if $(NAME),-k "$(NAME)") $(ARGS)

test-long: ## the same tests at full figures (NAME="kill or noise")
	@$(MAKE) test SCALE=1.0 ARGS="--timeout=1800 $(ARGS)"

bench: setup gen-fresh web ## benchmarks beside their rivals, one JSON object a line (NAME="alerting e2e edge intake live query rest web")
	@exec $(BIN)/python -m bench $(NAME)

screenshots: setup gen-fresh web chromium ## pictures for the docs
	@exec $(BIN)/python -m tools.screenshots $(ARGS)

setup: $(PY_STAMP) $(OTLP)/number_points.so $(CONVERT)/event_block.so $(NPM_STAMPS) ## make the environments (Python in .venv, npm in dashboard and clients/typescript)
	@:

$(PY_STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Binnacle needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -1 || true)."; \
		echo "Install one (Debian: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3.12"; exit 1; } >&2
	@echo "Fetching Python packages into .venv (once; a minute or two)" >&2
	@test -x $(BIN)/pip || $(ONE_AT_A_TIME) $(PYTHON) -m venv .venv || { \
		echo "Cannot make a virtual environment. On Debian: apt-get install python3-venv"; rm -rf .venv; exit 1; } >&2
	@$(ONE_AT_A_TIME) bash -euo pipefail -c '\
		uv=$$(grep -om1 "^uv==[^ ;]*" requirements.lock); \
		test "uv $${uv#uv==}" = "$$($(BIN)/uv --version 2>/dev/null | cut -d" " -f1,2)" || { \
			awk "/^[a-z]/ {on = /^uv==/} on" requirements.lock > .venv/uv.txt; \
			$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt; }; \
		export VIRTUAL_ENV="$$PWD/.venv"; \
		$(BIN)/uv pip sync --quiet --require-hashes requirements.lock; \
		$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .; \
		touch $@'

# Made aside and moved, since a running collector may hold the former one.
$(OTLP)/number_points.so $(CONVERT)/event_block.so: %.so: %.c $(CONVERT)/wire.h
	@$(ONE_AT_A_TIME) bash -euo pipefail -c '\
		if command -v $(CC) >/dev/null && $(CC) -O2 -fPIC -shared -fvisibility=hidden -o $@.new $< -lm; then mv $@.new $@; \
		else echo "No C compiler: OTLP metrics and events will be read in Python, at a tenth of the speed (Debian: apt-get install gcc)." >&2; fi'

$(NPM_STAMPS): %/node_modules/.installed: %/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a * 100 + b < 2019 ? 1 : 0)' 2>/dev/null || { \
		echo "Binnacle's web app and TypeScript client need Node 20.19 or newer; 'node' is $$(node --version 2>&1 || true)."; \
		echo "Install it (https://nodejs.org, or your distribution's nodejs and npm) and put it first in PATH."; exit 1; } >&2
	@echo "Fetching npm packages into $*/node_modules (once)" >&2
	@$(ONE_AT_A_TIME) bash -euo pipefail -c 'cd $* && npm ci --no-audit --no-fund --loglevel=error >/dev/null && touch node_modules/.installed'

gen: setup ## regenerate gen/ from proto/, and what is made from both: docs/reference.md, the cluster's Envoy configuration
	@$(BIN)/python -m tools.generate
	@$(BIN)/python -m tools.reference
	@$(BIN)/python -m tools.render_edge

gen-check: setup ## fail if gen/ is not what proto/ makes
	@$(BIN)/python -m tools.generate --check

gen-fresh: setup
	@$(BIN)/python -m tools.generate --if-stale

web: setup dashboard/dist/index.html ## build the web app
	@:

dashboard/dist/index.html: $(WEB_SOURCES) | setup gen-fresh
	@echo "Building the web app" >&2
	@cd dashboard && npm run --silent build -- --logLevel warn && touch dist/index.html

lint: setup ## types, style, imports, protos, sizes
	@$(BIN)/pytest -q tests/architecture

format: setup ## rewrite sources into house form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(BIN)/python -m tools.copy_protos && $(BIN)/buf format -w proto

lock: ## renew requirements.lock and its part for the images (those of the web app and the TypeScript client are npm's)
	@test -x $(BIN)/uv || $(MAKE) setup
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes -c requirements.lock \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet -o requirements-runtime.lock

chromium:
	@command -v chromium >/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else as=no; fi; \
		if [ "$$as" = no ] || ! command -v apt-get >/dev/null; then \
			echo "Browser tests will be skipped: no chromium, and no way to install it (apt-get as root)." >&2; \
		else \
			{ $$as apt-get -qq update && $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
				chromium; } >/dev/null || echo "Browser tests will be skipped: apt-get could not install chromium." >&2; \
		fi; }

clean: ## remove everything that was made (environments, builds, caches); gen/ stays
	@rm -rf .venv $(NPM_FOLDERS:%=%/node_modules) $(NPM_FOLDERS:%=%/dist) third_party .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .setup.lock
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
