#!/usr/bin/env python3
"""Our worker against Celery's on the same Redis in the same run, in turns: what the case `celery` of bench measures.

    .venv/bin/python bench.py --binary target/release/celeriac-interop [--far target/release/examples/far_server]

Messages lie in the queue before the worker starts, so that neither producer nor start counts. The clock and the CPU count
from the first message taken to the last one done. CPU is that of the worker with its children; memory is PSS.
"""
import argparse
import contextlib
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from envelope import envelope
from server import Redis, Worker, wait

HERE = Path(__file__).resolve().parent
FLAGS = ("-b {broker} --result-backend {backend} worker -n {node} -c {concurrency} -P {pool} -l error "
         "--prefetch-multiplier {multiplier} --without-mingle")
CELERY = f"{shlex.quote(sys.executable)} -m celery -A bench_tasks {FLAGS}"
#: `worker` comes first on our command line.
OURS = "{binary} worker " + FLAGS.replace(" worker", "", 1)
QUEUE = "celery"
#: Name, whether results are stored, whether messages are acknowledged late.
CASES = {"ignored": (False, False), "stored": (True, False), "late": (False, True), "late stored": (True, True)}


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
    """One side. `rate` and the others measure it once and give figures by name."""

    def __init__(self, server, template, log):
        self.server, self.template, self.log = server, template, log
        self.broker, self.results = server.client(0), server.client(1)

    def worker(self, multiplier=4, pool="prefork", concurrency=2, late=False, port=None):
        env = {"PYTHONPATH": str(HERE), "BENCH_REDIS": self.server.url(2), "BENCH_ACKS_LATE": str(int(late))}
        url = lambda db: f"redis://127.0.0.1:{port or self.server.port}/{db}"
        return Worker(self.template, self.log, env, broker=url(0), backend=url(1), concurrency=concurrency, pool=pool,
                      multiplier=multiplier)

    def put(self, count, task="bench.noop", args=(), stored=False):
        """Fills the queue; the id of the last message, which always has a result."""
        made = [envelope(task, list(args), ignore_result=not stored)[1] for _ in range(count - 1)]
        task_id, message = envelope(task, list(args), ignore_result=False)
        made.append(message)
        for start in range(0, len(made), 500):
            self.broker.lpush(QUEUE, *made[start:start + 500])
        return task_id

    def clean(self):
        self.broker.flushall()
        time.sleep(0.1)

    def done(self, task_id, limit=300):
        wait(lambda: self.results.exists(f"celery-task-meta-{task_id}"), limit, "the last task is done")

    def redis(self):
        """Commands and CPU seconds of the server so far."""
        info = self.broker.info()
        return info["total_commands_processed"], info["used_cpu_sys"] + info["used_cpu_user"]

    def rate(self, count, case="ignored", multiplier=4, port=None):
        self.clean()
        stored, late = CASES[case]
        last = self.put(count, stored=stored)
        held, looks = 0, 0
        with self.worker(multiplier, late=late, port=port) as worker:
            wait(lambda: self.broker.llen(QUEUE) < count, 60, "a message is taken")
            family, begun, limit = Family(worker), time.monotonic(), time.monotonic() + 600
            cpu, (commands, server_cpu) = family.cpu(), self.redis()
            while True:
                waiting, unacked = self.broker.llen(QUEUE), self.broker.hlen("unacked")
                held, looks = max(held, unacked), looks + 3
                if not waiting and not unacked and self.results.exists(f"celery-task-meta-{last}"):
                    break
                if time.monotonic() > limit:
                    raise TimeoutError(f"{waiting} messages are left, {unacked} are held")
                time.sleep(0.01)
            seconds = time.monotonic() - begun
            used, (commands_end, server_end) = family.cpu() - cpu, self.redis()
            worker.stop()
        # INFO itself is a command.
        asked = commands_end - commands - looks - 1
        return {"cpu_us": used / count * 1e6, "per_s": count / seconds, "commands": asked / count,
                "redis_cpu_us": (server_end - server_cpu) / count * 1e6, "held_at_most": held}

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
                self.broker.lpush(QUEUE, message)
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
        """Megabytes when idle, and after so many tasks in all."""
        self.clean()
        with self.worker(64) as worker:
            self.done(self.put(1))
            time.sleep(1)
            told, before = {"idle_mb": Family(worker).pss()}, 0
            for count in counts:
                # In parts, so that the queue does not fill the machine.
                while before < count:
                    part = min(100_000, count - before)
                    self.done(self.put(part), 600)
                    before += part
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

    def waiting(self, count=1000):
        """So many tasks that wait 100 ms, all at once: from when they lie in the queue of a worker that runs."""
        self.clean()
        with self.worker(1, "async", count) as worker:
            self.done(self.put(1))
            made = [envelope("bench.sleep", [0.1])[1] for _ in range(count)]
            begun = time.monotonic()
            self.broker.lpush(QUEUE, *made)
            wait(lambda: self.results.dbsize() >= count + 1, 30, "all have waited")
            took = time.monotonic() - begun
            worker.stop()
        return {"thousand_waits_ms": took * 1e3}


@contextlib.contextmanager
def far(program, server):
    """The port under which the server is a millisecond away, each way."""
    proxy = subprocess.Popen([program, str(server.port), "1000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(proxy.stdout.readline())
    finally:
        proxy.stdin.close()
        proxy.wait(10)


def compare(report, name, both, rounds):
    """Runs both sides in turns; tells each run, and gives the medians by side."""
    rows = {side: [] for side in both}
    for _ in range(rounds):
        for side, run in both.items():
            rows[side].append(run())
            report(f"{name}, {side}: " + ", ".join(f"{key} {value:.4g}" for key, value in rows[side][-1].items()))
    return {side: {key: statistics.median(row[key] for row in told) for key in told[0]} for side, told in rows.items()}


def ignore(*_, **__):
    """No bound is held."""


def measure(binary, far_server=None, wanted=None, rounds=3, short=False, log=os.devnull, report=print, bound=ignore):
    """All that is wanted, each run told to `report`, each figure with a bound to `bound`."""
    wanted = wanted or ["rate", "far", "latency", "start", "memory", "waiting", "idle"]
    ours_n, celery_n, rounds = (20_000, 1000, 1) if short else (200_000, 5000, rounds)
    with Redis() as server, open(log, "ab") as log:
        sides = {"celery": Bench(server, CELERY, log), "ours": Bench(server, OURS.replace("{binary}", shlex.quote(str(binary))), log)}
        each = lambda run: {side: (lambda bench=bench, side=side: run(bench, side)) for side, bench in sides.items()}
        alone = lambda run: {"ours": lambda: run(sides["ours"])}
        count = lambda side: ours_n if side == "ours" else celery_n
        if "rate" in wanted:
            for multiplier in (4, 64):
                for case, (aim, least) in {"ignored": (50, 35), "stored": (40, 25), "late": (None, None), "late stored": (None, None)}.items():
                    name = f"{case}, multiplier {multiplier}"
                    told = compare(report, name, each(lambda b, s: b.rate(count(s), case, multiplier)), rounds)
                    ours, celery = told["ours"], told["celery"]
                    cheaper, faster = celery["cpu_us"] / ours["cpu_us"], ours["per_s"] / celery["per_s"]
                    if least:
                        bound(f"{name}: CPU of Celery's worker / ours", cheaper, least, at_least=True, aim=aim)
                        bound(f"{name}: rate of ours / Celery's", faster, least, at_least=True, aim=aim)
                    else:
                        report(f"{name}: CPU of Celery's worker / ours {cheaper:.1f}, rate of ours / Celery's {faster:.1f}")
                    if multiplier == 64:
                        bound(f"{name}: Redis commands a task", ours["commands"], 3 if "stored" in case else 0.5)
                    bound(f"{name}: messages held", ours["held_at_most"], 2 * multiplier + 2)
        if "far" in wanted and far_server:
            with far(far_server, server) as port:
                told = compare(report, "2 ms a round trip, multiplier 64",
                               each(lambda b, s: b.rate(count(s) // (2 if s == "ours" else 10), "stored", 64, port)), rounds)
            bound("2 ms a round trip: rate of ours / Celery's", told["ours"]["per_s"] / told["celery"]["per_s"], 30, at_least=True)
        if "latency" in wanted:
            told = compare(report, "round trip", each(lambda b, s: b.latency(300)), rounds)["ours"]
            bound("round trip, raw client, p50", told["raw_p50_ms"], 0.5, " ms", aim=0.3)
            bound("round trip, Python client, p50", told["client_p50_ms"], 1.7, " ms", aim=1.4)
        if "start" in wanted:
            told = compare(report, "start", each(lambda b, s: b.start()), max(rounds, 5))["ours"]
            bound("first task after the start", told["first_task_ms"], 100, " ms", aim=50)
        if "memory" in wanted:
            compare(report, "memory", {"celery": lambda: sides["celery"].memory((1000,))}, 1)
            counts = (5000, 20_000) if short else (100_000, 1_000_000)
            told = list(compare(report, "memory", alone(lambda b: b.memory(counts)), 1)["ours"].values())
            bound("memory at the end", told[-1], 30, " MB")
            bound(f"memory after {counts[1]} less that after {counts[0]} tasks", told[2] - told[1], 1, " MB")
        if "waiting" in wanted:
            told = compare(report, "1,000 tasks that wait 100 ms", alone(lambda b: b.waiting()), max(rounds, 3))["ours"]
            bound("1,000 tasks that wait 100 ms", told["thousand_waits_ms"], 130, " ms")
        if "idle" in wanted:
            told = compare(report, "idle", each(lambda b, s: b.idle(5 if short else 300)), 1)["ours"]
            bound("idle CPU of a core", told["idle_cpu_percent"], 0.1, " %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--far", help="the program that puts the server elsewhere; without it that is not measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="few messages, one round: to see that it runs")
    parser.add_argument("--only", type=lambda text: text.split(","), help="comma list of rate far latency start memory waiting idle")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    measure(Path(options.binary).resolve(), options.far, options.only, options.rounds, options.short, options.log,
            report=lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
