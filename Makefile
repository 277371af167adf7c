# Pinned versions: the only place that names them. The tests run on the newest
# release of the oldest line of Salt and of the newest, and in part on the line
# between them.
SALT_VERSIONS     := 3006.30 3008.5
SALT_BETWEEN      := 3007.17
SALT_DEMO_VERSION := 3008.5
CHERRYPY_VERSION  := 18.10.0
PEPPER_VERSION    := 0.7.6
VDK_VERSION       := 0.1.1431637373
GOLANGCI_VERSION  := 2.15.0
GOVULN_VERSION    := 1.9.0
SBOM_VERSION      := 1.9.0

# A distribution's Python is built with profile-guided optimisation; one that a version
# manager has compiled, first in PATH, often is not, and Salt takes longer in it.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null && echo /usr/bin/python3 || echo python3)
endif
FUZZTIME ?= 30s
RELEASE_ARCHS := amd64 arm64
RELEASE  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

WORK := $(CURDIR)/.work
BIN  := $(WORK)/bin
SALT_STAMPS := $(patsubst %,$(WORK)/salt-%/.installed,$(SALT_VERSIONS) $(SALT_BETWEEN))
TOKEN_CLIENT_STAMPS := $(WORK)/vdk-venv/.vdk-$(VDK_VERSION) $(WORK)/govcd/.built
CLIENT_STAMPS := $(WORK)/clients-venv/.installed $(WORK)/clients-node/.installed

# Packages whose tests start real masters, and all others.
REAL    = $(patsubst $(CURDIR)/%,%,$(shell go list -f '{{.Dir}}' ./... | grep -E '/(e2e|sandbox)(/|$$)' | grep -vE '/(bench|clients|crowd|env|envtest|gateway|sandboxtest|tokenclients)$$'))
# Those whose tests start servers of others or a crowd of clients, and those that do not.
STORES  = $(shell go list ./deploy ./e2e/crowd ./e2e/gateway; go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | \
	grep -E '/(pgtest|redistest)( |$$)' | cut -d' ' -f1 | grep -vE '/(e2e|sandbox)(/|$$)')
UNIT    = ./e2e/bench ./e2e/envtest ./saltmaster/sandbox/sandboxtest \
	$(filter-out $(STORES),$(shell go list ./... | grep -vE '/(e2e|sandbox)(/|$$)'))
# Those that wait longer than they compute begin first: others run meanwhile.
WAITING := ./lowstate ./server/web/certs ./server/netapi
TEST_FILES = $(shell go list -f '{{range .TestGoFiles}}{{$$.Dir}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$.Dir}}/{{.}} {{end}}' ./...)

# A part that cannot run fails instead of being skipped.
STRICT := SALTERN_SALT=$(WORK) SALTERN_REQUIRE_SALT=1 SALTERN_REQUIRE_PAM=1 SALTERN_REQUIRE_NGINX=1 SALTERN_REQUIRE_REDIS=1 \
	SALTERN_REQUIRE_POSTGRES=1 SALTERN_REQUIRE_TOKEN_CLIENTS=1 SALTERN_VDK=$(WORK)/vdk-venv/bin/python
# Everything runs with the race detector, but for SQLite itself: it is C, translated to
# Go, whose memory is not that of the Go runtime, so that the detector looks at each
# access and knows nothing of it, for half of the time of such tests. Its driver
# and its libc have the detector, without the checks of pointer arithmetic that come
# with it.
export RACE := -race -gcflags=modernc.org/...=-d=checkptr=0 -gcflags=modernc.org/sqlite/lib=-race=false
# Tests that wait for something do so at the same time, more of them than there are
# cores. go test's own checks of go vet are left out: make lint runs all of go vet on
# all packages and their tests. Nobody debugs these programs: without what a debugger
# reads, linking one takes half of the time.
GOTEST := go test $(RACE) -ldflags '-s -w' -vet=off -parallel 8

# Tests keep their temporary files in memory, and the go command does not.
test test-unit test-stores test-salt test-clients: export GOTMPDIR := $(or $(GOTMPDIR),$(TMPDIR),/tmp)
test test-unit test-stores test-salt test-clients: export TMPDIR := $(shell e2e/tmpdir.sh)

# A program with the race detector in it sleeps for a second before it ends.
export GORACE := atexit_sleep_ms=50

export GOTOOLCHAIN := local
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test test-unit test-stores test-salt salt-news test-clients clients fuzz bench lint demo demo-stop release salt deps clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/saltern
	go build -trimpath -ldflags '-s -w -X main.version=$(RELEASE)' -o bin/saltern ./cmd/saltern || \
		{ echo 'if a header is missing, make deps installs it'; exit 1; }

test: deps salt $(TOKEN_CLIENT_STAMPS) ## run every test, with real masters and the race detector
	@deploy/deps.sh test
	$(STRICT) SALTERN_SALT_VERSIONS='$(SALT_VERSIONS)' $(GOTEST) -p 4 -timeout 10m $(WAITING) $(STORES) $(UNIT)
	@$(STRICT) MAKE='$(MAKE)' e2e/releases.sh $(WORK) '$(SALT_VERSIONS)' '$(REAL) clients' $(SALT_BETWEEN)

test-unit: ## run the tests that need no Salt and no other server
	env -u SALTERN_SALT $(GOTEST) -p 4 -timeout 10m $(WAITING) $(UNIT)

test-stores: ## run those with Redis, PostgreSQL, nginx and many clients at once
	@deploy/deps.sh test
	env -u SALTERN_SALT SALTERN_REQUIRE_NGINX=1 SALTERN_REQUIRE_REDIS=1 SALTERN_REQUIRE_POSTGRES=1 $(GOTEST) -p 4 -timeout 10m $(STORES)

# A whole version is one of the package index, installed when it is not there; a
# part of one is a pinned one.
VERSION_TESTED = $(if $(VERSION),$(or $(filter $(VERSION)%,$(SALT_VERSIONS) $(SALT_BETWEEN)),$(VERSION)),$(SALT_VERSIONS))
test-salt: $(TOKEN_CLIENT_STAMPS) ## run the real-master tests, of one version only with VERSION=3008 or VERSION=3008.5
	@$(MAKE) --no-print-directory $(VERSION_TESTED:%=$(WORK)/salt-%/.installed) $(WORK)/salt-$(SALT_BETWEEN)/.installed # with a syndic of the line between
	@$(STRICT) MAKE='$(MAKE)' e2e/releases.sh $(WORK) '$(VERSION_TESTED)' '$(REAL)'

salt-news: ## run the seed and the differential suites on releases that are newer than the pinned ones
	@$(STRICT) e2e/salt-news.sh $(WORK) '$(SALT_VERSIONS) $(SALT_BETWEEN)'

test-clients: salt clients ## run pepper, SUSE's Java client, a browser and others against Saltern
	$(STRICT) SALTERN_REQUIRE_CHROMIUM=1 SALTERN_SALT_VERSIONS='$(filter $(VERSION)%,$(SALT_VERSIONS))' \
		SALTERN_PYTHON_CLIENTS=$(WORK)/clients-venv SALTERN_NODE_CLIENTS=$(WORK)/clients-node \
		SALTERN_JAVA_CLIENT=$$(test ! -e $(WORK)/java/.built || echo $(WORK)/java) \
		$(GOTEST) -count=1 -timeout 25m ./e2e/clients

clients: # what test-clients needs
	@deploy/deps.sh clients
	@$(MAKE) --no-print-directory $(CLIENT_STAMPS)
	@if command -v mvn >/dev/null && command -v java >/dev/null; then $(MAKE) --no-print-directory $(WORK)/java/.built; \
		else echo "SUSE's Java client is not tested: there is no Java with Maven here (Debian: apt-get install openjdk-17-jdk-headless maven)"; fi

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@set -e; grep -Ho '^func Fuzz[A-Za-z0-9_]*' $(TEST_FILES) | while IFS=: read -r file func; do \
		name=$${func#func }; echo "== $$name, $(FUZZTIME)"; \
		go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x </dev/null; \
	done

bench: salt build ## compare Saltern, salt-api and the bare wire on one master
	go run ./e2e/bench --salt $(WORK)/salt-$(SALT_DEMO_VERSION)
	@echo; echo "Many clients, many minions and large answers, before a stand-in master:"
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./e2e/crowd
	@echo; echo "msgpack to JSON, on one core:"
	go test -run '^$$' -bench AppendJSON -cpu 1 ./saltmaster/msgpack
	@echo; echo "Returns recorded from the event bus:"
	go test -run '^$$' -bench Recorder -benchtime 1x ./records/recorder
	@echo; echo "Pages of 1,000,000 recorded returns of 100,000 jobs, over HTTP:"
	go test -run '^$$' -bench Pages -benchtime 1x -timeout 20m ./server/jobs ./server/rpc

lint: build $(BIN)/golangci-lint-$(GOLANGCI_VERSION) $(BIN)/govulncheck-$(GOVULN_VERSION) ## golangci-lint, retired words, the systemd unit, govulncheck
	@.ci/words
	$(BIN)/golangci-lint run ./...
	cd e2e/tokenclients/govcd && $(BIN)/golangci-lint run ./...
	@if command -v systemd-analyze >/dev/null; then deploy/check-unit.sh $(CURDIR)/bin/saltern; \
		else echo "the systemd unit was not checked: there is no systemd-analyze here"; fi
	@out=$$($(BIN)/govulncheck ./... 2>&1) && { echo "$$out"; exit 0; }; code=$$?; echo "$$out"; \
		case $$out in *"fetching vulnerabilities"*) \
			echo "govulncheck did not run: its database cannot be reached from here";; \
		*) exit $$code;; esac

demo: deps $(WORK)/salt-$(SALT_DEMO_VERSION)/.installed build ## a private master, four minions and Saltern to try (DETACH=1 leaves it up)
	bin/saltern demo --salt $(WORK)/salt-$(SALT_DEMO_VERSION) $(if $(DETACH),--detach)

demo-stop: ## stop a detached demo
	bin/saltern demo --stop

release: $(BIN)/cyclonedx-gomod-$(SBOM_VERSION) ## archives, sums and SBOMs of a tagged, clean checkout into dist/
	deploy/release.sh dist $(BIN)/cyclonedx-gomod $(RELEASE_ARCHS)

salt: ## install the pinned Salts into .work/salt-<version>, at the same time
	@all=; for stamp in $(SALT_STAMPS); do $(MAKE) -s --no-print-directory $$stamp & all="$$all $$!"; done; \
	failed=0; for one in $$all; do wait $$one || failed=1; done; exit $$failed

deps: ## install the system packages that are missing, or say which
	@deploy/deps.sh build

clean: ## remove what make made, the installed Salts included
	rm -rf bin dist .work

# One virtual environment per Salt.
$(WORK)/salt-%/.installed:
	@e2e/install-salt.sh $(@D) $* $(CHERRYPY_VERSION) $(PEPPER_VERSION) && touch $@

# A client of Cloud Services that is in use.
$(WORK)/vdk-venv/.vdk-$(VDK_VERSION):
	@mkdir -p $(WORK)
	@cd $(WORK) && \
	check='from importlib.metadata import version as v; assert v("vdk-control-api-auth") == "$(VDK_VERSION)"'; \
	if vdk-venv/bin/python -c "$$check" 2>/dev/null; then touch $@; exit 0; fi; \
	echo "installing vdk-control-api-auth $(VDK_VERSION) into $(WORK)/vdk-venv"; \
	$(CURDIR)/e2e/venv.sh $(PYTHON) $(WORK)/vdk-venv || exit 1; \
	pip="vdk-venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input vdk-control-api-auth==$(VDK_VERSION)"; \
	$$pip || { echo "once more"; sleep 5; $$pip; } || { echo "pip could not install vdk-control-api-auth"; exit 1; }; \
	vdk-venv/bin/python -c "$$check" && touch $@

# Cloud Director's library and the program that calls it. The tests build it
# themselves, of what this has downloaded.
$(WORK)/govcd/.built: $(wildcard e2e/tokenclients/govcd/*)
	@mkdir -p $(@D)
	cd e2e/tokenclients/govcd && go build -trimpath -o $(@D)/govcd .
	@touch $@

# Programs of Python's and Node's registries that speak to a salt-api.
$(WORK)/clients-venv/.installed: e2e/clients/python/requirements.txt
	@mkdir -p $(WORK)
	@echo "installing $(notdir $<) of e2e/clients/python into $(@D)"; \
	e2e/venv.sh $(PYTHON) $(@D) || exit 1; \
	pip="$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r $<"; \
	$$pip || { echo "once more"; sleep 5; $$pip; } || { echo "pip could not install $<"; exit 1; }; \
	touch $@

$(WORK)/clients-node/.installed: e2e/clients/node/package.json e2e/clients/node/package-lock.json
	@echo "installing e2e/clients/node/package.json into $(@D)"; \
	rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)/ && \
	{ npm ci --prefix $(@D) --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null || \
		{ echo "npm could not install $<"; exit 1; }; } && touch $@

# SUSE's client and the program that calls it.
$(WORK)/java/.built: e2e/clients/java/pom.xml $(shell find e2e/clients/java -name '*.java')
	mvn -q -B -f e2e/clients/java/pom.xml -Dout=$(WORK)/java compile && touch $@

# Built from source: the linter must be built with the Go that compiles the code.
$(BIN)/golangci-lint-$(GOLANGCI_VERSION):
	@$(BIN)/golangci-lint version 2>/dev/null | grep -q 'version $(GOLANGCI_VERSION) ' || \
		{ echo "building golangci-lint $(GOLANGCI_VERSION)"; \
		GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION); }
	@touch $@

$(BIN)/govulncheck-$(GOVULN_VERSION):
	@$(BIN)/govulncheck -version 2>/dev/null | grep -q 'govulncheck@v$(GOVULN_VERSION)$$' || \
		{ echo "building govulncheck $(GOVULN_VERSION)"; \
		GOBIN=$(BIN) go install golang.org/x/vuln/cmd/govulncheck@v$(GOVULN_VERSION); }
	@touch $@

$(BIN)/cyclonedx-gomod-$(SBOM_VERSION):
	@$(BIN)/cyclonedx-gomod version 2>/dev/null | grep -q 'v$(SBOM_VERSION)' || \
		{ echo "building cyclonedx-gomod $(SBOM_VERSION)"; \
		GOBIN=$(BIN) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v$(SBOM_VERSION); }
	@touch $@
