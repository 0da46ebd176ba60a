# Works with GNU Make 3.81, which macOS has. The first PYTHON that is new enough creates VENV.
VENV ?= .venv
PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3
PY = $(VENV)/bin/python
PYTEST = $(PY) -m pytest
BENCH = benchmarks/.venv
# `make bench` compares with this commit.
BEFORE = a0f27e1
# Each process keeps the order of the tests, so few modules start their server twice.
BY_TWO = -n 2 --dist worksteal
RACES = tests/sessions_api/test_races.py tests/sessions_api/ratelimit/test_stores.py tests/accounts/login/test_lockout_races.py \
	tests/accounts/mail/test_races.py
MUTANTS = .venv/mutants
GENERATORS = .venv/clients

# `make check` checks the code with these settings, not with those of this machine. It stores nothing.
ALONE = env -i PATH="$$PATH" DOTENV=/dev/null DATABASE_URL=sqlite://:memory: SECRET_KEY=only-to-check
IN_PRODUCTION = $(ALONE) PUBLIC_URL=https://auth.example.org FRONTEND_URL=https://app.example.org \
	DATABASE_URL=postgres://latchkey@db.example.org/latchkey?sslmode=verify-full OAUTH_HANDOVER=code SESSION_IDLE_DAYS=30 \
	EMAIL_URL=smtp+tls://mail.example.org:587 DEFAULT_FROM_EMAIL=accounts@example.org TRUSTED_PROXY_COUNT=1 ADMIN_ENABLED=false \
	SECRET_KEY=0123456789-abcdefghijklmnopqrstuvwxyz-only-to-check-the-settings
OPENAPI = $(ALONE) $(PY) manage.py export_openapi_schema --api config.api.api --indent 2
CLIENT = $(PY) -m tests.npm clients/typescript

export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Some machines set it. Then each of the hundreds of processes that the tests start would compile the code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL = help
.PHONY: help run test check fuzz pages clients load odd-databases timing flood races bench mutants audit asvs openapi client lock format clean venv installed installed-dev installed-bench installed-before installed-peers installed-others installed-clients installed-mutants

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: installed .env ## Start the service on this machine, on PORT (8000)
	@exec $(PY) -m config.devserver

test: installed-dev ## Run all tests on PostgreSQL and on SQLite, or only on DATABASE_URL; ARGS go to pytest
	@$(PYTEST) $(BY_TWO) $(ARGS)
	@test -n "$$DATABASE_URL" || { $(ON_SQLITE); }

check: installed-dev ## Check style, types, migrations, production settings, docs/openapi.json, clients/typescript and the module of accounts/pages
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(ALONE) $(PY) -m mypy
	@$(ALONE) $(PY) manage.py makemigrations --check
	@$(IN_PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	@$(OPENAPI) | cmp -s - docs/openapi.json || { echo "docs/openapi.json is outdated. Run: make openapi" >&2; exit 1; }
	@$(PY) -m openapi_spec_validator docs/openapi.json
	@$(PY) -m tests.npm tests/clients/tools lint
	@$(CLIENT) check

fuzz: installed-dev ## Search for inputs that break the API's description, for longer than the tests do
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(PYTEST) -n 0 -m fuzz tests/config/test_fuzz.py $(ARGS)

load: installed-dev ## Send requests on 200 connections for a minute, then purge a million sessions beside logins
	@$(PY) -m tests.load $(ARGS)
	@$(PY) -m tests.purge

pages: installed-dev ## Open each page and mail in Chromium, and keep pictures of them in screenshots/
	@ALL_PAGES=1 $(PYTEST) -n 0 tests/accounts/pages tests/config/test_browser.py tests/accounts/social/test_browser.py tests/accounts/mail/test_look.py $(ARGS)

clients: installed-dev ## Make clients of docs/openapi.json with each generator, and use them
	@$(MAKE) -s installed-clients VENV=$(GENERATORS)
	@ALL_CLIENTS=1 $(PYTEST) $(BY_TWO) tests/clients $(ARGS)

odd-databases: installed-dev ## Try each default that a PostgreSQL database may have, one by one
	@ODD_DATABASES=1 $(PYTEST) $(BY_TWO) tests/config/test_odd_databases.py $(ARGS)

timing: installed-dev ## Measure whether answer times reveal accounts or the state of the mail server
	@$(PY) -m tests.timing $(ARGS)

flood: ## Measure how a flood of logins slows session checks, beside commit a0f27e1
	@$(MAKE) -s installed-bench VENV=$(BENCH)
	@$(MAKE) -s installed-before
	@$(BENCH)/bin/python -m benchmarks.flood $(ARGS)

races: installed-dev ## Repeat the races for limits and sessions a hundred times instead of two
	@RACE_ROUNDS=$${RACE_ROUNDS:-100} $(PYTEST) -n 0 -q $(RACES) $(ARGS)

bench: ## Measure Latchkey beside its commit a0f27e1 and other systems; ARGS=growth, workers or replica measures that; --quick writes no page
	@command -v wrk >/dev/null || { echo "make bench needs wrk. On Debian: apt install wrk" >&2; exit 1; }
	@$(MAKE) -s installed-bench VENV=$(BENCH)
	@$(if $(filter growth workers replica,$(ARGS)),,$(MAKE) -s installed-others)
	@$(BENCH)/bin/python -m benchmarks $(ARGS)

mutants: ## Plant small bugs in critical modules, and list those that no test notices; ARGS=sessions, limits, login, tokens or social
	@$(MAKE) -s installed-mutants VENV=$(MUTANTS)
	@$(MUTANTS)/bin/python -m tests.mutation $(ARGS)

audit: installed-dev ## Look for locked packages with known vulnerabilities or overdue updates; needs the network
	@$(PY) -m pip_audit -r requirements.txt --disable-pip --strict --progress-spinner off $(ARGS)
	@overdue=$$($(PY) -m uv pip list -q -p $(PY) --outdated --exclude-newer "90 days" $(NO_UPDATE)) && \
	{ test -z "$$overdue" || { echo "Newer versions are older than 90 days:"; echo "$$overdue"; exit 1; }; } >&2

asvs: installed-dev ## Count the requirements of OWASP ASVS 5.0 that have a test
	@$(PY) -m tests.asvs

openapi: installed-dev ## Write docs/openapi.json, and the types of clients/typescript
	@$(OPENAPI) > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json
	@$(CLIENT) types

client: installed-dev ## Build clients/typescript: dist/latchkey.js is the client in one file; and the module of accounts/pages
	@$(CLIENT) build
	@$(CLIENT) pages

lock: installed-dev ## Write all requirements*.txt; ARGS=--upgrade takes the newest versions
	@$(COMPILE) pyproject.toml -o requirements.txt $(ARGS)
	@$(COMPILE) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt $(ARGS)
	@$(COMPILE) benchmarks/requirements.in -o benchmarks/requirements.txt $(ARGS)
	@$(COMPILE) benchmarks/peers/requirements.in -o benchmarks/peers/requirements.txt $(ARGS)
	@$(COMPILE) tests/clients/generators/requirements.in -c requirements-dev.txt -o tests/clients/generators/requirements.txt $(ARGS)
	@$(COMPILE) tests/mutation/requirements.in -c requirements-dev.txt -o tests/mutation/requirements.txt $(ARGS)

format: installed-dev ## Format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

clean: ## Remove the files of these commands, but neither .env nor the database
	@rm -rf .venv $(BENCH) benchmarks/results clients/typescript/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis schemathesis-report screenshots
	@find . \( -name node_modules -o -name .nuxt -o -name .output \) -type d -prune -exec rm -rf {} +
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Quiet unless it fails, so the output ends with one summary. Exit code 5: ARGS chose only tests of PostgreSQL.
ON_SQLITE = echo "The same on SQLite:" && folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	{ DATABASE_URL="sqlite:///$$folder/test.sqlite3" $(PYTEST) $(BY_TWO) -qq -m "not postgres and not once" $(ARGS) || test $$? = 5; } && \
	echo "All tests pass on SQLite too."

# Django stays on its release with long-term support, and pip and setuptools came with the virtual environment.
NO_UPDATE = --exclude django --exclude pip --exclude setuptools

COMPILE = $(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate

venv:
	@$(PY) -c 'import pip' 2>/dev/null || { \
	for python in $(PYTHON); do \
		"$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Creating $(VENV) with $$("$$python" -V)"; \
		"$$python" -m venv --clear "$(VENV)"; exit; \
	done; \
	echo "Latchkey needs Python 3.11 or newer with its venv module (on Debian: apt install python3-venv). Tried: $(PYTHON)" >&2; \
	exit 1; }

# After an installation, VENV keeps a copy of the list. The next start only compares the two.
install = cmp -s $(1) $(VENV)/$(notdir $(1)) || { echo "Installing $(1); this takes about a minute" && \
	$(PY) -m pip install -qq --require-hashes -r $(1) && cp $(1) $(VENV)/$(notdir $(1)); }

installed: venv
	@$(call install,requirements.txt)

installed-dev: venv
	@$(call install,requirements-dev.txt)

installed-bench: venv
	@$(call install,benchmarks/requirements.txt)

# The commit's own Makefile installs what it had locked.
installed-before:
	@test -f $(BENCH)/$(BEFORE)/Makefile || { \
	git cat-file -e "$(BEFORE)^{commit}" 2>/dev/null || { \
		echo "make bench compares with commit $(BEFORE), which this copy of the repository lacks. A shallow clone gets it by: git fetch --unshallow" >&2; exit 1; }; \
	mkdir -p $(BENCH)/$(BEFORE) && git archive $(BEFORE) | tar -x -C $(BENCH)/$(BEFORE); }
	@$(MAKE) -s -C $(BENCH)/$(BEFORE) installed VENV=.venv PYTHON=$(abspath $(BENCH))/bin/python

installed-peers: venv
	@$(call install,benchmarks/peers/requirements.txt)

NODE_PEER = benchmarks/peers/better_auth

installed-others: installed-before
	@command -v npm >/dev/null && PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { \
	echo "make bench needs nginx, and Node from 20 on with npm. On Debian: apt install nginx-light nodejs npm" >&2; exit 1; }
	@$(MAKE) -s installed-peers VENV=$(BENCH)/peers
	@test $(NODE_PEER)/node_modules/.package-lock.json -nt $(NODE_PEER)/package-lock.json || \
	npm --prefix $(NODE_PEER) ci --ignore-scripts --no-audit --no-fund --silent

installed-clients: venv
	@$(call install,tests/clients/generators/requirements.txt)

installed-mutants: installed-dev
	@cmp -s tests/mutation/requirements.txt $(VENV)/requirements-mutation.txt || { \
	$(PY) -m pip install -qq --require-hashes -r tests/mutation/requirements.txt && \
	cp tests/mutation/requirements.txt $(VENV)/requirements-mutation.txt; }

FRESH = import secrets; print(open(".env.example").read().replace("SECRET_KEY=\n", f"SECRET_KEY={secrets.token_urlsafe(64)}\n", 1), end="")

.env: | installed
	@umask 077 && $(PY) -c '$(FRESH)' > .env.new && mv .env.new .env
	@echo "Wrote .env with a new SECRET_KEY"
