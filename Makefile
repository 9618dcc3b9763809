# The two commands of the README are `make demo` and `make test`; CONTRIBUTING.md says what else there is.
PYTHON ?= python3
PIP_OPTIONS ?=
VENV := .venv
BIN := $(VENV)/bin
SMILE := $(CURDIR)/$(BIN)/smile
BENCHES := $(filter-out bars chart denoiser_time editors_gpu estimators games lsp_client random_models reuse weights,$(basename $(notdir $(wildcard bench/[a-z]*.py))))

.PHONY: setup demo test lint bench soak clean test-extension test-vscode test-vscode-latest test-vscode-install vscode

setup: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit('SMILE Lens needs Python 3.11 or newer; run: make PYTHON=python3.11 ...' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/smile explain examples/street.edit --html out/report.html

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if git grep -nE '^(<{7}|>{7}) ' 2>/dev/null; then echo 'a merge left its marks; take them out'; exit 1; fi

test: lint
	$(BIN)/pytest
	$(MAKE) test-extension test-vscode

node_modules/installed: package.json extension/package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Everything of the extension that needs no VS Code; without npm it is skipped with one loud line, in CI an error.
test-extension:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/installed && npm run --silent lint && npm run --silent test; \
	else echo '*** NOT TESTED: the extension, since npm is not here ***'; test -z "$$CI"; fi

# A real VS Code in a real browser: 1.100, and the newest that runs on npm's own node.
test-vscode: setup
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/installed && SMILE=$(SMILE) node tests/extension/e2e/run.mjs 4.100.3; \
	else echo '*** NOT TESTED in a real VS Code, since npm is not here ***'; test -z "$$CI"; fi

test-vscode-latest: setup node_modules/installed
	SMILE=$(SMILE) node tests/extension/e2e/run.mjs 4.139.1

# The extension installs this checkout with pip, into an environment of its own: minutes, and the network.
test-vscode-install: setup node_modules/installed
	SMILE_INSTALL=1 PIP_CONSTRAINT=$(CURDIR)/constraints.txt SMILE=$(SMILE) node tests/extension/e2e/run.mjs 4.100.3

# Builds and packages the extension, and installs it into the user's VS Code if there is one.
vscode: node_modules/installed
	npm run --silent package
	@if command -v code >/dev/null; then code --install-extension extension/dist/smile-lens.vsix --force; \
	else echo 'extension/dist/smile-lens.vsix is ready; there is no `code` on PATH to install it into'; fi

bench: setup
	@for name in $(BENCHES); do $(BIN)/python -m bench.$$name || exit 1; done

soak: setup
	$(BIN)/pytest tests/server/soak_*.py

clean:
	rm -rf $(VENV) node_modules extension/dist .workbench out .mypy_cache .ruff_cache .pytest_cache
