# Everything a developer needs: `make test` installs what the tests need, starts it and runs them all.
SHELL := /bin/bash
.PHONY: test check tools bench soak fmt

test: tools
	cargo test --workspace

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/check_links.sh

# Redis and Python are the only things from outside; both are skipped loudly where they cannot be installed.
tools:
	scripts/install_tools.sh

fmt:
	cargo fmt --all

# Whole-program measurements; DOCMILL_DATA names a folder of real documents, DOCMILL_CORPORA one of annotated corpora.
bench:
	bench/run

# Long proofs: the kill test at a hundred moments, the fold in a thousand orders, the mutations of the simulator, large
# files and piles, the worker beside Python's.
soak:
	cargo build --release
	DOCMILL_KILLS=100 DOCMILL_BINARY=$(CURDIR)/target/release/docmill cargo test -p docmill --test it kill -- --nocapture
	DOCMILL_SHUFFLES=1000 cargo test --release -p docmill-engine --test it fold::
	scripts/mutations.sh
	scripts/large.sh
	interop/soak.sh
