#!/usr/bin/env python3
"""Every control command, with good arguments and bad, must get from our worker what Python's was recorded to say.

    .venv/bin/python control.py --binary target/release/celeriac-interop

The cases and the state of the worker are those of record_control.py, whose record is crates/celeriac/tests/golden/control.json.
What a command says of itself (`ok`, `error`) is compared word by word, lists and tables by keys and types.
"""
import argparse
import json
import os
import shlex
import signal
import sys
from pathlib import Path

import record_control
from commands import differences
from commands import shape as plain_shape
from server import Redis

GOLDEN = Path(__file__).resolve().parent.parent / "crates/celeriac/tests/golden/control.json"
RUST = "{binary} worker -b {url} --result-backend {url} -n {node} -l ERROR -E --without-mingle"
#: Commands whose words depend on the machine and the moment.
WORDS_DIFFER = {"report"}
#: Tables that may say more.
MORE = {"conf", "dump_conf"}
#: Arguments that are looked at here and are not there, in the state that was recorded; and a tool that is not there.
NOT_COMPARED = {("pool_shrink", '{"n": "x"}'), ("objgraph", '{"more": 1}')}


def shape(reply):
    """Keys and types; where a task is, next to what it is, is no list of the same."""
    if isinstance(reply, dict):
        return {key: shape(member) for key, member in reply.items()}
    if isinstance(reply, list) and len(reply) == 2 and isinstance(reply[0], str) and isinstance(reply[1], dict):
        return {"is": "str", "task": shape(reply[1])}
    if isinstance(reply, list):
        return [shape(member) for member in reply[:1]]
    return plain_shape(reply)


def compare(expected, found, path):
    command, theirs, ours = expected["command"], expected["reply"], found["reply"]
    words = isinstance(theirs, dict) and ("ok" in theirs or "error" in theirs)
    if words and command not in WORDS_DIFFER:
        return [] if theirs == ours else [f"{path}: {ours}, not {theirs}"]
    if expected["arguments"].get("with_defaults"):
        # Python also shows what is for its other backends and schedulers, and times that are days there.
        theirs = {key: value for key, value in theirs.items() if key in ours and key != "result_expires"}
    return differences(shape(theirs), shape(ours), path, command in MORE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the interop worker")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    golden, told, asked = json.loads(GOLDEN.read_text()), [], 0
    with Redis() as server, open(options.log, "ab") as log:
        url = server.url(0)
        record_control.app.conf.update(broker_url=url, result_backend=url)
        for part, flags, cases in record_control.PARTS:
            command = shlex.split(RUST.format(binary=Path(options.binary).resolve(), url=url, node=record_control.NODE))
            for expected, found in zip(golden[part], record_control.record(url, command + flags, cases, log), strict=True):
                case = (expected["command"], json.dumps(expected["arguments"]))
                asked += 1
                if case not in NOT_COMPARED:
                    told += compare(expected, found, f"{part}: {' '.join(case)}")
    for line in told:
        print(line)
    print(f"{asked} requests, {len(told)} differences")
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
