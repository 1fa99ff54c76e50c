#!/usr/bin/env bash
# What is large: single documents far past the usual and a pile of very many, with bounds on memory and on time.
# Takes minutes and some 3 GB of disk below the target folder: scripts/large.sh [CASE...]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet -p docmill
cargo build --release --locked --quiet -p docmill-testkit --example long_pdf
exec python3 scripts/large.py "$@"
