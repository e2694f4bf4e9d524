# make build   set up and build          make demo   replay the recorded hospital and show what was found
# make test    set up and run all tests  make clean  remove what was built
# make bench   how fast a replay is against tshark and tcpdump, in one run (as root)
SHELL := /bin/bash
NODE_PATHS = $(wildcard $(CURDIR)/.node/npm/node_modules/.bin) $(wildcard $(CURDIR)/.node/node_modules/node-linux-*/bin) $(CURDIR)/node_modules/.bin
EMPTY :=
export PATH := $(subst $(EMPTY) $(EMPTY),:,$(strip $(NODE_PATHS))):$(PATH)

.PHONY: build demo test run-tests check bench clean setup setup-test

setup:
	@tools/setup.sh

setup-test:
	@tools/setup.sh test

build: setup
	@$(MAKE) --no-print-directory dist/main.js

dist/main.js: $(shell find src mappings -type f) tools/build.mjs package.json tsconfig.json tsconfig.build.json
	@npm run --silent build && touch $@

demo: build
	@bin/wardwire replay demo/hospital.pcapng --out wardwire-out --force

test: setup-test
	@$(MAKE) --no-print-directory dist/main.js check run-tests

run-tests:
	@vitest run

check:
	@biome check . && tsc -p tsconfig.json

bench: setup-test
	@$(MAKE) --no-print-directory dist/main.js
	@node --disable-warning=ExperimentalWarning test/bench/run.ts

clean:
	@rm -rf dist node_modules .node wardwire-out
