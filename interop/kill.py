#!/usr/bin/env python3
"""Nothing is lost when a worker, a child of its pool, or Redis is killed at any moment.

    .venv/bin/python kill.py --binary target/release/celeriac-interop workers|idle|redis [-n 2000] [--seed 1]

Each task counts its executions under its own id on a Redis that stays up, and is acknowledged late.
workers: the worker or one child gets SIGKILL at random until the queue is empty.
idle:    messages come one at a time to an idle worker that is killed 0 to 5 ms after each.
redis:   the broker, which syncs each write, is killed and started again ten times; no worker may end by itself.
Ends with 1 when a task was lost, has no result SUCCESS, or ran more often than the kills allow.
"""
import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import redis

from envelope import envelope
from server import Redis, Worker, wait

RUST = ("{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} -c {{concurrency}} -P {pool} -Q celery -l error "
        "--prefetch-multiplier 4 --without-mingle")
#: Seconds after which what a dead worker held is taken by another.
VISIBILITY = 3


class Scene:
    """The broker (database 0) with the results (1), the counters on a Redis of their own, and one worker at a time."""

    def __init__(self, options, server, counters):
        self.options, self.server = options, server
        self.broker, self.results, self.counters = server.client(0), server.client(1), counters.client()
        self.env = {"BENCH_ACKS_LATE": "1", "BENCH_VT": str(VISIBILITY), "BENCH_REDIS": counters.url()}
        self.ids, self.kills, self.random = [], Counter(), random.Random(options.seed)
        self.log = open(options.log, "ab", buffering=0)
        self.worker = None

    def start(self):
        self.worker = Worker(self.options.template, self.log, self.env, concurrency=self.options.concurrency,
                             broker=self.server.url(0), backend=self.server.url(1))

    def publish(self, count):
        made = []
        for _ in range(count):
            task_id, _ = envelope("bench.incr", [])
            made.append(envelope("bench.incr", [task_id, self.options.seconds], task_id))
        self.ids += [task_id for task_id, _ in made]
        self.broker.lpush("celery", *[message for _, message in made])

    def waiting(self):
        return self.broker.llen("celery")

    def drained(self):
        if not self.worker.alive():
            raise AssertionError(f"the worker ended by itself: {self.worker.process.returncode}")
        try:
            return not self.waiting() and not self.broker.hlen("unacked") and self.results.dbsize() >= len(self.ids)
        except redis.RedisError:
            return False

    def verdict(self, allowed):
        executed = [int(n or 0) for n in self.counters.mget(self.ids)]
        stored = self.results.mget([f"celery-task-meta-{task_id}" for task_id in self.ids])
        states = Counter(json.loads(value)["status"] if value else "none" for value in stored)
        again = sum(n - 1 for n in executed if n > 1)
        print(f"{self.options.what}: {len(self.ids)} tasks, kills {dict(self.kills)}, lost {executed.count(0)}, results "
              f"{dict(states)}, {again} executions more than once of {allowed} allowed", flush=True)
        return not executed.count(0) and states == {"SUCCESS": len(self.ids)} and again <= allowed


def workers(scene):
    options = scene.options
    scene.publish(options.n)
    scene.start()
    while scene.waiting():
        done = scene.counters.dbsize()
        wait(lambda: scene.counters.dbsize() > done or not scene.waiting(), 30, "the worker gets on")
        time.sleep(scene.random.uniform(0.0, 0.5))
        if not scene.waiting():
            break
        children = scene.worker.children()
        if children and scene.random.random() < 0.5:
            scene.kills["child"] += 1
            scene.random.choice(children).kill()
        else:
            scene.kills["worker"] += 1
            scene.worker.kill()
            scene.start()
    wait(scene.drained, 60, "all is done")
    return scene.verdict(options.concurrency * scene.kills["worker"] + scene.kills["child"])


def idle(scene):
    scene.start()
    for _ in range(scene.options.n):
        # It is idle once it has answered a message of its own.
        scene.publish(1)
        wait(lambda: scene.results.dbsize() >= len(scene.ids) - scene.kills["worker"], 30, "the worker is there")
        wait(lambda: scene.counters.exists(scene.ids[-1]), 30, "the worker is idle")
        scene.publish(1)
        time.sleep(scene.random.uniform(0, 0.005))
        scene.kills["worker"] += 1
        scene.worker.kill()
        scene.start()
    wait(scene.drained, 60, "all is done")
    return scene.verdict(scene.options.concurrency * scene.kills["worker"])


def broker(scene):
    scene.publish(scene.options.n)
    scene.start()
    for part in range(1, 11):
        goal = scene.options.n * part // 12
        wait(lambda: scene.counters.dbsize() >= goal, 60, "the worker gets on")
        time.sleep(scene.random.uniform(0, 0.05))
        scene.kills["redis"] += 1
        scene.server.kill()
        time.sleep(scene.random.uniform(0, 0.5))
        scene.server.start()
    wait(scene.drained, 120, "all is done")
    # What runs when the server goes away may be given to another before the lease is renewed.
    return scene.verdict(2 * scene.options.concurrency * scene.kills["redis"])


WAYS = {"workers": workers, "idle": idle, "redis": broker}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WAYS)
    parser.add_argument("--binary", required=True, help="the interop worker")
    parser.add_argument("-n", type=int, default=2000, help="tasks; for idle kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.01, help="what a task sleeps after it has counted")
    parser.add_argument("-c", "--concurrency", type=int, default=4)
    parser.add_argument("-P", "--pool", default="prefork")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    options.template = RUST.format(binary=Path(options.binary).resolve(), pool=options.pool)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Redis(durable=options.what == "redis") as server, Redis() as counters:
        scene = Scene(options, server, counters)
        try:
            good = WAYS[options.what](scene)
        finally:
            if scene.worker and scene.worker.alive():
                scene.worker.kill()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
