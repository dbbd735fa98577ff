# Each target installs what it needs and is missing (tools/setup), and is quick when nothing changed.
#
#   make demo     build, make a sample lake, export it into demo/out/
#   make demo-s3  the same from and to a bucket of a MinIO that is started for it
#   make check    the inner loop: format, layers, unit tests, clang's checks; what has not changed is not run again
#   make test     everything: check's parts, sanitizers, tests beside real Spark and a real S3 server
#   make sanitize unit tests with the address, undefined-behaviour and thread sanitizers, short runs of the fuzzers
#   make fuzz     the fuzzers (tests/fuzz) for FUZZ_SECONDS each
#   make install  PREFIX=/usr/local

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.PHONY: build build-tests demo demo-s3 check test soak fuzz install format lint clean unit-tests sanitize spark-tests s3-tests \
  setup setup-unit setup-sanitize setup-test setup-lint configure-asan
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BUILD := build
PREFIX ?= /usr/local
SOAK_SECONDS ?= 3600
TABLE_HISTORIES ?= 300
FUZZ_SECONDS ?= 300
FUZZERS ?= $(patsubst tests/fuzz/%_fuzzer.cc,%,$(wildcard tests/fuzz/*_fuzzer.cc))
PYTHON := .deps/venv/bin/python
CTEST_FLAGS := --output-on-failure --no-tests=error -j2

setup:
	@tools/setup build

build: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release -DSLUICE_TESTS=OFF
	@cmake --build $(BUILD) --target sluice

# The tests share the folder and the objects of the build; once asked for, they stay configured.
build-tests: setup-unit
	@grep -qs 'SLUICE_TESTS:BOOL=ON' $(BUILD)/CMakeCache.txt || cmake --preset release -DSLUICE_TESTS=ON
	@cmake --build $(BUILD)

demo:
	@tools/setup demo
	@$(MAKE) build
	@demo/run

# The first run builds the server, which takes Go and some minutes.
demo-s3:
	@tools/setup demo
	@$(MAKE) build
	@tools/minio build
	@tools/minio run demo/run s3

setup-unit:
	@tools/setup unit
setup-sanitize:
	@tools/setup sanitize
setup-test:
	@tools/setup test
setup-lint:
	@tools/setup lint

# A program that has passed and has not changed since is not run again, unless SLUICE_TEST_AGAIN=1.
unit-tests: build-tests
	@ctest --test-dir $(BUILD) $(CTEST_FLAGS) -LE minio

s3-tests: build-tests
	@tools/minio build
	@ctest --test-dir $(BUILD) $(CTEST_FLAGS) -L minio

# Anew where an older checkout configured it for g++.
configure-asan: setup-sanitize
	@grep -qs '^CMAKE_CXX_COMPILER:.*clang' $(BUILD)/asan-ubsan/CMakeCache.txt || cmake --preset asan-ubsan --fresh

# Which programs, and why not all of them: cmake/Sanitizers.cmake.
sanitize: configure-asan
	@test -f $(BUILD)/tsan/build.ninja || cmake --preset tsan
	@for preset in asan-ubsan tsan; do \
	  cmake --build --preset $$preset; \
	  ctest --test-dir $(BUILD)/$$preset $(CTEST_FLAGS); \
	done

spark-tests: setup-test build-tests
	@tools/python_tests

check: setup-lint
	@tools/check_layers
	@tools/lint format
	@$(MAKE) unit-tests
	@tools/lint threads --changed
	@tools/lint tidy --changed

test: export SLUICE_TEST_AGAIN := 1
test: check
	@tools/lint threads
	@$(MAKE) sanitize s3-tests spark-tests

soak: setup-test build-tests
	@SLUICE_SIMULATION_SECONDS=$(SOAK_SECONDS) SLUICE_SIMULATION_THREADS=$$(nproc) SLUICE_SIMULATION_FIRST=$$(date +%s%6N) \
	  $(BUILD)/simulation_tests --gtest_filter='*Simulation*:*Mutated*'
	@SLUICE_HISTORY_SEEDS=50 $(PYTHON) -m pytest tests/differential/test_history.py -q
	@SLUICE_TABLE_HISTORIES=$(TABLE_HISTORIES) $(PYTHON) -m pytest tests/differential/test_table_histories.py -q
	@SLUICE_FAULT_SEEDS=30 $(PYTHON) -m pytest tests/fault -q
	@SLUICE_S3_TRIALS=30 SLUICE_S3_FIRST=$$(date +%s) $(PYTHON) -m pytest tests/s3 -q

fuzz: configure-asan
	@cmake --build $(BUILD)/asan-ubsan --target $(FUZZERS:%=%_fuzzer)
	@for name in $(FUZZERS); do \
	  echo "$$name:"; \
	  tests/fuzz/run $(BUILD)/asan-ubsan/tests/fuzz/$${name}_fuzzer $(FUZZ_SECONDS); \
	done

install: build
	@cmake --install $(BUILD) --prefix "$(PREFIX)"

format: setup-lint
	@tools/lint format --fix

lint: setup-lint build-tests
	@tools/lint threads
	@tools/lint tidy

# Removes what was built and the demo; .deps/, which takes long to fetch, stays.
clean:
	rm -rf $(BUILD) demo/lake demo/out
