"""A Celery worker for the tests of the Rust client: `celery -A peer_worker -b URL --result-backend URL worker`."""
import time

from celery import Celery, group
from celery.exceptions import Reject

app = Celery("peer")
app.conf.update(task_track_started=True, worker_send_task_events=False, broker_connection_retry_on_startup=True)


@app.task(name="peer.add", rate_limit="600/m")
def add(x, y):
    return x + y


@app.task(name="peer.echo")
def echo(*args, **kwargs):
    return [list(args), kwargs]


@app.task(name="peer.fail")
def fail(kind="ValueError", *args):
    raise {"ValueError": ValueError, "KeyError": KeyError, "Reject": Reject}[kind](*args)


@app.task(name="peer.request", bind=True)
def request(self):
    r = self.request
    return {
        "id": r.id, "headers": r.headers, "properties": r.properties, "origin": r.origin, "root_id": r.root_id,
        "timelimit": r.timelimit, "expires": r.expires, "eta": r.eta, "argsrepr": r.argsrepr, "shadow": r.shadow,
        "reply_to": r.reply_to, "priority": r.delivery_info.get("priority"), "queue": r.delivery_info.get("routing_key"),
    }


@app.task(name="peer.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name="peer.progress", bind=True)
def progress(self, seconds):
    self.update_state(state="PROGRESS", meta={"done": 0.5})
    time.sleep(seconds)
    return "done"


@app.task(name="peer.spread", bind=True)
def spread(self, n):
    add.delay(n, 1)
    group(add.s(n, i) for i in range(n)).delay()
    return n


@app.task(name="peer.total")
def total(numbers):
    return sum(numbers)
