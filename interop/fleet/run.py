#!/usr/bin/env python3
"""A fleet of Python and Rust workers on one queue must do what Python workers alone do.

    .venv/bin/python fleet/run.py --binary target/release/celeriac-interop [--count 60]
    .venv/bin/python fleet/run.py --record 1000

shapes.txt has a line for each shape: its seed, and what became of it with Python workers alone, three times alike: the
result and with it those of what came before, the calls of its links and errbacks, how many of its tasks ended in which
state, and what all that failed, failed with. With --record that file is written.
"""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from server import Redis, Worker, wait  # noqa: E402

FILE = HERE / "shapes.txt"
PYTHON = f"{sys.executable} -m celery -A tasks -b {{broker}} --result-backend {{backend}} worker -n {{node}} -c {{concurrency}} " \
         "-P prefork -l error --prefetch-multiplier 1"
RUST = "{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} -c {{concurrency}} -P {pool} -l error " \
       "--prefetch-multiplier 1"
#: The least part of the executions on each side.
SHARE = 0.3
#: How many shapes are under way together.
TOGETHER = 25
#: The outcome of what could not be sent or has not ended when nothing is left to do.
UNFINISHED = "unfinished"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Scene:
    """A Redis, its workers, and a client."""

    def __init__(self, server, workers, seconds, log):
        self.server = server
        os.environ.update(FLEET_BROKER=server.url(0), FLEET_RESULTS=server.url(1), FLEET_REDIS=server.url(2),
                          FLEET_SECONDS=str(seconds), BENCH_ACKS_LATE="1", PYTHONPATH=str(HERE))
        import tasks
        from shape import make
        self.app, self.make, self.notes = tasks.app, make, tasks.notes
        self.broker, self.results = server.client(0), server.client(1)
        self.workers = [Worker(template, log, concurrency=concurrency, broker=server.url(0), backend=server.url(1))
                        for template, concurrency in workers]
        nodes = {worker.node for worker in self.workers}
        wait(lambda: nodes <= {name for reply in self.app.control.ping(timeout=0.5) for name in reply}, 60, "the workers answer")

    def outcome(self, result):
        """What became of a task or group, and of all that came before it in its chain."""
        from celery.result import GroupResult
        if isinstance(result, GroupResult):
            return [self.outcome(child) for child in result.results]
        told = result.result
        if not result.ready():
            told = f"{UNFINISHED}: {result.state}"
        elif isinstance(told, Exception):
            told = {type(told).__name__: [ID.sub("ID", str(argument)) for argument in told.args]}
        return told if result.parent is None else {"after": self.outcome(result.parent), "is": told}

    def tasks(self, result, records, roots):
        """The ids of all tasks of a shape: those of its result, and what has one of them as its root, parent or child."""
        found, ahead = set(), [result.as_tuple()]
        while ahead:
            (id, parent), children = ahead.pop()
            found.add(id)
            ahead.extend([parent] if parent else [])
            ahead.extend(children or [])
        before = None
        while before != len(found):
            before = len(found)
            found.update(id for id, root in roots.items() if root in found)
            found.update(id for id, record in records.items() if record.get("parent_id") in found)
            found.update(child[0][0] for id in found & records.keys() for child in records[id]["children"] or [])
        return found

    def states(self, result, records, roots):
        """How many tasks of a shape ended in which state, and the failures among them by their text."""
        states, failures = collections.Counter(), collections.Counter()
        for record in (records[id] for id in self.tasks(result, records, roots) & records.keys()):
            states[record["status"]] += 1
            if record["status"] != "SUCCESS":
                told = record["result"]
                if isinstance(told, dict) and "exc_type" in told:
                    told = f"{told['exc_module']}.{told['exc_type']}{told['exc_message']}"
                failures[ID.sub("ID", str(told))] += 1
        return dict(sorted(states.items())), dict(sorted(failures.items()))

    def records(self):
        """All that is stored of tasks, by their ids."""
        keys = list(self.results.scan_iter("celery-task-meta-*", count=1000))
        records = map(json.loads, filter(None, self.results.mget(keys))) if keys else ()
        # What was stored of a group that failed as one has no task behind it, but the same form.
        return {record["task_id"]: record for record in records}

    def idle(self):
        """Nothing waits and nothing is held, and that stays so: a worker may have a message in its hands between the two."""
        for _ in range(5):
            if self.broker.llen("celery") or self.broker.hlen("unacked"):
                return False
            time.sleep(0.01)
        return True

    def run(self, seeds, limit):
        """The outcome of each shape, by its seed."""
        outcomes = {}
        for start in range(0, len(seeds), TOGETHER):
            part = seeds[start:start + TOGETHER]
            self.notes.delete("roots", *[f"notes:{seed}" for seed in part])
            self.results.flushdb()
            sent = []
            for seed in part:
                try:
                    sent.append((seed, self.make(seed, f"notes:{seed}").apply_async()))
                except AttributeError:
                    # Some nestings Celery's client cannot send.
                    outcomes[seed] = {"result": UNFINISHED}
            # Messages are acknowledged late, after all that follows from a task was sent.
            wait(self.idle, limit, "all is done")
            records = self.records()
            roots = {id.decode(): root.decode() for id, root in self.notes.hgetall("roots").items()}
            for seed, result in sent:
                states, failures = self.states(result, records, roots)
                calls = sorted(note.decode() for note in self.notes.lrange(f"notes:{seed}", 0, -1))
                outcomes[seed] = {"result": self.outcome(result), "calls": calls, "states": states}
                if failures:
                    outcomes[seed]["failures"] = failures
        return outcomes

    def close(self):
        for worker in self.workers:
            worker.stop()


def play(workers, seeds, seconds, limit, log):
    with Redis() as server:
        scene = Scene(server, workers, seconds, log)
        try:
            outcomes = scene.run(seeds, limit)
            sides = {side.decode(): int(n) for side, n in scene.notes.hgetall("sides").items()}
        finally:
            scene.close()
    return outcomes, sides


def agreed(count):
    """Outcomes by seed that are the same three times and complete: what Celery itself cannot finish is left out."""
    command = [sys.executable, __file__, "--once"]
    seeds = list(range(1, count + count // 2))
    kept = None
    for _ in range(3):
        told = subprocess.run(command, input=json.dumps(seeds), stdout=subprocess.PIPE, text=True, check=True).stdout
        outcomes = json.loads(told)
        kept = outcomes if kept is None else {s: o for s, o in kept.items() if outcomes.get(s) == o}
        kept = {s: o for s, o in kept.items() if UNFINISHED not in json.dumps(o)}
        seeds = [int(s) for s in kept]
        print(f"{len(kept)} agree", file=sys.stderr, flush=True)
    return dict(list(kept.items())[:count])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the interop worker")
    parser.add_argument("--pool", default="prefork")
    parser.add_argument("--count", type=int, default=60, help="shapes to run")
    parser.add_argument("--seconds", type=float, default=0.03, help="what a task takes at the least")
    parser.add_argument("--limit", type=float, default=60, help="seconds for the shapes that are under way together")
    parser.add_argument("--log", default=os.devnull, help="where the workers' output goes")
    parser.add_argument("--record", type=int, metavar="COUNT", help="write shapes.txt anew")
    parser.add_argument("--once", action="store_true", help="outcomes with Python alone of the seeds on standard input")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    log = open(options.log, "ab", buffering=0)
    if options.once:
        outcomes, _ = play([(PYTHON, 4)], json.load(sys.stdin), 0, options.limit, log)
        json.dump(outcomes, sys.stdout)
        sys.stdout.flush()
        # Results that are left unsubscribe when the interpreter ends, which fails then.
        os._exit(0)
    if options.record:
        outcomes = agreed(options.record).items()
        FILE.write_text("".join(f"{seed} {json.dumps(outcome, separators=(',', ':'))}\n" for seed, outcome in outcomes))
        return
    lines = [line.split(" ", 1) for line in FILE.read_text().splitlines()][:options.count]
    expected = {int(seed): json.loads(outcome) for seed, outcome in lines}
    rust = RUST.format(binary=Path(options.binary).resolve(), pool=options.pool)
    begun = time.monotonic()
    outcomes, sides = play([(PYTHON, 4), (rust, 2)], list(expected), options.seconds, options.limit, log)
    # Not all lines tell the states.
    outcomes = {seed: {part: outcomes[seed].get(part) for part in expected[seed]} for seed in expected}
    wrong = [seed for seed in expected if outcomes[seed] != expected[seed]]
    for seed in wrong:
        print(f"seed {seed}\n  python alone: {json.dumps(expected[seed])}\n  together:     {json.dumps(outcomes[seed])}")
    total = sum(sides.values())
    shares = {side: round(sides.get(side, 0) / total, 3) for side in ("python", "rust")}
    print(f"{len(expected) - len(wrong)} of {len(expected)} shapes as with Python alone, {total} executions, {shares}, "
          f"{time.monotonic() - begun:.0f} s")
    sys.exit(1 if wrong or min(shares.values()) < SHARE else 0)


if __name__ == "__main__":
    main()
