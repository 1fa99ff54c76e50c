"""The Python worker that ours is measured against: `celery -A bench_tasks worker`, with the tasks that ours has too."""
import os
import time

import redis
from celery import Celery

app = Celery("bench")
app.conf.update(
    worker_hijack_root_logger=False, broker_connection_retry_on_startup=True,
    task_acks_late=os.environ.get("BENCH_ACKS_LATE") == "1", task_reject_on_worker_lost=os.environ.get("BENCH_ACKS_LATE") == "1")
if "BENCH_VT" in os.environ:
    app.conf.broker_transport_options = {
        "visibility_timeout": float(os.environ["BENCH_VT"]), "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
counters = None


@app.task(name="bench.noop")
def noop():
    pass


@app.task(name="bench.add")
def add(x, y):
    return x + y


@app.task(name="bench.sleep")
def sleep(seconds):
    time.sleep(seconds)


@app.task(name="bench.payload")
def payload(data):
    return data


@app.task(name="bench.incr")
def incr(key, seconds=0):
    global counters
    counters = counters or redis.Redis.from_url(os.environ["BENCH_REDIS"])
    count = counters.incr(key)
    time.sleep(seconds)
    return count
