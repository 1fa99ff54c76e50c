"""A redis-server of one's own on a free port, and worker processes with it: what the drivers of this folder share."""
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import psutil
import redis


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(condition, limit, what):
    """Looks every few milliseconds until the condition holds, and returns what it gave."""
    deadline = time.monotonic() + limit
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {limit} s: {what}")
        time.sleep(0.005)
    return found


class Redis:
    """Ends with the block that it is opened in. Without persistence unless `durable`, when each write is synced."""

    def __init__(self, durable=False):
        self.durable, self.folder = durable, tempfile.TemporaryDirectory()
        self.port = free_port()
        self.start()

    def start(self):
        log = os.path.join(self.folder.name, "redis.log")
        kept = ["--appendonly", "yes", "--appendfsync", "always"] if self.durable else ["--appendonly", "no"]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name,
             "--logfile", log, *kept], start_new_session=True)
        wait(self.answers, 20, "redis-server answers")

    def answers(self):
        try:
            return self.client().info("server")["process_id"] == self.process.pid
        except redis.RedisError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def client(self, db=0):
        return redis.Redis(port=self.port, db=db)

    def url(self, db=0, host="127.0.0.1"):
        return f"redis://{host}:{self.port}/{db}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()


class Worker:
    """A worker process in a group of its own, from a command template; killed with all its children at the end."""

    def __init__(self, template, log=subprocess.DEVNULL, env=None, **fields):
        self.node = fields.setdefault("node", f"w{uuid.uuid4().hex[:8]}@localhost")
        command = shlex.split(template.format(**fields))
        self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **(env or {})))

    def alive(self):
        return self.process.poll() is None

    def children(self):
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self):
        """As a power cut would: the children first cannot be seen to end."""
        family = self.children()
        for one in [self.process, *family]:
            try:
                one.kill()
            except (psutil.NoSuchProcess, ProcessLookupError):
                pass
        self.process.wait()

    def stop(self, limit=20):
        """Warm shutdown; the exit code, or None when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.kill()
