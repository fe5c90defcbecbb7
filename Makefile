# `make` prints what there is to make.
SHELL := /bin/bash
TOOLS ?= $(or $(TLSWHY_TOOLS),$(HOME)/.cache/tlswhy-tools)
export PATH := $(TOOLS)/bin:$(PATH)
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 20s

.PHONY: help build demo check lint test race e2e score fuzz bench generate deps man ci tools servers release clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the program, as ./tlswhy
	go build -trimpath -ldflags '-s -w -X github.com/tlswhy/tlswhy.version=$(VERSION)' -o tlswhy ./cmd/tlswhy

demo: ## start every broken endpoint on this machine and diagnose each
	go run ./cmd/tlswhy lab --check

check: lint test ## what to run before a commit

lint: tools ## formatting, vet, linters, generated files
	scripts/lint.sh

test: ## unit tests
	go test ./internal/... .

race: ## unit tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race ./internal/... .

e2e: ## real servers and clients, installed by `make servers`
	go test -count=1 -timeout 30m ./e2e

score: ## predictions held against real clients, installed where missing
	scripts/score-clients.sh

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

bench: ## the benchmarks, with peers side by side, into bench/RESULTS.md
	bench/run.sh

generate: ## compile the data files
	go generate ./...

deps: ## write deps.txt, the modules linked into the program
	go test -run TestDependencies . -update

man: ## the manual page, man/tlswhy.1
	mkdir -p man && go run -ldflags '-X github.com/tlswhy/tlswhy.version=$(VERSION)' ./internal/cli/genman > man/tlswhy.1

ci: ## all that CI does
	scripts/test.sh

tools: ## linters, at fixed versions
	@scripts/ci-tools.sh >/dev/null

servers: ## real servers and clients from Debian and npm
	scripts/install-servers.sh

release: ## archives for five systems, in dist/
	scripts/release.sh $(VERSION)

clean:
	rm -rf tlswhy man dist
