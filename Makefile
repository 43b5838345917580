# Everything a person or a build machine does with Shoal. `make help` lists it.
#
# Two commands matter: `make run` (see it work) and `make test` (prove that it works). Both do all
# their set-up; neither needs a server, a container or a system library besides a C compiler.

SHELL := /bin/sh
.DEFAULT_GOAL := help

CARGO ?= cargo
PYTHON ?= python3
# Where `make run` keeps its events, state and definitions.
DATA ?= data
# How fast the sample shop is, in events per second.
RATE ?= 8
# `make crash`: how often the process is killed, and the seed of everything random in it.
ROUNDS ?= 50
SEED ?=
# `make prove`: how many (rule, histories, instant) are asked of every evaluator.
TRIPLES ?= 2000
# Where it saves mismatches, as scenario files.
OUT ?= $(TARGET_DIR)/prove

# A build machine starts from a fresh clone: its target folder lives in a cache outside of it.
ifneq ($(CI),)
export CARGO_TARGET_DIR ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/shoal/target
endif
TARGET_DIR = $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)

run: tools ## Build, start everything on embedded parts with sample segments and a simulated shop
	@$(CARGO) build --package shoal
	@exec $(TARGET_DIR)/debug/shoal up --data $(DATA) --sample --demo $(RATE)
.PHONY: run

test: servers lint doc ## Every check and every test, also on real servers where they can be had; a short crash run
	@mkdir -p $(TARGET_DIR) && rm -f $(NOT_RUN)
	@$(NO_KAFKA_CLIENT)
	@$(NO_OPENSSL)
	@SHOAL_NOT_RUN=$(abspath $(NOT_RUN)) $(CARGO) test --workspace $(FEATURES)
	@$(CARGO) build --quiet --workspace $(FEATURES) --bin prove
	@SHOAL_NOT_RUN=$(abspath $(NOT_RUN)) TRIPLES=$(TRIPLES) SEED=$(or $(SEED),$(TEST_SEED)) OUT=$(TARGET_DIR)/prove $(TARGET_DIR)/debug/prove
	@scripts/not-run $(NOT_RUN)
.PHONY: test
# The same random rules in every run of the tests, so that a change alone can make them fail; `make prove` draws others.
TEST_SEED = 31
# The tests that a machine without some server left out.
NOT_RUN = $(TARGET_DIR)/tests-not-run
# Checks and tests are of both forms; one set of features for all of them, so that nothing is built twice.
FEATURES = --features $(if $(HAS_KAFKA_CLIENT),distributed$(if $(HAS_OPENSSL),$(comma)bus/kafka-tls),store/postgres),databend
comma := ,

# The client of Kafka is built from C and C++. Without a compiler of the latter its tests count as not run.
HAS_KAFKA_CLIENT = $(shell command -v $${CXX:-c++} >/dev/null 2>&1 && command -v bash >/dev/null 2>&1 && echo yes)
NO_KAFKA_CLIENT = $(if $(HAS_KAFKA_CLIENT),:,$(NOTE_NO_KAFKA_CLIENT))
NOTE_NO_KAFKA_CLIENT = echo "the log on Kafka: Kafka is not available: its client needs a C++ compiler (apt-get install build-essential)" \
	| tee -a $(NOT_RUN) >&2; case "$$SHOAL_REQUIRE_SERVERS" in ""|0) ;; *) exit 1 ;; esac

# With OpenSSL the client speaks TLS, as that of the images does.
HAS_OPENSSL = $(shell pkg-config --exists openssl 2>/dev/null && echo yes)
NO_OPENSSL = $(if $(HAS_OPENSSL),:,$(NOTE_NO_OPENSSL))
NOTE_NO_OPENSSL = echo "the log on Kafka over TLS: OpenSSL is not available: its headers are missing (apt-get install libssl-dev pkg-config)" \
	| tee -a $(NOT_RUN) >&2; case "$$SHOAL_REQUIRE_SERVERS" in ""|0) ;; *) exit 1 ;; esac

servers: ## Get what the tests use besides crates (Postgres, Kafka, Databend's engine, OpenSSL), as far as this machine lets us
	@scripts/servers
.PHONY: servers

demo: tools ## Send the simulated shop's traffic to a running `make run` (INGEST and CONFIG are its URLs)
	@$(CARGO) build --quiet --package shoal
	@exec $(TARGET_DIR)/debug/shoal demo --to $(INGEST) --config $(CONFIG) --rate $(RATE)
.PHONY: demo
INGEST ?= http://127.0.0.1:4000
CONFIG ?= http://127.0.0.1:3000

crash: tools ## Kill the running process ROUNDS times under load and check that nothing was lost (SEED)
	@$(CARGO) build --quiet --package shoal --package e2e
	@$(TARGET_DIR)/debug/crash --shoal $(TARGET_DIR)/debug/shoal --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))
.PHONY: crash

chaos: tools ## Kill, add and remove the services apart, on Kafka, Postgres and Databend, and check that nothing was lost (EVENTS, SEED)
	@$(CARGO) build --quiet --package e2e --features distributed
	@$(TARGET_DIR)/debug/chaos --services $(TARGET_DIR)/debug/shoal-e2e-service --events $(or $(CHAOS_EVENTS),200000) $(if $(SEED),--seed $(SEED))
.PHONY: chaos
# EVENTS has another default where the engine alone is measured.
CHAOS_EVENTS = $(if $(filter command line environment,$(origin EVENTS)),$(EVENTS))

load: tools ## Create and edit segments under load on Kafka, Postgres and Databend, then bench-kafka (EVENTS, RATE, USERS, SEED; release build)
	@$(BUILD_LOAD)
	@$(TARGET_DIR)/release/load --services $(TARGET_DIR)/release/shoal-e2e-service --events $(or $(LOAD_EVENTS),1000000) \
		--users $(USERS) --rate $(or $(LOAD_RATE),5000) $(if $(SEED),--seed $(SEED))
	@$(RUN_BENCH_KAFKA)
.PHONY: load
USERS ?= 100000
# EVENTS and RATE have other defaults elsewhere.
LOAD_EVENTS = $(if $(filter command line environment,$(origin EVENTS)),$(EVENTS))
LOAD_RATE = $(if $(filter command line environment,$(origin RATE)),$(RATE))
BUILD_LOAD = $(CARGO) build --release --package e2e --package kafka-bench --features e2e/distributed,kafka-bench/distributed
RUN_BENCH_KAFKA = $(TARGET_DIR)/release/kafka-bench --segmenter $(TARGET_DIR)/release/shoal-e2e-service \
	--restart-users $(RESTART_USERS) $(BENCH)
# How many users the segmenter has whose restart is measured.
RESTART_USERS ?= 1000000

real-data: tools ## Replay 69,659 real purchases (CDNOW) and compare segments with an independent computation
	@command -v $(PYTHON) >/dev/null || { echo "make real-data needs python3 with pip (apt-get install python3-pip)"; exit 1; }
	@$(CARGO) build --quiet --package shoal
	@$(PYTHON) scripts/real_data.py --shoal $(TARGET_DIR)/debug/shoal
.PHONY: real-data

bench: tools ## Measure POST-to-change latency and events per second (release build; writes target/bench/)
	@$(CARGO) build --release --package shoal --package bench
	@$(TARGET_DIR)/release/bench --shoal $(TARGET_DIR)/release/shoal --out $(TARGET_DIR)/bench
.PHONY: bench

bench-kafka: tools ## A segmenter on Kafka beside a bare transactional loop, and its restart (RESTART_USERS, BENCH="--rates 1000 --seconds 5")
	@$(BUILD_LOAD)
	@$(RUN_BENCH_KAFKA)
.PHONY: bench-kafka

# DuckDB and Flink come from PyPI into a cache folder; Flink also needs a JDK (java and javac).
bench-workload: tools ## The engine on the common workload, checked by DuckDB (RULES, EVENTS, VS_FLINK=1)
	@command -v $(PYTHON) >/dev/null || { echo "make bench-workload needs python3 with pip and venv"; exit 1; }
	@$(CARGO) build --release --package workload
	@$(TARGET_DIR)/release/workload --rules $(RULES) --events $(EVENTS) $(if $(filter 1,$(VS_FLINK)),--vs-flink) \
		--python $(PYTHON) --cache $(CACHE_DIR)/shoal/workload --out $(TARGET_DIR)/bench
.PHONY: bench-workload
RULES ?= 10,100,1000
EVENTS ?= 1000000
VS_FLINK ?=
CACHE_DIR = $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)

lint: tools ## Format, lints and dependency direction
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --quiet --workspace --all-targets $(FEATURES) -- -D warnings
	@$(CARGO) test --quiet --workspace $(FEATURES) --test dependency_direction
.PHONY: lint

# Private items are documented too, so links to them are fine.
doc: tools ## Build the documentation of every crate, without warnings
	@RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --quiet --workspace $(FEATURES) --no-deps --document-private-items
.PHONY: doc

fmt: ## Format the code
	@$(CARGO) fmt --all
.PHONY: fmt

migrate: tools ## Bring the definitions of DATA to this version's schema (`make run` does it by itself)
	@$(CARGO) build --quiet --package shoal
	@$(TARGET_DIR)/debug/shoal migrate --data $(DATA)
.PHONY: migrate

version: tools ## Print the version
	@$(CARGO) build --quiet --package shoal
	@$(TARGET_DIR)/debug/shoal version
.PHONY: version

kafka: ## Fetch Apache Kafka's jars for the tests (needs Java 17 and Maven)
	@scripts/kafka-jars
.PHONY: kafka

prove: tools ## Ask three evaluators, a real Databend among them, about TRIPLES random rules (SEED; DATABEND_DSN)
	@$(CARGO) build --quiet --package testkit --features databend --bin prove
	@TRIPLES=$(TRIPLES) SEED=$(SEED) OUT=$(OUT) $(TARGET_DIR)/debug/prove
.PHONY: prove

tools:
	@scripts/check-tools
.PHONY: tools

help: ## What there is to run
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'
.PHONY: help
