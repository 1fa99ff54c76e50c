"""Records the goldens of celeriac-wire from real Celery: what it writes into Redis, and its reprs.

Usage: .venv/bin/python record.py ../crates/celeriac-wire/tests/golden

The folders 5.5 and 5.6 in it are recorded with those versions of Celery, whose messages workers meet as well.

Needs redis-server; starts one of its own. Ids and times differ from run to run, everything else must not.
"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

import celery
import redis
from celery import Celery, chain
from celery.utils.saferepr import saferepr

GOLDEN = pathlib.Path(sys.argv[1])


def write(name, value):
    text = json.dumps({"recorded_from": f"celery {celery.__version__}", "cases": value}, indent=1, ensure_ascii=True)
    (GOLDEN / name).write_text(text + "\n")


def old(app, send):
    app.conf.task_protocol = 1
    del app.amqp
    try:
        return send()
    finally:
        app.conf.task_protocol = 2
        del app.amqp


def messages(app, client):
    add = app.signature("tasks.add")
    bigint = 2**70
    cases = {
        "delay": lambda: add.delay(2, 3),
        "keywords": lambda: add.delay(x=2, y={"deep": ["é", None, True, 1.5]}),
        "countdown": lambda: add.apply_async((2, 3), countdown=60),
        "eta_with_an_offset": lambda: add.apply_async(
            (2, 3), eta=datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=2)))
        ),
        "expires": lambda: add.apply_async((2, 3), expires=60),
        "priority": lambda: add.apply_async((2, 3), priority=5),
        "queue": lambda: add.apply_async((2, 3), queue="ocr"),
        "time_limits": lambda: add.apply_async((2, 3), time_limit=60, soft_time_limit=30.5),
        "headers_and_properties": lambda: add.apply_async((2, 3), headers={"mine": [1]}, app_id="1234", expiration=60),
        "ignore_result": lambda: add.apply_async((2, 3), ignore_result=True),
        "link": lambda: add.apply_async((2, 3), link=app.signature("tasks.done"), link_error=app.signature("tasks.bad")),
        "chain": lambda: chain(app.signature("tasks.add", (1, 2)), app.signature("tasks.add", (3,))).apply_async(),
        "not_finite": lambda: add.delay(float("nan"), [float("inf"), -float("inf")]),
        "bigint": lambda: add.delay(bigint, -bigint),
        "surrogate": lambda: add.delay("\ud800"),
        "bytes": lambda: add.delay(b"ab", b"\xff"),
        "stamped": lambda: add.apply_async((2, 3), stamped_headers=["batch"], batch="b1"),
        "compressed": lambda: add.apply_async((2, 3), compression="gzip"),
        "bzip2": lambda: add.apply_async((2, 3), compression="bzip2"),
        "xz": lambda: add.apply_async((2, 3), compression="lzma"),
        "protocol_1": lambda: old(app, lambda: add.apply_async((2, 3), {"z": 1}, link=app.signature("tasks.done"))),
    }
    for name, send in cases.items():
        client.flushdb()
        send()
        lists = [key for key in client.keys() if client.type(key) == b"list"]
        yield {"name": name, "list": lists[0].decode(), "raw": client.lpop(lists[0]).decode()}


def results(app, client):
    class Request:
        id = "an-id"
        parent_id = "its-parent"
        group = None
        children = []
        root_id = "its-root"
        ignore_result = False
        errbacks = chord = None
        chain = None
        stamps = stamped_headers = None

    def failed():
        try:
            raise ValueError("no good", 3)
        except ValueError as exc:
            return exc

    backend, request = app.backend, Request()
    cases = {
        "started": lambda: backend.mark_as_started("an-id", pid=7, hostname="w@h"),
        "success": lambda: backend.mark_as_done("an-id", {"sum": 5}, request=request),
        "failure": lambda: backend.mark_as_failure("an-id", failed(), traceback="Traceback …", request=request),
        "retry": lambda: backend.mark_as_retry("an-id", failed(), traceback="Traceback …", request=request),
        "revoked": lambda: backend.mark_as_revoked("an-id", "expired", request=request),
        "custom": lambda: backend.store_result("an-id", {"page": 1}, "PROGRESS"),
    }
    for name, store in cases.items():
        client.flushdb()
        store()
        yield {"name": name, "raw": client.get("celery-task-meta-an-id").decode()}


def reprs():
    words = "many words " * 200
    values = [
        [], [2], [2, 3], ["it's \"so\"", "a\nb\\"], [None, True, False], ["é😀"],
        [0.0, -0.0, 1.0, 1.5, 1e15, 1e16, 1.5e300, 0.0001, 0.00001, 123456789.125, -2.5e-7],
        [2**63, -(2**63)], [10**40, float("nan"), float("inf"), -float("inf")], [{"z": 1, "a": {"y": 2, "b": 3}}],
        [1e22, 5e-324, 1.7976931348623157e308, 0.1 + 0.2], ["\x00\x1f\x7f\u200b\u00a0"],
        [[1, [2, [3, [4]]]], {"a": {"b": {"c": {"d": 1}}}}], [[], {}, [[]], {"a": []}],
        ["x" * 1022], ["x" * 1023], ["x" * 1024], ["x" * 2000], [words], ["a", words, "b"],
        list(range(1000)), [list(range(1000)), 5], [{"k" * 20 + str(i): i for i in range(1000, 1100)}],
        ["x" * 1018, [[1]], 2], ["x" * 1019, [[1]], 2], ["x" * 1016, [[1]]], [["x" * 1018]], [["x" * 1017], "y"],
    ]
    for value in values:
        yield {"kind": "tuple", "value": value, "repr": saferepr(tuple(value), maxlen=1024)}
        yield {"kind": "value", "value": value, "repr": saferepr(value, maxlen=1024)}
    for value in [b"", b"ab", b"it's \"so\"\n", "é".encode(), b"\xff\x00", b"x" * 1500, b"\xff" * 1500]:
        yield {"kind": "bytes", "value": value.hex(), "repr": saferepr([value, 1], maxlen=1024), "python": repr(value)}
    texts = ["", "plain", "it's", 'say "so"', "it's \"so\"", "tab\tnew\nline\r\\", "\x00\x1f\x7f\x80\xa0\xad", "é😀\u0301"]
    texts += ["\u200b\u2028\ufeff\ue000\U0010ffff\u0378"]
    for value in [*texts, None, True, 1.5, 1e16, -0.0, float("nan"), 10**40, [1, "a", [None]], {"k": [1.0], "it's": {}}]:
        yield {"kind": "python", "value": value, "repr": repr(value)}
    for value in [{}, {"x": 2}, {"a": "it's", "b": [1, {"c": None}]}, {"k" * 600: "v" * 600, "z": 1}]:
        yield {"kind": "dict", "value": value, "repr": saferepr(value, maxlen=1024)}


def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder, "--logfile", "log"],
        )
        try:
            client = redis.Redis(port=port)
            for _ in range(500):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.01)
            url = f"redis://127.0.0.1:{port}/0"
            app = Celery("golden", broker=url, backend=url)
            GOLDEN.mkdir(parents=True, exist_ok=True)
            write("messages.json", list(messages(app, client)))
            write("results.json", list(results(app, client)))
            # How older ones cut a long repr is not followed.
            if celery.__version__ >= "5.7":
                write("reprs.json", list(reprs()))
        finally:
            server.kill()
            server.wait()


main()
