#!/usr/bin/env bash
# The worker beside Python's at length: Celery's own suite three times in a row and once for each other pool, a mixed
# fleet over a thousand shapes, and every kind of kill. Logs go to the folder that SOAK_LOGS names.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet -p celeriac-interop
interop/venv.sh
python=interop/.venv/bin/python
binary=${CARGO_TARGET_DIR:-target}/release/celeriac-interop
logs=${SOAK_LOGS:-$(mktemp -d)}
mkdir -p "$logs"
run() {
    echo "== $*"
    "$python" "$@" --binary "$binary"
}
{
    run interop/suite/run.py --times 3 --out "$logs/suite"
    for pool in async threads solo; do
        run interop/suite/run.py --pool "$pool" --out "$logs/suite-$pool"
    done
    run interop/fleet/run.py --count 1000 --log "$logs/fleet.log"
    for seed in 1 2 3; do
        run interop/kill.py workers --seed "$seed"
    done
    run interop/kill.py idle -n 200
    run interop/kill.py redis
    run interop/commands.py
    run interop/control.py
    run interop/flower.py
} 2>&1 | tee "$logs/soak.txt"
