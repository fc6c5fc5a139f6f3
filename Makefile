# The commands of README.md. Each works as the first one on a fresh machine with a Swift toolchain.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PACKAGES := libopenblas-dev liblapacke-dev zlib1g-dev libssl-dev libsqlite3-dev pkg-config dataset-fashion-mnist python3
TEST_VENV := .venv-tests
TOMBOLA := .build/release/tombola
TARGET := Targets/fashion-cnn.onnx
DEMO_WIDTH := 4000
DEMO_SEED := 1
OUT := out
BENCH := bench/.build/release/Bench
PEERS_VENV := .venv-peers
SOLVERS_VENV := .venv-solvers
EXPORTERS_VENV := .venv-exporters
TRAIN_VENV := .venv-train
EXPORTERS := pytorch keras jax sklearn simplified
ROOMS := RunControl RandomStreams LinearAlgebra Convolution NumericalVerification SubsetSum Tickets \
  Pruning Verification ModelFiles Experiments
EXPERIMENTS := existence scaling sizes laws laws-2 laws-4 laws-6 gap found mask burkholz
WHEEL_VENV := .venv-wheel
FRESH_VENV := .venv-fresh
CLEAN = env -i PATH=$(CURDIR)/$(FRESH_VENV)/bin:/usr/bin:/bin HOME=$(HOME)
PREFIX ?= /usr/local
VERSION = $(shell sed -n 's/.*current = "\(.*\)".*/\1/p' Sources/Tickets/TombolaVersion.swift)
DIST = tombola-$(VERSION)-linux-$(shell uname -m)
C_LIBRARY := $(CURDIR)/.build/release/libTombolaC.so
TEST_ENVIRONMENT = TOMBOLA_PYTHON=$(CURDIR)/$(TEST_VENV)/bin/python TOMBOLA_EXECUTABLE=$(CURDIR)/$(TOMBOLA) TOMBOLA_C_LIBRARY=$(C_LIBRARY)
PYTHON_TESTS = TOMBOLA_EXECUTABLE=$(CURDIR)/$(TOMBOLA) TOMBOLA_LIBRARY=$(C_LIBRARY) PYTHONPATH=$(CURDIR)/python \
  $(CURDIR)/$(TEST_VENV)/bin/python -m pytest -q -p no:cacheprovider $(CURDIR)/python/tests
# Whether all of some programs are there; `command -v` alone is content with any of them.
HAVE = have() { for program; do command -v $$program >/dev/null || return 1; done; }; have
SANITIZED_ENVIRONMENT = TOMBOLA_C_LIBRARY=$(C_LIBRARY) TOMBOLA_PYTHON=$(CURDIR)/$(TEST_VENV)/bin/python TOMBOLA_EXECUTABLE=$(CURDIR)/$(TOMBOLA)

.PHONY: help library wheel test-wheel deps python-deps test-exporters locale-deps build demo test test-environments test-everywhere test-all bench bench-shapes bench-deps bench-peers bench-report bench-solvers bench-solvers-report bench-families browser-deps check-readme docs lint experiments bench-codes targets train-deps install-deps install dist manuals cluster-deps test-clusters

help:
	@echo "make demo              draw a ticket for the shipped target and verify it"
	@echo "make test              build and run all tests, and read 2 400 damaged files"
	@echo "make test-environments two suites under other kernels, homes, locales and users"
	@echo "make test-everywhere   these, and all tests under other builds of OpenBLAS and under load"
	@echo "make test-all          the tests again under both sanitizers, searches and sweeps killed"
	@echo "                       and resumed, 24 000 damaged files"
	@echo "make test-exporters    networks of PyTorch, Keras, tf2onnx, JAX and scikit-learn, and what"
	@echo "                       onnxsim, onnxslim and ONNX Runtime make of them, read and compared"
	@echo "make library           the C library, libTombolaC.so, that docs/c.md and docs/python.md call"
	@echo "make wheel             the Python package with all that it needs, a wheel in dist/"
	@echo "make test-wheel        that wheel in a fresh environment without Swift, and all tests under"
	@echo "                       the OpenBLAS that is in it"
	@echo "make test-clusters     parts of sweeps and tickets as jobs of a Slurm of its own, on loopback"
	@echo "make install PREFIX=P  the command, its manual pages and completions under P (/usr/local)"
	@echo "make dist              a tarball of it that runs without Swift, in out/; it is tried in a"
	@echo "                       root that has glibc alone"
	@echo "make manuals           write manual pages and completions again, after a change of options"
	@echo "make lint              check the style of the sources"
	@echo "make check-readme      run the transcripts of README and docs, check lines and links"
	@echo "make docs              pages of the libraries' declarations, into out/docs"
	@echo "make bench             GFLOP/s of the building blocks beside the machine's peak and bare GEMM,"
	@echo "                       and of searches: half an hour"
	@echo "make bench-shapes      record again which products searches ask for: their shapes are timed"
	@echo "make bench-peers       the same layers in ONNX Runtime and OpenVINO, products in NumPy"
	@echo "make bench-solvers     subset sums beside CP-SAT, HiGHS, SCIP, Gurobi, flsss and local"
	@echo "                       searches: hours, goes on where it stopped, draws error against time"
	@echo "make bench-families    the portfolio beside the solvers that it is made of: a quarter of an hour"
	@echo "make bench-codes       tickets beside GPTQ, lattices, k-means and rounding in files of the same"
	@echo "                       size: an hour, goes on where it stopped"
	@echo "make targets           train the shipped targets whose files are missing from Targets/"
	@echo "make experiments       the sweeps and tickets of docs/experiments and their plots:"
	@echo "                       12 minutes on two cores, goes on where it stopped"

# Debian's packages, installed only where missing.
deps:
	@if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then \
	  missing=(); for package in $(PACKAGES) python3-venv; do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=($$package); done; \
	  if [ $${#missing[@]} -gt 0 ]; then \
	    if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	    echo "installing $${missing[*]}"; \
	    $$sudo apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $${missing[@]} >/dev/null; fi; \
	else \
	  echo "This is no Debian: install OpenBLAS and LAPACKE with headers, zlib, OpenSSL's libcrypto, SQLite, pkg-config and"; \
	  echo "python3, and put Fashion-MNIST's four IDX files into a folder for --data."; fi
	@command -v swift >/dev/null || { echo "expected a Swift 6.1 (or later) toolchain on PATH, found none"; exit 1; }

# NumPy, safetensors, ONNX and ONNX Runtime in a private environment: oracles of the tests.
python-deps: deps
	@test -x $(TEST_VENV)/bin/python || python3 -m venv $(TEST_VENV)
	@$(TEST_VENV)/bin/python -c "import numpy, safetensors, onnx, onnxruntime, pytest, tqdm" 2>/dev/null \
	  || $(TEST_VENV)/bin/python -m pip install -q -r tools/requirements-test.txt

build: deps
	swift build -c release --product tombola

# The C library of docs/c.md, which the Python package calls too.
library: deps
	swift build -c release --product TombolaC

# The wheel of python/, into dist/: library, Swift runtime, a current OpenBLAS and the command.
wheel: library
	@$(HAVE) cc nm ar || $(MAKE) --no-print-directory deps PACKAGES="gcc binutils"
	@test -x $(WHEEL_VENV)/bin/python || python3 -m venv $(WHEEL_VENV)
	@$(WHEEL_VENV)/bin/python -m pip install -q -r python/requirements-wheel.txt
	$(WHEEL_VENV)/bin/python python/make_wheel.py --output dist

# The wheel in an environment of its own, no Swift on the path: the package's tests, also on
# processes and a Dask cluster that lose a worker, beside other libraries' BLAS and OpenMP; and
# the Swift tests under the OpenBLAS that is in it.
test-wheel: wheel test
	rm -rf $(FRESH_VENV) && python3 -m venv $(FRESH_VENV)
	$(CLEAN) $(FRESH_VENV)/bin/python -m pip install -q dist/tombola-*.whl -r python/requirements-test.txt
	$(CLEAN) $(FRESH_VENV)/bin/python -m pytest -q -p no:cacheprovider python/tests
	$(CLEAN) $(FRESH_VENV)/bin/python bench/python/measure.py
	$(WHEEL_VENV)/bin/python python/openblas_names.py .build-wheel/openblas
	LD_LIBRARY_PATH=$(CURDIR)/.build-wheel/openblas $(TEST_ENVIRONMENT) swift test -c release --skip-build

# The two that measure and show run on the fastest of OpenBLAS's kernels, whatever the environment
# pins.
demo bench bench-peers experiments: export TOMBOLA_BLAS_CORE ?= best

demo: build
	@mkdir -p $(OUT)
	$(TOMBOLA) prune $(TARGET) --width $(DEMO_WIDTH) --seed $(DEMO_SEED) --data fashion-mnist \
	  --force -o $(OUT)/ticket.safetensors
	$(TOMBOLA) verify $(OUT)/ticket.safetensors --target $(TARGET) \
	  --data fashion-mnist

# The tests by the name of their product: --build-tests would also build protoc, a program of
# swift-protobuf's that nothing here uses.
test: python-deps bench-deps browser-deps build library
	swift build -c release --product TombolaPackageTests
	$(TEST_ENVIRONMENT) swift test -c release --skip-build
	$(PYTHON_TESTS)
	$(TEST_VENV)/bin/python tools/damaged_inputs.py --executable $(TOMBOLA) --cases 200 --seed 1
	$(TEST_VENV)/bin/python bench/codes/test_codes.py
	$(TEST_VENV)/bin/python tools/onnx_backend.py --executable $(TOMBOLA)

# Exporters in a private environment, a group of requirements at a time: what does not install here
# is left out. Networks that were written before stay in out/exporters.
test-exporters: build
	@mkdir -p $(OUT)/exporters
	@test -x $(EXPORTERS_VENV)/bin/python || python3 -m venv $(EXPORTERS_VENV)
	@while read -r group; do \
	  $(EXPORTERS_VENV)/bin/python -m pip install -q $$group || echo "not installed: $$group"; \
	done < tools/exporters/requirements.txt
	@for maker in $(EXPORTERS); do \
	  $(EXPORTERS_VENV)/bin/python tools/exporters/make_$$maker.py $(OUT)/exporters || echo "$$maker: left out"; done
	$(EXPORTERS_VENV)/bin/python tools/exporters/check.py $(OUT)/exporters --executable $(TOMBOLA)

# The suites of the command line and of LinearAlgebra as other machines would run them.
test-environments: test locale-deps
	tools/test_environments.sh

# These and the whole suite under other builds of OpenBLAS and beside busy programs.
test-everywhere: test locale-deps
	tools/test_environments.sh --everywhere

# The suite again under both sanitizers, each built in a folder of its own (leaks are the test
# runner's own); searches and sweeps killed and resumed; damaged files by the thousand.
test-all: test
	swift build -c release --product TombolaPackageTests --sanitize=address --scratch-path .build-address
	$(SANITIZED_ENVIRONMENT) ASAN_OPTIONS=detect_leaks=0 swift test -c release --skip-build --sanitize=address --scratch-path .build-address
	swift build -c release --product TombolaPackageTests --sanitize=thread --scratch-path .build-thread
	$(SANITIZED_ENVIRONMENT) TSAN_OPTIONS=suppressions=$(CURDIR)/tools/thread-sanitizer.suppressions swift test -c release --skip-build --sanitize=thread --scratch-path .build-thread
	python3 tools/kill_and_resume.py --executable $(TOMBOLA)
	python3 tools/kill_and_resume_sweep.py --executable $(TOMBOLA)
	$(TEST_VENV)/bin/python tools/damaged_inputs.py --executable $(TOMBOLA) --cases 2000 --seed 2

# Slurm with its authentication, and GNU parallel: their daemons are started by the test alone.
cluster-deps:
	@$(HAVE) sbatch munged parallel && test -x /usr/sbin/slurmctld \
	  || $(MAKE) --no-print-directory deps PACKAGES="slurm-wlm munge parallel"

# A Slurm of one node on loopback: tasks warned, killed and queued again give what one run gives.
test-clusters: build cluster-deps
	python3 tools/test_clusters.py --executable $(TOMBOLA)

install-deps:
	@$(HAVE) patchelf strip || $(MAKE) --no-print-directory deps PACKAGES="patchelf binutils"

# The Swift runtime goes with the command; OpenBLAS and what else Debian has stay the system's.
install: build install-deps
	python3 tools/stage.py --executable $(TOMBOLA) --libraries swift $(DESTDIR)$(PREFIX)

# All libraries but glibc's go with it.
dist: build install-deps
	rm -rf $(OUT)/$(DIST)
	python3 tools/stage.py --executable $(TOMBOLA) --libraries all $(OUT)/$(DIST)
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct 2>/dev/null || echo 0) \
	  -C $(OUT) -c $(DIST) | gzip -9n > $(OUT)/$(DIST).tar.gz
	tools/check_tarball.sh $(OUT)/$(DIST).tar.gz $(TOMBOLA)

# By swift-argument-parser's own tool, which is built beside its sources' checkout, and by the
# command itself. A test compares.
manuals: build
	swift build -c release --package-path .build/checkouts/swift-argument-parser --scratch-path .build-manual \
	  --product generate-manual
	python3 tools/manuals.py --executable $(TOMBOLA) --generator .build-manual/release/generate-manual

# Runs the transcripts of README and docs and compares; checks their lines and links.
check-readme: build library bench-deps
	python3 tools/check_readme.py

bench: build bench-deps
	@mkdir -p $(OUT)
	swift build -c release --package-path bench
	python3 bench/shapes/record.py --executable $(TOMBOLA) -o $(OUT)/searches.json
	$(BENCH) $(BENCH_OPTIONS) --searches $(OUT)/searches.json -o $(OUT)/bench.json
	python3 bench/chart.py $(OUT)/bench.json $(OUT)/bench.svg

# The calls of BLAS that searches make, counted, into the file whose shapes bench times: a minute.
bench-shapes: build
	python3 bench/shapes/record.py --executable $(TOMBOLA) $(SHAPES_OPTIONS)

# Rivals of convolution and GEMM in the same run, taking turns, each in its own best configuration.
bench-peers: deps
	@mkdir -p $(OUT)
	@test -x $(PEERS_VENV)/bin/python || python3 -m venv $(PEERS_VENV)
	@$(PEERS_VENV)/bin/python -c "import numpy, onnx, onnxruntime, openvino, threadpoolctl" 2>/dev/null \
	  || $(PEERS_VENV)/bin/python -m pip install -q -r bench/peers/requirements.txt
	swift build -c release --package-path bench
	$(PEERS_VENV)/bin/python bench/peers/compare.py --executable $(BENCH) $(PEERS_OPTIONS) -o $(OUT)/peers.json

# Rivals of subset sums: the same instances, one core and the same seconds each. Results are kept
# in out/solvers.jsonl.
bench-solvers: build bench-deps
	@mkdir -p $(OUT)
	@test -x $(SOLVERS_VENV)/bin/python || python3 -m venv $(SOLVERS_VENV)
	@$(SOLVERS_VENV)/bin/python -c "import dwave.samplers, flsss, gurobipy, highspy, numpy, ortools, pyscipopt, threadpoolctl" 2>/dev/null \
	  || $(SOLVERS_VENV)/bin/python -m pip install -q -r bench/solvers/requirements.txt
	$(SOLVERS_VENV)/bin/python bench/solvers/compare.py --executable $(TOMBOLA) $(SOLVERS_OPTIONS) --cache $(OUT)/solvers.jsonl -o $(OUT)/solvers.json
	python3 bench/solvers/chart.py $(OUT)/solvers.json $(OUT)/solvers.svg

# The portfolio beside the solvers that it is made of, on 22 families of instances: 15 minutes.
bench-families: python-deps build
	$(TEST_VENV)/bin/python bench/solvers/families.py --executable $(TOMBOLA) $(FAMILIES_OPTIONS)

# Ways to store a network beside tickets, in files of the same size. Files and results are kept in
# out/codes.
bench-codes: python-deps build
	$(TEST_VENV)/bin/python bench/codes/test_codes.py
	$(TEST_VENV)/bin/python bench/codes/compare.py --executable $(TOMBOLA) $(CODES_OPTIONS) -o $(OUT)/codes.json

# JAX and what else trains targets, in a private environment.
train-deps: deps
	@test -x $(TRAIN_VENV)/bin/python || python3 -m venv $(TRAIN_VENV)
	@$(TRAIN_VENV)/bin/python -c "import jax, numpy, onnx, onnxruntime" 2>/dev/null \
	  || $(TRAIN_VENV)/bin/python -m pip install -q -r tools/requirements-train.txt

# The shipped targets: what is there stays. Trained again they are as good, but other networks: the
# last bits of training depend on the CPU.
targets: Targets/fashion-cnn.onnx Targets/fashion-lenet.onnx Targets/fashion-resnet.onnx \
  Targets/fashion-resnet-wide.onnx

Targets/fashion-cnn.onnx:
	@$(MAKE) --no-print-directory train-deps
	$(TRAIN_VENV)/bin/python tools/train_target.py -o $@

Targets/fashion-lenet.onnx:
	@$(MAKE) --no-print-directory train-deps
	$(TRAIN_VENV)/bin/python tools/train_more_targets.py fashion-lenet -o $@

Targets/fashion-resnet.onnx:
	@$(MAKE) --no-print-directory train-deps
	$(TRAIN_VENV)/bin/python tools/train_more_targets.py fashion-resnet --epochs 8 -o $@

Targets/fashion-resnet-wide.onnx:
	@$(MAKE) --no-print-directory train-deps
	$(TRAIN_VENV)/bin/python tools/train_more_targets.py fashion-resnet-wide --epochs 6 -o $@

# The sweeps and tickets of docs/experiments into out/experiments, going on where they stopped,
# and their plots. The same results give the same plots.
experiments: python-deps build bench-deps
	@mkdir -p $(OUT)/experiments
	@for spec in $(EXPERIMENTS); do \
	  $(TOMBOLA) sweep docs/experiments/$$spec.toml --store $(OUT)/experiments/$$spec.sqlite --resume || exit; done
	$(TEST_VENV)/bin/python bench/tickets/widths.py --threads 1 --targets fashion-cnn \
	  --widths 500 1000 2000 4000 8000 --figures $(OUT)/experiments/widths
	@sh docs/experiments/plots.sh $(TOMBOLA) $(OUT)/experiments docs/experiments

# Its last run as a page under bench/results/.
bench-solvers-report:
	python3 bench/solvers/report.py $(OUT)/solvers.json $(OUT)/solvers.svg bench/results

# The last runs of bench and bench-peers as a page under bench/results/.
bench-report:
	python3 bench/report.py $(OUT)/bench.json $(OUT)/bench.svg bench/results $(wildcard $(OUT)/peers.json)

# gnuplot draws charts.
bench-deps:
	@command -v gnuplot >/dev/null || $(MAKE) --no-print-directory deps PACKAGES="gnuplot-nox"

# Sources of locales, and a user to be.
locale-deps:
	@command -v localedef >/dev/null && test -d /usr/share/i18n/locales || $(MAKE) --no-print-directory deps PACKAGES="locales"

# A headless browser opens reports (tools/inspect_page.py).
browser-deps:
	@command -v chromium-headless-shell chromium-shell chromium google-chrome >/dev/null \
	  || $(MAKE) --no-print-directory deps PACKAGES="chromium-headless-shell"

# Pages of the libraries' declarations by DocC, an archive a room in out/docs. A warning is an
# error, but in rooms whose comments are still to be gone through.
docs: deps
	@mkdir -p $(OUT)/docs
	@for room in $(ROOMS); do \
	  swift package -c release --allow-writing-to-directory $(OUT)/docs generate-documentation \
	    --target $$room --warnings-as-errors --output-path $(OUT)/docs/$$room.doccarchive || exit; done

lint:
	swift format lint --strict -r Sources Tests Package.swift bench/Sources bench/Package.swift
