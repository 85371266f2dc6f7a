# make demo   sets up .venv, fits the demo model, writes its report and says where
# make test   sets up .venv, then style, types and tests (the slow ones: make test-slow)
#
# Nothing is needed beforehand but Python 3.11 or later. PYTHON=/path/to/python chooses one.

VENV   ?= .venv
PYTHON ?=
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

FORMULA := low ~ age + lwt + C(race) + smoke + ptl + ht + ui

# A browser of the Chromium family, for the picture in the README only.
BROWSER ?= chromium

# Which cases make bench runs, and how; all of them in full by default.
BENCH ?=

.PHONY: help demo demo-imbalanced demo-arrests demo-training test check test-slow witnesses reports picture bench clean

help:
	@echo "make demo       fit the demo model and write reports/birthwt.html"
	@echo "make demo-imbalanced  weight the classes of a rare event and write reports/imbalanced.html"
	@echo "make demo-arrests     look at one model from every side and write reports/arrests.html"
	@echo "make demo-training    train models by gradients, and watch: reports/training.html"
	@echo "make test       style, types and tests"
	@echo "make check      style and types only"
	@echo "make test-slow  the slow tests"
	@echo "make witnesses  run the tests and count what they compare with whom, into reports/witnesses.csv"
	@echo "make reports    write every committed report again"
	@echo "make picture    photograph the first screen of the report for the README (needs chromium; BROWSER=... names it)"
	@echo "make bench      measure every case against its peers (over an hour, 8 GB; BENCH='logit small' or BENCH=--quick for less)"
	@echo "make clean      remove .venv and everything built"

demo: $(VENV)/ready
	@mkdir -p reports
	@$(BIN)/glmlr report data/birthwt.csv "$(FORMULA)" --validate 200 -o reports/birthwt.html
	@echo "The report is $(CURDIR)/reports/birthwt.html: open it in a browser."

demo-imbalanced: $(VENV)/ready
	@$(BIN)/python reports/imbalanced.py
	@echo "The report is $(CURDIR)/reports/imbalanced.html: open it in a browser."

demo-arrests: $(VENV)/ready
	@$(BIN)/python reports/arrests.py
	@echo "The report is $(CURDIR)/reports/arrests.html: open it in a browser."

demo-training: $(VENV)/ready
	@$(BIN)/python reports/training.py
	@echo "The report is $(CURDIR)/reports/training.html: open it in a browser."

test: check
	$(BIN)/python -m pytest -q -n auto -m "not slow"

check: $(VENV)/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-slow: $(VENV)/ready-test
	$(BIN)/python -m pytest -q -m slow

# Every comparison of numbers in the tests, counted by file and witness.
witnesses: $(VENV)/ready-test
	PYTHONPATH=tests $(BIN)/python -m pytest -q -p ledger --ledger reports/witnesses.csv -n auto -m "not slow"

reports: $(VENV)/ready
	$(BIN)/glmlr report data/birthwt.csv "$(FORMULA)" --validate 200 -o reports/birthwt.html
	$(BIN)/glmlr report data/birthwt.csv "$(FORMULA)" --validate 200 -o reports/birthwt.md
	$(BIN)/python reports/imbalanced.py
	$(BIN)/python reports/arrests.py
	$(BIN)/python reports/training.py

picture: reports
	@command -v $(BROWSER) >/dev/null 2>&1 || { echo "make picture needs a browser of the Chromium family; there is no $(BROWSER) here (BROWSER=... names another)." >&2; exit 1; }
	@profile=$$(mktemp -d) && trap 'rm -rf "$$profile"' EXIT && \
	  $(BROWSER) --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$$profile" --window-size=1400,1000 \
	  --screenshot="$(CURDIR)/reports/birthwt.png" "file://$(CURDIR)/reports/birthwt.html" 2>/dev/null
	@$(BIN)/python -c 'from PIL import Image; i = Image.open("reports/birthwt.png").convert("RGB"); i.quantize(64, dither=Image.Dither.NONE).save("reports/birthwt.png", optimize=True)'
	@echo "The picture is $(CURDIR)/reports/birthwt.png."

bench: $(VENV)/ready-bench
	$(BIN)/python -m benchmarks.run $(BENCH)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is 3.11 or later and can make a virtual environment with pip in it.
$(VENV)/made:
	@chosen=""; seen=""; bare=""; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  command -v "$$python" >/dev/null 2>&1 || continue; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { seen="$$seen $$python"; continue; }; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { bare="$$python"; continue; }; \
	  chosen="$$python"; break; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
	  echo "$$bare is new enough but lacks venv and ensurepip; install them (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	elif [ -z "$$chosen" ]; then \
	  echo "glmlr needs Python 3.11 or later; there is none here (found:$${seen:- no Python at all}), so install one, or name it as in make demo PYTHON=python3.12." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$chosen" --version) (once; a few minutes) ..."; \
	"$$chosen" -m venv $(VENV) && touch $@

$(VENV)/ready: $(VENV)/made pyproject.toml constraints.txt
	@$(PIP) --editable . || { echo "Could not install glmlr and what it depends on; the lines above say why. Is the package index reachable?" >&2; exit 1; }
	@touch $@

$(VENV)/ready-test: $(VENV)/made pyproject.toml constraints.txt
	@$(PIP) --editable ".[test]" || { echo "Could not install glmlr and its test tools; the lines above say why. Is the package index reachable?" >&2; exit 1; }
	@touch $(VENV)/ready $@

$(VENV)/ready-bench: $(VENV)/made pyproject.toml constraints.txt
	@$(PIP) --editable ".[bench]" || { echo "Could not install glmlr and its peers; the lines above say why. Is the package index reachable?" >&2; exit 1; }
	@touch $(VENV)/ready $@
