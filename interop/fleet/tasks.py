"""The Python half of the mixed fleet: `celery -A tasks worker`. The interop worker registers the same tasks.

Each task's reply says how it came about: `tag(what it was given)`. FLEET_REDIS is where executions and calls are
noted, FLEET_SECONDS how long a task takes, so that the queue is shared between fast and slow workers. The hash `roots`
has the root of each task that ran, from which it is known what belongs to a shape.
"""
import os
import time

import redis
from celery import Celery, chain, chord, current_task, group

app = Celery("fleet", broker=os.environ.get("FLEET_BROKER"), backend=os.environ.get("FLEET_RESULTS"))
app.conf.update(
    worker_hijack_root_logger=False, broker_connection_retry_on_startup=True,
    task_acks_late=os.environ.get("BENCH_ACKS_LATE") == "1")
notes = redis.Redis.from_url(os.environ["FLEET_REDIS"])
SECONDS = float(os.environ.get("FLEET_SECONDS", 0))
#: Until a task is tried again. Celery stores RETRY after it has sent the next run, and looks for a SUCCESS that must be
#: kept before it writes and not while: a run that ends in between is forgotten.
PAUSE = 0.25


def begin():
    notes.hincrby("sides", "python", 1)
    notes.hset("roots", current_task.request.id, current_task.request.root_id)
    time.sleep(SECONDS)


def text(value):
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    return "-" if value is None else str(value)


@app.task(name="fleet.wrap")
def wrap(value, tag):
    begin()
    return f"{tag}({text(value)})"


@app.task(name="fleet.fail")
def fail(value, tag):
    begin()
    raise ValueError(tag)


@app.task(name="fleet.retry", bind=True, max_retries=5)
def retry(self, value, tag, times):
    begin()
    if self.request.retries < times:
        raise self.retry(countdown=PAUSE)
    return f"{tag}({text(value)})"


@app.task(name="fleet.exhaust", bind=True, max_retries=1)
def exhaust(self, value, tag):
    begin()
    raise self.retry(exc=ValueError(tag), countdown=PAUSE)


@app.task(name="fleet.replace", bind=True)
def replace(self, value, tag, kind):
    begin()
    if kind == "task":
        new = wrap.s(value, tag)
    elif kind == "chain":
        new = chain(wrap.s(value, tag + "1"), wrap.s(tag + "2"))
    elif kind == "group":
        new = group(wrap.s(value, tag + "1"), wrap.s(value, tag + "2"))
    else:
        new = chord([wrap.s(value, tag + "1"), wrap.s(value, tag + "2")], wrap.s(tag))
    return self.replace(new)


@app.task(name="fleet.note")
def note(value, key, tag):
    begin()
    notes.rpush(key, f"{tag}({text(value)})")


@app.task(name="fleet.broken")
def broken(request_id, key=None, tag=None):
    """An errback of the old kind: it is sent as a task, with the id of what failed."""
    begin()
    notes.rpush(key, tag)


@app.task(name="fleet.failed")
def failed(request, exc, traceback, key=None, tag=None):
    """An errback of the new kind: the worker that saw the failure calls it."""
    notes.rpush(key, f"{tag}({type(exc).__name__})")


@app.task(name="fleet.sleep")
def sleep(seconds):
    time.sleep(seconds)
