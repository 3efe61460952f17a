# Everything goes through SwiftPM; this file only fixes the flags.
# Everything a target imports must stand in its row of Package.swift.
# No libraries are looked for beside the program: it needs none there, and whoever can write there could bring some.
SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error --disable-local-rpath
# No test is `@testable`: with this flag the tests are built on the objects of the product.
TEST_FLAGS  := $(SWIFT_FLAGS) --disable-testable-imports
TEST_BUNDLE := .build/release/lecternPackageTests.xctest
# Which rounds `make test` runs, such as `units database`; all of them unless some are named (ops/run-tests lists them).
ROUNDS      ?=
LECTERN     := .build/release/lectern
# The program that the integration tests run as its user would: the one that is shipped, unless another is named.
export LECTERN_TEST_EXECUTABLE ?= $(abspath $(LECTERN))
DEMO_FLAGS  ?=
# The programs under Benchmarks are part of the package only where this is set.
BENCH       := LECTERN_BENCHMARKS=1 swift build $(SWIFT_FLAGS)
BENCH_FLAGS ?= --runs 30
# How long `make torture` runs, and the seed that gives the same faults again; another one each time unless it is set.
TORTURE_SECONDS ?= 3600
TORTURE_SEED    ?=
# `cluster`: three nodes of an Apache Kafka of its own, where there is one to start; `kafka`: one node; `embedded`: the
# broker inside librdkafka.
TORTURE_BROKER  ?= cluster

.PHONY: all build package demo test test-build torture bench bench-ingest benchmarks check-onednn3 lint format clean bootstrap bootstrap-tests

all: build

bootstrap:
	@ops/bootstrap.sh

# What tests use beside the product's own packages.
bootstrap-tests: bootstrap
	@ops/bootstrap-tests.sh

build: bootstrap
	swift build $(SWIFT_FLAGS) --product lectern

# For machines without Swift: .build/package/lectern_….deb.
package: build
	@ops/bootstrap.sh dpkg-dev
	ops/package.sh

demo: build
	$(LECTERN) demo $(DEMO_FLAGS)

# Built once and run as it is: `swift test` would plan the whole build again for each round, and keep what a test prints
# until it ends. Only it has the flag for imports, so it builds, and runs nothing.
test-build: bootstrap-tests
	swift test $(TEST_FLAGS) --filter NoTestOfThisName

test: test-build
	ops/run-tests $(TEST_BUNDLE) $(ROUNDS)

# Workers, connections, PostgreSQL and the brokers fail together at random, for long; `make test` does it for half a
# minute. Beside it what takes minutes: leaders that move, and all the ways in which a log becomes another one.
torture: test-build
	LECTERN_TORTURE_SECONDS=$(TORTURE_SECONDS) LECTERN_TORTURE_SEED=$(TORTURE_SEED) LECTERN_TORTURE_BROKER=$(TORTURE_BROKER) LECTERN_REQUIRE=postgres \
	$(TEST_BUNDLE) --testing-library swift-testing --filter '^IntegrationTests\.(Faults/Torture|LogFaults)/'

# What a frame costs, stage by stage, on one and two threads; the other programs under Benchmarks say what they need.
bench: bootstrap
	$(BENCH) --product RecognitionBenchmark
	.build/release/RecognitionBenchmark $(BENCH_FLAGS)

# How many frames one worker stores a second, and in how much memory; the servers are named by INGEST_BENCH_FLAGS, such
# as --kafka 127.0.0.1:9092 --postgres postgresql://postgres@127.0.0.1/postgres
bench-ingest: bootstrap
	$(BENCH) --product StubWorker
	$(BENCH) --product IngestBenchmark
	.build/release/IngestBenchmark $(INGEST_BENCH_FLAGS)

# Every program under Benchmarks, built and not run.
benchmarks: bootstrap
	$(BENCH)

# Against the headers of the next major version, which Debian does not have yet.
check-onednn3: bootstrap-tests
	ops/check-onednn3.sh

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks migrations
	ops/check-columns

format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks migrations

clean:
	rm -rf .build
