"""Records how a Python worker answers remote control, with one task running, one reserved, one with an ETA, one revoked.

Usage: .venv/bin/python record_control.py ../crates/celeriac/tests/golden/control.json

Needs redis-server; starts one of its own. Ids, times and sizes differ from run to run, keys and types must not.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from celery import Celery

NODE = "w1@host"
RUNNING, RESERVED, LATER, GONE = "running", "reserved", "later", "gone"

app = Celery("record", broker=os.environ.get("RECORD_BROKER"), backend=os.environ.get("RECORD_BROKER"))
app.conf.update(
    broker_connection_retry_on_startup=True, task_send_sent_event=True, worker_send_task_events=True, result_extended=True
)


@app.task(name="bench.sleep")
def sleep(s):
    time.sleep(s)


@app.task(name="bench.add", rate_limit="10/m")
def add(x, y):
    return x + y


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = what()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError(what)


def ask(command, **arguments):
    replies = app.control.broadcast(command, arguments=arguments, destination=[NODE], reply=True, timeout=3)
    return replies[0][NODE] if replies else "no reply"


# What is asked of the worker that is busy, in this order: a command, its arguments.
BUSY = [
    ("ping", {}),
    ("ping", {"more": 1}),
    ("stats", {}),
    ("registered", {}),
    ("registered", {"taskinfoitems": ["name", "max_retries", "nosuch", "_private", 3]}),
    ("registered", {"builtins": True}),
    ("dump_tasks", {}),
    ("active", {}),
    ("active", {"safe": True}),
    ("dump_active", {}),
    ("reserved", {}),
    ("dump_reserved", {}),
    ("scheduled", {}),
    ("dump_schedule", {}),
    ("revoked", {}),
    ("dump_revoked", {}),
    ("active_queues", {}),
    ("active_queues", {"more": 1}),
    ("query_task", {"ids": [RUNNING, RESERVED, LATER, GONE, "nosuch"]}),
    ("query_task", {"ids": RUNNING}),
    ("query_task", {"ids": None}),
    ("query_task", {"ids": 3}),
    ("query_task", {"ids": [[1]]}),
    ("query_task", {}),
    ("clock", {}),
    ("conf", {}),
    ("conf", {"with_defaults": True}),
    ("dump_conf", {}),
    ("report", {}),
    ("report", {"more": 1}),
    ("memsample", {}),
    ("memdump", {}),
    ("memdump", {"samples": 3}),
    ("hello", {"from_node": "other@host", "revoked": {"from-a-dict": [1.0, 0, "from-a-dict"]}}),
    ("hello", {"from_node": "other@host", "revoked": ["from-a-list"]}),
    ("hello", {"from_node": NODE}),
    ("hello", {}),
    ("revoked", {}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": "5/s"}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": 7}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": 0.5}),
    ("registered", {}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": None}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": "0"}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": ""}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": "zz"}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": "1/y"}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": "/s"}),
    ("rate_limit", {"task_name": "bench.add", "rate_limit": [1]}),
    ("rate_limit", {"task_name": "nosuch", "rate_limit": "5/s"}),
    ("rate_limit", {"task_name": [1], "rate_limit": "5/s"}),
    ("rate_limit", {"task_name": "bench.add"}),
    ("rate_limit", {}),
    ("time_limit", {"task_name": "bench.add", "soft": 10, "hard": 20.5}),
    ("time_limit", {"task_name": "bench.add"}),
    ("time_limit", {"task_name": "nosuch", "soft": 10}),
    ("time_limit", {}),
    ("pool_grow", {}),
    ("pool_grow", {"n": 2}),
    ("pool_grow", {"n": "2"}),
    ("pool_grow", {"n": 1.5}),
    ("pool_grow", {"n": None}),
    ("pool_shrink", {"n": 3}),
    ("pool_shrink", {"n": "x"}),
    ("pool_shrink", {"n": 9}),
    ("pool_restart", {}),
    ("autoscale", {"max": 5, "min": 1}),
    ("autoscale", {}),
    ("autoscale", {"more": 1}),
    ("add_consumer", {"queue": "q2"}),
    ("add_consumer", {"queue": "q3", "exchange": "x3", "exchange_type": "topic", "routing_key": "r.#"}),
    ("add_consumer", {"queue": "q2"}),
    ("add_consumer", {}),
    ("active_queues", {}),
    ("cancel_consumer", {"queue": "q2"}),
    ("cancel_consumer", {"queue": "nosuch"}),
    ("cancel_consumer", {}),
    ("enable_events", {}),
    ("disable_events", {}),
    ("disable_events", {}),
    ("enable_events", {}),
    ("enable_events", {"more": 1}),
    ("heartbeat", {}),
    ("election", {}),
    ("objgraph", {"more": 1}),
    ("nosuch", {}),
    ("revoke", {"task_id": "unknown"}),
    ("revoke", {"task_id": ["unknown"]}),
    ("revoke", {"task_id": []}),
    ("revoke", {"task_id": None}),
    ("revoke", {"task_id": 3}),
    ("revoke", {"task_id": [["x"]]}),
    ("revoke", {}),
    ("revoke", {"task_id": "unknown", "terminate": True}),
    ("revoke", {"task_id": "unknown", "terminate": True, "signal": "sigkill"}),
    ("revoke", {"task_id": "unknown", "terminate": True, "signal": "NOSUCH"}),
    ("revoke", {"task_id": "unknown", "terminate": True, "signal": 9}),
    ("revoke", {"task_id": LATER, "terminate": True}),
    ("revoke_by_stamped_headers", {"headers": {"mark": "m1"}}),
    ("revoke_by_stamped_headers", {"headers": {"mark": ["m1", "m2"], "n": 3}}),
    ("revoke_by_stamped_headers", {"headers": ["mark=m3", "other=o1"]}),
    ("revoke_by_stamped_headers", {"headers": ["mark"]}),
    ("revoke_by_stamped_headers", {"headers": "mark"}),
    ("revoke_by_stamped_headers", {"headers": {}}),
    ("revoke_by_stamped_headers", {"headers": {"mark": "nosuch"}, "terminate": True}),
    ("revoke_by_stamped_headers", {"headers": {"mark": ["mine"]}, "terminate": True}),
    ("revoke_by_stamped_headers", {}),
    ("terminate", {"signal": "KILL", "task_id": "unknown"}),
    ("terminate", {"signal": "KILL", "task_id": RUNNING}),
    ("terminate", {}),
]

# What is asked of a worker that scales by itself.
SCALING = [
    ("stats", {}),
    ("autoscale", {"max": 5, "min": 2}),
    ("autoscale", {"max": 3}),
    ("autoscale", {}),
    ("autoscale", {"max": "x"}),
    ("pool_grow", {"n": 1}),
    ("pool_shrink", {"n": 1}),
    ("active", {}),
    ("reserved", {}),
    ("scheduled", {}),
    ("revoked", {}),
    ("conf", {}),
    ("shutdown", {}),
]


PYTHON = [sys.executable, "-m", "celery", "-A", "record_control", "worker", "-n", NODE, "-l", "WARNING", "--without-mingle"]
# A part of the record: its name, flags of the worker, what is asked.
PARTS = [
    ("busy", ["-c", "1", "--prefetch-multiplier", "16"], BUSY),
    ("autoscale", ["--autoscale=4,1"], SCALING),
]


def record(broker, command, cases, log=None):
    environment = dict(os.environ, RECORD_BROKER=broker)
    worker = subprocess.Popen(command, env=environment, cwd=pathlib.Path(__file__).parent, stdout=log, stderr=log)
    try:
        wait_for(lambda: app.control.ping(destination=[NODE], timeout=0.5))
        sleep.apply_async((600,), task_id=RUNNING, stamped_headers=["mark"], mark="mine")
        wait_for(lambda: ask("active"))
        add.apply_async((2, 3), task_id=LATER, countdown=3600)
        for n in range(8):  # so many that one waits whatever the size of the pool
            sleep.apply_async((600,), task_id=RESERVED if n == 0 else f"{RESERVED}-{n}")
        wait_for(lambda: ask("scheduled") and ask("reserved"))
        ask("revoke", task_id=GONE)
        for name, arguments in cases:
            yield {"command": name, "arguments": arguments, "reply": ask(name, **arguments)}
    finally:
        worker.kill()
        worker.wait()
        app.backend.client.flushdb()


def main():
    port = free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--loglevel", "warning"]
        )
        try:
            app.conf.update(broker_url=broker, result_backend=broker)
            wait_for(lambda: socket.create_connection(("127.0.0.1", port)))
            import celery

            golden = {"recorded_from": f"celery {celery.__version__}"}
            golden.update((name, list(record(broker, PYTHON + flags, cases))) for name, flags, cases in PARTS)
        finally:
            server.kill()
            server.wait()
    text = json.dumps(golden, indent=1)
    pathlib.Path(sys.argv[1]).write_text(text.replace(str(port), "6379") + "\n")


if __name__ == "__main__":
    main()
