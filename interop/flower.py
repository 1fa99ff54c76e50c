#!/usr/bin/env python3
"""Flower in a browser must work with our worker as it does with Python's.

    .venv/bin/python flower.py --binary target/release/celeriac-interop
    .venv/bin/python flower.py --binary python

Two workers, one of them under autoscale; each thing that Flower's pages show or do is seen or done there, and what it did
is asked from the workers.
"""
import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import browser
from server import Redis, Worker, free_port, wait

HERE = Path(__file__).resolve().parent
PYTHON = f"{sys.executable} -m celery -A tasks -b {{broker}} --result-backend {{backend}} worker -n {{node}} {{more}} -l error -E"
RUST = "{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} {{more}} -l error -E"
USER, PASSWORD = "ada", "secret"


class Scene:
    def __init__(self, server, template, log):
        os.environ.update(FLEET_BROKER=server.url(0), FLEET_RESULTS=server.url(1), FLEET_REDIS=server.url(2),
                          PYTHONPATH=str(HERE / "fleet"))
        sys.path.insert(0, str(HERE / "fleet"))
        import tasks
        self.tasks, self.app = tasks, tasks.app
        fields = {"broker": server.url(0), "backend": server.url(1)}
        self.plain = Worker(template, log, more="-c 2", **fields)
        self.scaled = Worker(template, log, more="--autoscale=4,1 -Q scaled", **fields)
        wait(lambda: len(self.app.control.ping(timeout=0.5)) == 2, 60, "both workers answer")
        self.flowers = []
        self.url = self.flower(server, log)
        # Flower sets limits of tasks only that it knows itself: for these it is given the app.
        self.knowing = self.flower(server, log, "-A", "tasks")

    def flower(self, server, log, *app):
        """Starts one; where it is."""
        port = free_port()
        self.flowers.append(subprocess.Popen(
            [sys.executable, "-m", "celery", *app, "-b", server.url(0), "--result-backend", server.url(1), "flower",
             "--address=127.0.0.1", f"--port={port}", f"--basic-auth={USER}:{PASSWORD}", "--inspect-timeout=2000",
             "--tasks-columns=name,uuid,state,args,result,received,started,runtime,worker"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        url = f"http://127.0.0.1:{port}"
        wait(lambda: self.guarded(url), 30, "flower asks for a password")
        return url

    @staticmethod
    def guarded(url):
        try:
            urllib.request.urlopen(url + "/workers", timeout=5)
        except urllib.error.HTTPError as refused:
            return refused.code == 401
        except OSError:
            return False
        raise AssertionError("flower is open to everyone")

    def ask(self, method, worker=None):
        node = (worker or self.plain).node
        return getattr(self.app.control.inspect([node], timeout=1), method)()[node]

    def close(self):
        for flower in self.flowers:
            flower.terminate()
            flower.wait()
        for worker in (self.plain, self.scaled):
            if worker.alive():
                worker.stop()


def step(name):
    print(f"ok  {name}", flush=True)


def by_id(name):
    return f"document.getElementById({json.dumps(name)})"


def toast(page, words):
    """Waits for the note that says how an action went, and takes it away."""
    shown = "[...document.querySelectorAll('#toast-container .toast')].map(t => t.className + ' ' + t.innerText).join('|')"
    text = page.see(shown, f"a note about {words}")
    assert "text-bg-success" in text and words in text, text
    page.evaluate("document.querySelectorAll('#toast-container .toast').forEach(t => t.remove())")


def workers_are_online(scene, page):
    page.open(scene.url + "/workers")
    page.see("document.getElementById('workers-online').innerText === '2'", "two workers are online")
    for worker in (scene.plain, scene.scaled):
        page.see(f"document.getElementById('workers-table').textContent.includes({json.dumps(worker.node)})", worker.node)


def tasks_have_their_columns(scene, page):
    good, bad = scene.tasks.wrap.delay(7, "good"), scene.tasks.fail.delay(7, "bad")
    assert good.get(timeout=20) == "good(7)"
    bad.get(timeout=20, propagate=False)
    page.open(scene.url + "/tasks")
    row = f"[...document.querySelectorAll('#tasks-table tbody tr')].map(r => [...r.cells].map(c => c.textContent).join(' ')).find(t => t.includes('{good.id}'))"
    try:
        text = page.see(row, "the task is listed", 10)
    except AssertionError:
        page.open(scene.url + "/tasks")
        text = page.see(row, "the task is listed")
    for part in ("fleet.wrap", "SUCCESS", "(7, 'good')", "good(7)", scene.plain.node[:12]):
        assert part in text, (part, text)
    assert " ms" in text or " s" in text, f"no runtime in {text}"
    page.open(f"{scene.url}/task/{good.id}")
    text = page.text()
    for part in ("fleet.wrap", "(7, 'good')", "'good(7)'", "Runtime", scene.plain.node):
        assert part in text, (part, text)
    page.open(f"{scene.url}/task/{bad.id}")
    text = page.text()
    for part in ("fleet.fail", "FAILURE", "ValueError('bad')", "Traceback"):
        assert part in text, (part, text)


def worker_page(scene, page, worker=None, url=None):
    worker, url = worker or scene.plain, url or scene.url
    # Flower asks the workers when the page is asked for anew.
    request = urllib.request.Request(f"{url}/api/workers?refresh=1&workername={worker.node}")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
    urllib.request.urlopen(request, timeout=20).read()
    page.open(f"{url}/worker/{worker.node}")
    page.see("!!document.getElementById('workername')", "the worker's page")


def tables_are_filled(scene, page):
    worker_page(scene, page)
    rows = lambda tab: page.evaluate(f"[...document.querySelectorAll('#{tab} tr')].map(r => r.textContent.replace(/\\s+/g, ' '))")
    pool, broker, system = " ".join(rows("tab-pool")), " ".join(rows("tab-broker")), " ".join(rows("tab-system"))
    for part in ("Max concurrency 2", "Processes", "Timeouts", "Worker PID", "Prefetch Count"):
        assert part.lower() in pool.lower(), (part, pool)
    for part in ("Hostname", "Port", "Transport", "Virtual host"):
        assert part.lower() in broker.lower(), (part, broker)
    assert "utime" in system, system
    queues = " ".join(rows("tab-queues"))
    assert "celery" in queues, queues
    assert "fleet.wrap" in " ".join(rows("tab-limits"))
    assert "result_backend" in " ".join(rows("tab-config"))


def pool_grows_and_shrinks(scene, page):
    size = lambda: len(scene.ask("stats")["pool"]["processes"])
    page.fill(by_id("pool-size"), 2)
    page.click(by_id("worker-pool-grow"))
    toast(page, "Growing")
    wait(lambda: size() == 4, 20, "the pool has grown")
    page.fill(by_id("pool-size"), 1)
    page.click(by_id("worker-pool-shrink"))
    toast(page, "Shrinking")
    wait(lambda: size() == 3, 20, "the pool has shrunk")


def pool_is_scaled(scene, page):
    worker_page(scene, page, scene.scaled)
    text = page.evaluate("document.getElementById('tab-pool').innerText")
    assert "Autoscaler options" in text, text
    page.fill(by_id("min-autoscale"), 2)
    page.fill(by_id("max-autoscale"), 5)
    page.click(by_id("worker-pool-autoscale"))
    toast(page, "Autoscaling")
    told = scene.ask("stats", scene.scaled)["autoscaler"]
    assert (told["min"], told["max"]) == (2, 5), told


def queues_come_and_go(scene, page):
    names = lambda: [queue["name"] for queue in scene.ask("active_queues")]
    worker_page(scene, page)
    page.fill(by_id("add-consumer-name"), "letters")
    page.click(by_id("worker-add-consumer"))
    toast(page, "add consumer letters")
    wait(lambda: "letters" in names(), 20, "the queue is consumed")
    assert scene.tasks.wrap.apply_async((1, "new"), queue="letters").get(timeout=20) == "new(1)"
    worker_page(scene, page)
    page.click(by_id("worker-cancel-consumer-letters"))
    toast(page, "no longer consuming from letters")
    wait(lambda: "letters" not in names(), 20, "the queue is consumed no more")


def limits_are_set(scene, page):
    worker_page(scene, page, url=scene.knowing)
    beside = lambda button: f"{by_id(button)}.parentElement.querySelector('input')"
    page.fill(beside("task-rate-limit-fleet.note"), 5)
    page.click(by_id("task-rate-limit-fleet.note"))
    toast(page, "new rate limit set successfully")
    registered = scene.app.control.inspect([scene.plain.node], timeout=1).registered("rate_limit")[scene.plain.node]
    assert "fleet.note [rate_limit=5]" in registered, registered
    for kind in ("soft", "hard"):
        page.fill(beside(f"task-timeout-{kind}-fleet.sleep"), 30 if kind == "soft" else 60)
        page.click(by_id(f"task-timeout-{kind}-fleet.sleep"))
        toast(page, "time limits set successfully")


def tasks_are_revoked(scene, page):
    scene.app.control.revoke("not-there")
    later = scene.tasks.wrap.apply_async((1, "late"), countdown=600)
    wait(lambda: scene.ask("scheduled"), 20, "the task is held")
    page.open(f"{scene.url}/task/{later.id}")
    for _ in range(20):
        if page.evaluate(f"!!{by_id('task-revoke')}"):
            break
        page.open(f"{scene.url}/task/{later.id}")
    page.click(by_id("task-revoke"))
    toast(page, "Revoked")
    wait(lambda: later.id in scene.ask("revoked"), 20, "the task is revoked")
    running = scene.tasks.sleep.delay(600)
    wait(lambda: scene.ask("active"), 20, "the task runs")
    for _ in range(20):
        page.open(f"{scene.url}/task/{running.id}")
        if page.evaluate(f"!!{by_id('task-terminate')}"):
            break
    page.click(by_id("task-terminate"))
    toast(page, "Revoked")
    wait(lambda: running.state == "REVOKED", 20, "the task is terminated")
    wait(lambda: not scene.ask("active"), 20, "nothing runs")


def worker_shuts_down(scene, page):
    worker_page(scene, page)
    page.click(by_id("worker-shutdown"))
    toast(page, "Shutting down!")
    assert scene.plain.process.wait(20) == 0, "the worker ends well"
    page.open(scene.url + "/workers")
    page.see("document.getElementById('workers-online').innerText === '1'", "one worker is online")


STEPS = [workers_are_online, tasks_have_their_columns, tables_are_filled, pool_grows_and_shrinks, pool_is_scaled, queues_come_and_go,
         limits_are_set, tasks_are_revoked, worker_shuts_down]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the interop worker, or 'python'")
    parser.add_argument("--log", default=os.devnull)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not browser.program():
        sys.exit("no chromium")
    template = PYTHON if options.binary == "python" else RUST.format(binary=Path(options.binary).resolve())
    # Flower may leave files where it runs.
    with tempfile.TemporaryDirectory() as folder, open(options.log, "ab") as log, Redis() as server:
        log_path = os.getcwd()
        os.chdir(folder)
        scene = Scene(server, template, log)
        try:
            with browser.Browser(USER, PASSWORD) as page:
                for one in STEPS:
                    one(scene, page)
                    step(one.__name__.replace("_", " "))
        finally:
            os.chdir(log_path)
            scene.close()


if __name__ == "__main__":
    main()
