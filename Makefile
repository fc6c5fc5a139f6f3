# The commands of README.md. Each works as the first one on a fresh machine with a Swift toolchain.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PACKAGES := libopenblas-dev liblapacke-dev zlib1g-dev libssl-dev pkg-config dataset-fashion-mnist python3
TEST_VENV := .venv-tests
TOMBOLA := .build/release/tombola
TARGET := Targets/fashion-cnn.onnx
DEMO_WIDTH := 8000
DEMO_SEED := 1
OUT := out

.PHONY: help deps python-deps build demo test bench check-readme lint

help:
	@echo "make demo   draw a ticket for the shipped target and verify it"
	@echo "make test   build and run all tests"
	@echo "make bench  measure the building blocks beside the machine's peak and bare GEMM"
	@echo "make lint   check the style of the sources"

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
	  echo "This is no Debian: install OpenBLAS and LAPACKE with headers, zlib, OpenSSL's libcrypto, pkg-config and"; \
	  echo "python3, and put Fashion-MNIST's four IDX files into a folder for --data."; fi
	@command -v swift >/dev/null || { echo "expected a Swift 6.1 (or later) toolchain on PATH, found none"; exit 1; }

# NumPy, safetensors, ONNX and ONNX Runtime in a private environment: oracles of the tests.
python-deps: deps
	@test -x $(TEST_VENV)/bin/python || python3 -m venv $(TEST_VENV)
	@$(TEST_VENV)/bin/python -c "import numpy, safetensors, onnx, onnxruntime" 2>/dev/null \
	  || $(TEST_VENV)/bin/python -m pip install -q -r tools/requirements-test.txt

build: deps
	swift build -c release --product tombola

demo: build
	@mkdir -p $(OUT)
	$(TOMBOLA) prune $(TARGET) --width $(DEMO_WIDTH) --seed $(DEMO_SEED) --data fashion-mnist --force -o $(OUT)/ticket.safetensors
	$(TOMBOLA) verify $(OUT)/ticket.safetensors --target $(TARGET) --data fashion-mnist

test: python-deps
	swift build -c release --build-tests
	TOMBOLA_PYTHON=$(CURDIR)/$(TEST_VENV)/bin/python TOMBOLA_EXECUTABLE=$(CURDIR)/$(TOMBOLA) swift test -c release

# Runs the transcripts of README.md and compares.
check-readme: build
	python3 tools/check_readme.py

# OpenBLAS picks the CPU's own kernels here: a pin in the environment can halve its speed.
bench: deps
	@mkdir -p $(OUT)
	swift build -c release --package-path bench
	env -u OPENBLAS_CORETYPE bench/.build/release/Bench -o $(OUT)/bench.json

lint:
	swift format lint --strict -r Sources Tests Package.swift bench/Sources bench/Package.swift
