"""A pytest plugin that gives Celery's integration suite a worker process of ours instead of one inside pytest.

The session's worker is started by the command in SUITE_WORKER, a template with {node}, {broker}, {backend},
{concurrency} and {pool}. A worker that died is started again before the next test, and its last test is marked.
SUITE_TESTS names a file of node ids to run, SUITE_SHARD ("2/4") which part of them, SUITE_SECONDS how long one may
take, SUITE_REPORT where the outcomes go as JSON, SUITE_LOG where the worker's output goes.
"""
import json
import os
import shlex
import subprocess
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from celery.contrib.testing import worker as testing
from celery.utils.nodenames import anon_nodename

SECONDS = float(os.environ.get("SUITE_SECONDS", 60))
#: How long a worker may take to answer its first ping.
BOOT = 60
outcomes = {}
inside = testing.start_worker


class Session:
    """The worker process, which may have to be started more than once."""

    def __init__(self, app, concurrency, pool):
        self.app, self.node = app, anon_nodename()
        self.command = shlex.split(os.environ["SUITE_WORKER"].format(
            node=self.node, broker=app.conf.broker_url, backend=app.conf.result_backend, concurrency=concurrency, pool=pool))
        self.start()

    def start(self):
        with open(os.environ["SUITE_LOG"], "ab") as log:
            # pytest-timeout ends pytest without a chance to clean up: the kernel ends the worker with it.
            command = ["setpriv", "--pdeathsig", "KILL", "--", *self.command]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + BOOT
        while not self.app.control.ping(destination=[self.node], timeout=0.5):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the worker is not there, exit code {self.process.returncode}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


session = None


@contextmanager
def start_worker(app, concurrency=1, pool="solo", **options):
    """The session asks for prefork. Tests that make workers of other pools look inside them, and keep Celery's."""
    global session
    if pool != "prefork":
        with inside(app, concurrency=concurrency, pool=pool, **options) as worker:
            yield worker
        return
    testing.setup_app_for_worker(app, "error", None)
    session = Session(app, concurrency, pool)
    try:
        yield SimpleNamespace(hostname=session.node, pid=session.process.pid)
    finally:
        session.stop()
        session = None


testing.start_worker = start_worker


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    with open(os.environ["SUITE_TESTS"]) as names:
        wanted = [line.strip() for line in names if line.strip() and not line.startswith("#")]
    shard, shards = map(int, os.environ.get("SUITE_SHARD", "0/1").split("/"))
    mine = set(wanted[shard::shards])
    items[:] = [item for item in items if item.nodeid in mine]
    for item in items:
        outcomes[item.nodeid] = {"outcome": "not run"}
        # The suite waits a minute for a result, and runs a test that timed out five times more.
        if isinstance(getattr(item.module, "TIMEOUT", None), (int, float)):
            item.module.TIMEOUT = min(item.module.TIMEOUT, SECONDS / 2)
        item.own_markers = [marker for marker in item.own_markers if marker.name != "flaky"]
        item.add_marker(pytest.mark.timeout(SECONDS), append=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if session and session.process.poll() is not None:
        for outcome in reversed(outcomes.values()):
            if "seconds" in outcome:
                outcome["killed_worker"] = session.process.returncode
                break
        session.start()


def pytest_runtest_logreport(report):
    entry = outcomes.setdefault(report.nodeid, {"outcome": "not run"})
    entry["seconds"] = round(entry.get("seconds", 0) + report.duration, 2)
    if report.outcome == "failed":
        entry["outcome"], entry["why"] = "failed", str(report.longrepr)[-600:]
    elif entry["outcome"] == "not run":
        if hasattr(report, "wasxfail"):
            entry["outcome"] = "xfail"
        elif report.outcome == "skipped":
            entry["outcome"] = "skipped"
        elif report.when == "call":
            entry["outcome"] = "passed"


def pytest_sessionfinish():
    with open(os.environ["SUITE_REPORT"], "w") as out:
        json.dump(outcomes, out, indent=1)
