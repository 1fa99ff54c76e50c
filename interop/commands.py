#!/usr/bin/env python3
"""The `celery` command must get from our worker what it gets from Python's.

    .venv/bin/python commands.py --binary target/release/celeriac-interop
    .venv/bin/python commands.py --record

Every inspect and control command of the command line, status, report, events, list and purge, asked of a worker with one task
running, one reserved, one with an ETA and one revoked, under --autoscale. commands.json holds what a Python worker says.
Compared are keys and types, and that lists that were not empty are not; `conf` may say more.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from celery_server import Celery
from server import Redis, Worker, wait

HERE = Path(__file__).resolve().parent
FILE = HERE / "commands.json"
NODE = "w1@example"
PYTHON = f"{sys.executable} -m celery -A tasks -b {{broker}} --result-backend {{backend}} worker -n {{node}} --autoscale=4,1 -l error -E"
RUST = "{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} --autoscale=4,1 -l error -E"
INSPECT = ["active", "active_queues", "clock", "conf", "memsample", "ping", "query_task running reserved later gone",
           "registered", "report", "reserved", "revoked", "scheduled", "stats"]
#: Rows in their order, since one command changes what the next finds; a row changes nothing for another.
CONTROL = [["add_consumer letters", "cancel_consumer letters"], ["autoscale 5 2", "pool_grow 1", "pool_restart"],
           ["disable_events", "enable_events", "heartbeat"],
           ["rate_limit fleet.wrap 10/m", "rate_limit fleet.wrap 0", "time_limit fleet.wrap 30 60"],
           ["revoke unknown", "revoke_by_stamped_headers name=value", "terminate KILL running"]]
#: Commands whose members are not the same on each machine or may be more.
MORE = {"inspect conf"}
#: Members of replies that are names themselves.
FREE = {"total", "alternates"}


class Scene:
    def __init__(self, server, template, log):
        self.url, self.command = server.url(0), Celery()
        os.environ.update(FLEET_BROKER=self.url, FLEET_RESULTS=server.url(1), FLEET_REDIS=server.url(2),
                          PYTHONPATH=str(HERE / "fleet"))
        sys.path.insert(0, str(HERE / "fleet"))
        import tasks
        self.tasks, self.app = tasks, tasks.app
        self.worker = Worker(template, log, node=NODE, broker=self.url, backend=server.url(1))
        wait(lambda: self.app.control.ping([NODE], timeout=0.5), 60, "the worker answers")

    def celery(self, *words, limit=60):
        return self.command.run(["-b", self.url, *words], limit)

    def inspect(self, method, *arguments):
        return getattr(self.app.control.inspect([NODE], timeout=1), method)(*arguments)[NODE]


def shape(value):
    """Keys and types of a reply."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value[:1]]
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def differences(expected, found, path, more=False):
    """Where a reply is not as Python's."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if path.rsplit(".", 1)[-1] in FREE:
            return [] if found else [f"{path} is empty"]
        told = [f"{path}.{key} is missing" for key in expected if key not in found]
        if not more:
            told += [f"{path}.{key} is not Python's" for key in found if key not in expected]
        for key in expected:
            if key in found:
                told += differences(expected[key], found[key], f"{path}.{key}", more)
        return told
    if isinstance(expected, list) and isinstance(found, list):
        if bool(expected) != bool(found):
            return [f"{path} is {'empty' if expected else 'not empty'}"]
        return differences(expected[0], found[0], f"{path}[]", more) if expected else []
    # What is not set here may be set there.
    if expected != found and not (more and "NoneType" in (expected, found)):
        return [f"{path} is {found}, not {expected}"]
    return []


def replies(text):
    """What `--json` printed: one object by node, or one object for each node."""
    merged = {}
    for line in text.strip().splitlines():
        told = json.loads(line)
        for one in told if isinstance(told, list) else [told]:
            merged.update(one)
    return merged


def play(template, log):
    """Everything that the command line said, as shapes."""
    said = {}
    with Redis() as server:
        scene = Scene(server, template, log)
        with scene.worker, scene.command:
            begin_work(scene)

            def ask(words):
                code, out, err = scene.celery(*words.split(), "-j", "-d", NODE)
                if code:
                    raise AssertionError(f"celery {words}: exit code {code}: {out} {err}")
                return words, shape(replies(out))

            def page(words):
                code, out, err = scene.celery(words)
                return words, {"code": code, "has": [part for part in ("OK", "1 node online", "software -> celery") if part in out]}

            with ThreadPoolExecutor(3) as several:
                pages = several.map(page, ("status", "report"))
                said.update(several.map(ask, [f"inspect {method}" for method in INSPECT]))
                said.update(pages)
                for row in several.map(lambda row: [ask(f"control {words}") for words in row], CONTROL):
                    said.update(row)
            wait(lambda: not scene.inspect("active") or scene.inspect("active")[0]["id"] != "running", 20, "the task is terminated")
            said["events"] = events(scene)
            code, out, _ = scene.celery("list", "bindings")
            said["list bindings"] = {"code": code}
            scene.app.send_task("fleet.wrap", (1, "x"), queue="elsewhere")
            code, out, _ = scene.celery("purge", "-f", "-Q", "elsewhere")
            said["purge"] = {"code": code, "has": re.findall(r"Purged 1 message", out)}
            code, out, _ = scene.celery("control", "shutdown", "-d", NODE)
            said["shutdown"] = {"code": scene.worker.process.wait(30)}
    return said


def begin_work(scene):
    sleep, wrap = scene.tasks.sleep, scene.tasks.wrap
    # Both places that autoscaling may fill are taken, so that what follows is reserved.
    for name in ("running", "running2", "running3", "running4"):
        sleep.apply_async((600,), task_id=name)
    wait(lambda: len(scene.inspect("active")) >= 1, 20, "tasks run")
    for number in range(8):
        wrap.apply_async((number, "reserved"), task_id="reserved" if not number else None)
    wrap.apply_async((1, "later"), task_id="later", countdown=3600)
    scene.app.control.revoke("gone")
    for method in ("active", "reserved", "scheduled", "revoked"):
        wait(lambda: scene.inspect(method), 30, f"something is {method}")


def events(scene):
    """Kinds of events, with the keys of each, that `celery events --dump` prints."""
    command = [sys.executable, "-u", "-m", "celery", "-b", scene.url, "events", "--dump"]
    dump = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/")
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(dump.stdout), daemon=True)
    reader.start()
    count = lambda part: sum(part in line for line in list(lines))
    try:
        wait(lambda: count("heartbeat"), 30, "the dump listens")
        for task_id in ("running2", "running3", "running4"):
            scene.app.control.revoke(task_id, terminate=True, signal="KILL")
        scene.tasks.wrap.delay(1, "good")
        scene.tasks.fail.delay(1, "bad")
        again = scene.tasks.retry.delay(1, "again", 1)
        again.get(timeout=20)
        wait(lambda: count("task revoked") == 3 and count("task failed") and count("task retried") and any(
            "task succeeded" in line and again.id in line for line in list(lines)), 20, "all is told")
    finally:
        dump.terminate()
        dump.wait()
        reader.join(10)
    kinds = {}
    for line in lines:
        found = re.match(r"\S+ \[.*?\] (task [a-z]+|[a-z ]*?)(?:: |\(| \(|\{|$)", line)
        if found:
            kind = found[1].strip()
            kinds.setdefault(kind, set()).update(re.findall(r"\b([a-z_]+)=", line) if kind != "heartbeat" else [])
    return {kind: sorted(keys) for kind, keys in sorted(kinds.items())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the interop worker")
    parser.add_argument("--record", action="store_true", help="write commands.json from a Python worker")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with open(options.log, "ab") as log:
        if options.record:
            FILE.write_text(json.dumps(play(PYTHON, log), indent=1, sort_keys=True) + "\n")
            return
        expected = json.loads(FILE.read_text())
        found = play(RUST.format(binary=Path(options.binary).resolve()), log)
    told = [line for name in expected for line in differences(expected[name], found.get(name), name, name in MORE)]
    for line in told:
        print(line)
    print(f"{len(expected)} commands, {len(told)} differences")
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
