# One command each, each does its own set-up. Needs Python 3.11 or later, nothing else: `make demo`, `make test`.
PYTHON ?= python3
IN_VENV = @$(PYTHON) bin/bootstrap.py
# make itself passes signals on; the launcher stops what it started.
.PHONY: help demo dev test check soak bench css messages lock setup docker-check

help:
	@echo "make demo      the whole product on this machine, with three demo brands; Ctrl-C stops it, data is kept"
	@echo "make test      lint, types, contracts, and all tests"
	@echo "make check     only the quick checks of make test, no tests"
	@echo "make soak      the trials of reliability at full size"
	@echo "make bench     measures itself against its baselines, prints ratios"
	@echo "make dev       like demo, with reload and debug pages"
	@echo "make css       static/css/app.css from assets/app.css and the templates"
	@echo "make messages  locale/ from the marked texts; lists what has no translation yet"
	@echo "make lock      requirements*.txt from requirements*.in"
	@echo "make docker-check  what can be checked of the image without Docker"

setup:
	$(IN_VENV)

demo:
	$(IN_VENV) bin/demo.py

dev:
	$(IN_VENV) bin/demo.py --dev

test:
	$(IN_VENV) bin/run_tests.py

check:
	$(IN_VENV) bin/run_tests.py --static

soak:
	@SOAK=1 $(PYTHON) bin/bootstrap.py -m pytest -m trial -q --timeout=0

bench:
	$(IN_VENV) -m bench

css:
	$(IN_VENV) bin/run_in_venv.py tailwindcss -i assets/app.css -o static/css/app.css --minify

messages:
	$(IN_VENV) bin/messages.py update
	$(IN_VENV) bin/messages.py check

lock:
	$(IN_VENV) bin/run_in_venv.py uv pip compile --universal --python-version 3.11 requirements.in -o requirements.txt
	$(IN_VENV) bin/run_in_venv.py uv pip compile --universal --python-version 3.11 requirements-dev.in -c requirements.txt -o requirements-dev.txt

docker-check:
	$(IN_VENV) -m pytest tests/embedded/test_image_scripts.py -q
