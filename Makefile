# Everything goes through SwiftPM; this file only fixes the flags, so that build and tests share their objects.
SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error
TEST_FLAGS  := $(SWIFT_FLAGS) --disable-testable-imports
LECTERN     := .build/release/lectern
DEMO_FLAGS  ?=

.PHONY: all build demo test test-unit test-integration lint format clean bootstrap

all: build

bootstrap:
	@ops/bootstrap.sh

build: bootstrap
	swift build $(SWIFT_FLAGS) --static-swift-stdlib --product lectern

demo: build
	$(LECTERN) demo $(DEMO_FLAGS)

# Two runs: the suites that need servers are serialised and come second.
test: test-unit test-integration

test-unit: bootstrap
	swift test $(TEST_FLAGS) --skip IntegrationTests

test-integration: build
	LECTERN_TEST_EXECUTABLE=$(abspath $(LECTERN)) swift test $(TEST_FLAGS) --filter IntegrationTests

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests migrations

format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests migrations

clean:
	rm -rf .build
