#!/usr/bin/env python3
"""Our worker against Celery's on the same Redis in the same run, in turns.

    .venv/bin/python bench.py --binary target/release/celeriac-interop [--rounds 3] [--short]

Messages lie in the queue before the worker starts, so that neither producer nor start counts. The clock and the CPU count
from the first message taken to the last one done. CPU is that of the worker with its children; memory is PSS.
"""
import argparse
import json
import os
import signal
import statistics
import sys
import time
from pathlib import Path

import psutil

from envelope import envelope
from server import Redis, Worker, wait

HERE = Path(__file__).resolve().parent
CELERY = (f"{sys.executable} -m celery -A bench_tasks -b {{broker}} --result-backend {{backend}} worker -n {{node}} "
          "-c {concurrency} -P {pool} -l error --prefetch-multiplier {multiplier} --without-mingle")
OURS = ("{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} -c {{concurrency}} -P {{pool}} -l error "
        "--prefetch-multiplier {{multiplier}} --without-mingle")


class Family:
    """A worker's processes: what they took together."""

    def __init__(self, worker):
        self.root = psutil.Process(worker.process.pid)

    def total(self, of):
        sum_ = 0
        for process in [self.root, *self.root.children(recursive=True)]:
            try:
                sum_ += of(process)
            except psutil.NoSuchProcess:
                pass
        return sum_

    def cpu(self):
        return self.total(lambda p: sum(p.cpu_times()[:4]))

    def pss(self):
        return self.total(lambda p: p.memory_full_info().pss) / 1e6


class Bench:
    def __init__(self, server, template, log):
        self.server, self.template, self.log = server, template, log
        self.broker, self.results = server.client(0), server.client(1)

    def worker(self, multiplier=4, pool="prefork", concurrency=2):
        env = {"PYTHONPATH": str(HERE), "BENCH_REDIS": self.server.url(2)}
        return Worker(self.template, self.log, env, broker=self.server.url(0), backend=self.server.url(1),
                      concurrency=concurrency, pool=pool, multiplier=multiplier)

    def put(self, count, task="bench.noop", args=(), stored=False, last_stored=True):
        """Fills the queue; the id of the last message, which always has a result."""
        made = [envelope(task, list(args), ignore_result=not stored)[1] for _ in range(count - 1)]
        task_id, message = envelope(task, list(args), ignore_result=False)
        made.append(message)
        for start in range(0, len(made), 500):
            self.broker.lpush("celery", *made[start:start + 500])
        return task_id

    def clean(self):
        self.broker.flushall()
        time.sleep(0.1)

    def done(self, task_id, limit=300):
        wait(lambda: self.results.exists(f"celery-task-meta-{task_id}"), limit, "the last task is done")

    def commands(self):
        return self.broker.info("stats")["total_commands_processed"]

    def rate(self, count, stored, multiplier):
        self.clean()
        last = self.put(count, stored=stored)
        most = [0]
        with self.worker(multiplier) as worker:
            wait(lambda: self.broker.llen("celery") < count, 60, "a message is taken")
            family, begun = Family(worker), time.monotonic()
            cpu, commands, looks = family.cpu(), self.commands(), 0
            while self.broker.llen("celery") or self.broker.hlen("unacked") or not self.results.exists(f"celery-task-meta-{last}"):
                most[0], looks = max(most[0], self.broker.hlen("unacked")), looks + 4
                time.sleep(0.02)
            seconds = time.monotonic() - begun
            used, asked = family.cpu() - cpu, self.commands() - commands - looks
            worker.stop()
        return {"cpu_us": used / count * 1e6, "per_s": count / seconds, "commands": asked / count, "held_at_most": most[0]}

    def latency(self, trips):
        import bench_tasks
        self.clean()
        bench_tasks.app.conf.update(broker_url=self.server.url(0), result_backend=self.server.url(1))
        with self.worker() as worker:
            for _ in range(20):
                bench_tasks.add.delay(2, 3).get(timeout=60)
            client = []
            for _ in range(trips):
                begun = time.perf_counter()
                assert bench_tasks.add.delay(2, 3).get(timeout=20) == 5
                client.append((time.perf_counter() - begun) * 1e3)
            raw, listening = [], self.results.pubsub(ignore_subscribe_messages=False)
            for _ in range(trips):
                task_id, message = envelope("bench.add", [2, 3])
                listening.subscribe(f"celery-task-meta-{task_id}")
                listening.get_message(timeout=5)
                begun = time.perf_counter()
                self.broker.lpush("celery", message)
                while listening.get_message(timeout=5)["type"] != "message":
                    pass
                raw.append((time.perf_counter() - begun) * 1e3)
                listening.unsubscribe()
                listening.get_message(timeout=5)
            worker.stop()
        bench_tasks.app.backend.client.connection_pool.disconnect()
        return {"client_p50_ms": statistics.median(client), "raw_p50_ms": statistics.median(raw)}

    def start(self):
        self.clean()
        last = self.put(1)
        begun = time.monotonic()
        with self.worker() as worker:
            self.done(last)
            took = time.monotonic() - begun
            worker.stop()
        return {"first_task_ms": took * 1e3}

    def memory(self, counts):
        self.clean()
        with self.worker(64) as worker:
            self.done(self.put(1))
            time.sleep(1)
            told = {"idle_mb": Family(worker).pss()}
            for count in counts:
                self.done(self.put(count), 600)
                time.sleep(1)
                told[f"after_{count}_mb"] = Family(worker).pss()
            worker.stop()
        return told

    def idle(self, seconds):
        self.clean()
        with self.worker() as worker:
            self.done(self.put(1))
            time.sleep(2)
            family = Family(worker)
            cpu = family.cpu()
            time.sleep(seconds)
            used = family.cpu() - cpu
            worker.stop()
        return {"idle_cpu_percent": used / seconds * 100}

    def waiting(self):
        """1,000 tasks that wait 100 ms, all at once."""
        self.clean()
        with self.worker(1, "async", 1000) as worker:
            self.done(self.put(1))
            begun = time.monotonic()
            for _ in range(1):
                self.put(1000, "bench.sleep", [0.1], stored=True)
            wait(lambda: self.results.dbsize() >= 1001, 30, "all have waited")
            took = time.monotonic() - begun
            worker.stop()
        return {"thousand_waits_ms": took * 1e3}


def compare(report, name, both, rounds):
    """Runs ours and Celery's in turns, and tells medians and how often better ours is."""
    rows = {side: [] for side in both}
    for _ in range(rounds):
        for side, run in both.items():
            rows[side].append(run())
    middle = {side: {key: statistics.median(row[key] for row in told) for key in told[0]} for side, told in rows.items()}
    for side, told in middle.items():
        report(f"{name} {side}: " + ", ".join(f"{key} {value:.4g}" for key, value in told.items()))
    if len(middle) == 2:
        for key, value in middle["ours"].items():
            base = middle["celery"][key]
            if base and value:
                report(f"{name} {key}: ours / celery = {value / base:.4g}, celery / ours = {base / value:.4g}")
    return middle


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="few messages, one round: to see that it runs")
    parser.add_argument("--only", help="comma list of rate latency start memory idle waiting")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ours_n, celery_n, rounds = (20_000, 1000, 1) if options.short else (200_000, 5000, options.rounds)
    wanted = (options.only or "rate,latency,start,memory,idle,waiting").split(",")
    report = lambda line: print(line, flush=True)
    with Redis() as server, open(options.log, "ab") as log:
        sides = {"celery": Bench(server, CELERY, log), "ours": Bench(server, OURS.format(binary=Path(options.binary).resolve()), log)}
        each = lambda run: {side: (lambda bench=bench, side=side: run(bench, side)) for side, bench in sides.items()}
        if "rate" in wanted:
            for multiplier in (4, 64):
                for stored in (False, True):
                    name = f"{'stored' if stored else 'ignored'}, multiplier {multiplier}"
                    told = compare(report, name, each(lambda b, s: b.rate(ours_n if s == "ours" else celery_n, stored, multiplier)), rounds)
                    bound = 2 * multiplier + 2
                    if told["ours"]["held_at_most"] > bound:
                        report(f"{name}: {told['ours']['held_at_most']} messages were held, more than {bound}")
        if "latency" in wanted:
            compare(report, "round trip", each(lambda b, s: b.latency(200)), 1)
        if "start" in wanted:
            compare(report, "start", each(lambda b, s: b.start()), rounds)
        if "memory" in wanted:
            counts = (10_000,) if options.short else (100_000, 900_000)
            compare(report, "memory", {"ours": lambda: sides["ours"].memory(counts)}, 1)
            compare(report, "memory", {"celery": lambda: sides["celery"].memory((1000,))}, 1)
        if "idle" in wanted:
            compare(report, "idle", each(lambda b, s: b.idle(5 if options.short else 300)), 1)
        if "waiting" in wanted:
            compare(report, "waiting", {"ours": sides["ours"].waiting}, rounds)


if __name__ == "__main__":
    main()
