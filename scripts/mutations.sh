#!/usr/bin/env bash
# Shows that the simulator can fail: takes out the token check, the outbox insert and the reconciler, one at a
# time, in a copy of the tree, and expects the engine's tests to fail each time.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# A folder of its own: cargo tells a copy from the original by nothing but time stamps, and would take one for the other.
export CARGO_TARGET_DIR=$root/target/mutations

fresh() { rm -rf "${copy:?}"/*; (cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - --ignore-failed-read 2>/dev/null) | tar -C "$copy" -xf -; }

mutate() { # name, file, python expression from `s` to the mutated text
    fresh
    python3 - "$copy/$2" "$3" <<'PY'
import sys
path, expression = sys.argv[1:]
s = open(path).read()
mutated = eval(expression)
assert mutated != s, "the mutation does not apply"
open(path, "w").write(mutated)
PY
    echo "== without $1"
    (cd "$copy" && cargo test -q -p docmill-engine --test it --no-run)
    if (cd "$copy" && cargo test -q -p docmill-engine --test it simulator >"$copy/log" 2>&1); then
        echo "MISSED: the simulator passed without $1"
        exit 1
    fi
    grep -A2 -m1 panicked "$copy/log" || { tail -20 "$copy/log"; exit 1; }
    echo "caught: the simulator fails without $1"
}

mutate "the token check" crates/store/src/sqlite/claim.rs \
    's.replace("AND token = ? AND state = '"'running'"'\"", "AND ? IS NOT NULL\"")'
mutate "the outbox insert" crates/store/src/sqlite/claim.rs \
    's.replace("Ok(Some(Message { id, key, task_id: task, alone }))", "let message = Message { id, key, task_id: task, alone }; c.execute(\"DELETE FROM outbox WHERE id = ?\", [message.id])?; Ok(Some(message))")'
mutate "the reconciler" crates/store/src/sqlite/claim.rs \
    's.replace("WHERE o.epoch IS NOT ?1 ORDER", "WHERE o.epoch IS NULL AND ?1 IS NOT NULL ORDER")'
