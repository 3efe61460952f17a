# Everything goes through SwiftPM; this file only fixes the flags.
# Everything a target imports must stand in its row of Package.swift.
SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error
# The tests have objects of their own: a statically linked program is compiled with other flags.
TEST_BUILD  := .build/tests
TEST_FLAGS  := $(SWIFT_FLAGS) --disable-testable-imports --scratch-path $(TEST_BUILD)
# The program that the integration tests run as its user would; the one built with the tests unless another is named.
export LECTERN_TEST_EXECUTABLE ?= $(abspath $(TEST_BUILD)/release/lectern)
LECTERN     := .build/release/lectern
DEMO_FLAGS  ?=
BENCH_FLAGS ?= --runs 30
# How long `make torture` runs, and the seed that gives the same faults again; another one each time unless it is set.
TORTURE_SECONDS ?= 3600
TORTURE_SEED    ?=
# `kafka`: an Apache Kafka of its own, where there is one to start; `embedded`: the broker inside librdkafka.
TORTURE_BROKER  ?= kafka

.PHONY: all build demo test test-unit test-integration test-broker torture bench bench-ingest lint format clean bootstrap

all: build

bootstrap:
	@ops/bootstrap.sh

build: bootstrap
	swift build $(SWIFT_FLAGS) --static-swift-stdlib --product lectern

demo: build
	$(LECTERN) demo $(DEMO_FLAGS)

# Suites that compute for long keep every thread of the pool busy: those that watch a clock run apart from them, and the
# serialised ones that need servers come last.
NUMERIC     := NeuralTests|OneDNNTests|TrainingTests|RecognitionTests|OpenCVTests|VisionTests|ImageIOTests|TensorsTests

test: test-unit test-integration

test-unit: bootstrap
	swift test $(TEST_FLAGS) --skip IntegrationTests --skip '$(NUMERIC)'
	swift test $(TEST_FLAGS) --filter '$(NUMERIC)'

test-integration: bootstrap
	swift test $(TEST_FLAGS) --filter IntegrationTests

# Those that use no broker, or do not care which, would only do the same again in a round against another one.
NO_BROKER := Decoder.*Tests|TopTests|AggregationTests|AggregationReleaseTests|CheckerTests|ControlTests|DocumentationTests|EventSchemaTests|ExpiryTests|\
InspectionCommandTests|IsolatedDecoderTests|MetricsDocumentationTests|MigrationTests|ModelCommands|PostgresClusterTests|\
PostgresConnectionTests|ReliabilityPageTests|ReportTests|StoreTests

test-broker: bootstrap
	swift test $(TEST_FLAGS) --filter IntegrationTests --skip '$(shell echo '$(NO_BROKER)' | tr -d ' ')'

# Workers, connections, PostgreSQL and the broker fail together at random, for long; `make test` does so for a minute.
torture: bootstrap
	swift test $(TEST_FLAGS) --filter NoTestOfThisName
	# Not by swift test, which keeps what a test prints until it ends.
	LECTERN_TORTURE_SECONDS=$(TORTURE_SECONDS) LECTERN_TORTURE_SEED=$(TORTURE_SEED) LECTERN_TORTURE_BROKER=$(TORTURE_BROKER) LECTERN_REQUIRE=postgres \
	$(TEST_BUILD)/release/lecternPackageTests.xctest --testing-library swift-testing --filter 'IntegrationTests.*/Torture/'

# What a frame costs, stage by stage, on one and two threads; the other programs under Benchmarks say what they need.
bench: bootstrap
	swift build $(SWIFT_FLAGS) --scratch-path $(TEST_BUILD) --product RecognitionBenchmark
	$(TEST_BUILD)/release/RecognitionBenchmark $(BENCH_FLAGS)

# How many frames one worker stores a second, and in how much memory; the servers are named by INGEST_BENCH_FLAGS, such as
# --kafka 127.0.0.1:9092 --postgres postgresql://postgres@127.0.0.1/postgres
bench-ingest: bootstrap
	swift build $(SWIFT_FLAGS) --scratch-path $(TEST_BUILD) --product StubWorker
	swift build $(SWIFT_FLAGS) --scratch-path $(TEST_BUILD) --product IngestBenchmark
	$(TEST_BUILD)/release/IngestBenchmark $(INGEST_BENCH_FLAGS)

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks migrations

format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks migrations

clean:
	rm -rf .build
