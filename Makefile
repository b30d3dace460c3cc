# SPDX-License-Identifier: Apache-2.0

# What the dependencies link on top of the Swift toolchain and what that links itself (Debian 12 names); musl is what
# attache-exec and attache-hook are linked with.
SYSTEM_PACKAGES = binutils ca-certificates git libarchive-dev libc6-dev libgcc-12-dev libsqlite3-dev libssl-dev libstdc++-12-dev musl-dev tzdata zlib1g-dev
# What the tests run beside the programs: a compiler for probes, other users and namespaces, other HTTP clients, a list
# of system calls, servers of TLS, of HTTP/2 and of mail, a place for the Python SDKs.
TEST_PACKAGES = curl gcc libc6-dev openssl python3-aiosmtpd python3-h2 python3-venv strace util-linux
# The container engines that `make engines` starts.
ENGINE_PACKAGES = busybox-static catatonit conmon containerd crun curl docker.io jq podman python3 runc tini util-linux
# What the benchmarks measure themselves against.
BENCH_PACKAGES = age etcd-server gcc nginx-light openssl s6 tini

# How long `make fuzz` looks at each parser.
SECONDS = 60

SWIFT = swift
# So many tests at a time that their vaults fit in 1,024 open files, the usual limit of a process.
TEST = $(SWIFT) test --skip-build --parallel --experimental-maximum-parallelization-width 12
PREFIX = /usr/local
RELEASE = --configuration release
# A binary for users carries Swift's runtime. attache-exec and attache-hook are static in full by their own settings in
# Package.swift, and Embedded Swift does not build with this flag.
STATIC = $(RELEASE) --static-swift-stdlib

.DEFAULT_GOAL := help
.PHONY: help system-packages test-packages bench-packages check build test attacks faults fuzz release run bench engines engine-packages install clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

system-packages: ## install the Debian packages that are missing
	@.ci/system-packages $(SYSTEM_PACKAGES)

bench-packages:
	@.ci/system-packages $(BENCH_PACKAGES)

check: ## formatting, layers, pages; seconds, before every commit
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	.ci/check-layers
	.ci/check-docs

build: system-packages ## build for development
	$(SWIFT) build

test-packages:
	@.ci/system-packages $(TEST_PACKAGES)

test: system-packages test-packages ## build everything and run every test
	$(SWIFT) build --build-tests
	$(TEST) --skip 'EndToEndTests|ExecTests'
	$(TEST) --filter 'EndToEndTests|ExecTests'

engine-packages:
	@.ci/system-packages $(ENGINE_PACKAGES)

engines: build engine-packages ## real container engines with attache-hook: a table, engine by feature
	@Tests/Engines/run "$$($(SWIFT) build --show-bin-path)" $(ENGINES)

fuzz: system-packages ## throw made-up input at every parser, SECONDS=60 each; FUZZERS="…" for some
	.ci/fuzz $(SECONDS) $(FUZZERS)

attacks: system-packages test-packages ## the known attacks on the proxy, against a real server; says how many were stopped
	$(SWIFT) build --build-tests
	$(TEST) --filter 'EndToEndTests.AttackTests|ProxyRulesTests|CredentialProxyTests'

faults: system-packages test-packages ## the faults of disk and machine at length: minutes
	$(SWIFT) build --build-tests
	ATTACHE_FAULTS=1 ATTACHE_KILL_ROUNDS=500 $(TEST) \
		--filter 'FaultTests|KillTests|KeyTests|BackupTests|RotationTests|TamperTests|FullDiskTests|SealedColumnTests|UpgradeTests'

release: system-packages ## build for users
	$(SWIFT) build $(STATIC) --product attache
	$(SWIFT) build $(RELEASE) --product attache-hook
	$(SWIFT) build $(RELEASE) --product attache-exec
	$(SWIFT) build $(RELEASE) --product attache-exec-tls

run: build ## show the whole path, from a .env file to two processes that have its values
	@packaging/demo/run "$$($(SWIFT) build --show-bin-path)"

bench: bench-packages release ## measure, on a quiet machine
	ATTACHE_BENCH=1 $(SWIFT) build $(STATIC) --product Benchmarks
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/Benchmarks"

install: release ## install the programs below PREFIX (/usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	cd "$$($(SWIFT) build $(RELEASE) --show-bin-path)" && install --strip attache attache-exec attache-exec-tls attache-hook "$(DESTDIR)$(PREFIX)/bin"
	ln -sf attache-hook "$(DESTDIR)$(PREFIX)/bin/attache-runtime"
	ln -sf attache "$(DESTDIR)$(PREFIX)/bin/attache-provider"
	ln -sf attache "$(DESTDIR)$(PREFIX)/bin/docker-credential-attache"

clean: ## remove what was built
	$(SWIFT) package clean
