"""The `celery` command without the start of Python each time: `Celery().run([...])` forks a process that has it loaded.

The server has loaded the command and nothing else, so what it forks is what the command would be.
"""
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading


class Celery:
    """Ends with the block that it is opened in. May be used by several threads."""

    def __init__(self):
        self.server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        self.lock, self.waiting, self.number = threading.Lock(), {}, 0
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.server.stdout:
            number, code = json.loads(line)
            told, codes = self.waiting[number]
            codes.append(code)
            told.set()

    def run(self, words, limit=60):
        """The exit code, and what was said on the two outputs."""
        told, codes = threading.Event(), []
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            with self.lock:
                self.number += 1
                self.waiting[self.number] = (told, codes)
                self.server.stdin.write(json.dumps([self.number, words, out.name, err.name]) + "\n")
                self.server.stdin.flush()
            if not told.wait(limit):
                raise TimeoutError(f"not within {limit} s: celery {words}")
            return codes[0], out.read(), err.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stdin.close()
        self.server.wait()


def run(words, out, err):
    for name, number in ((out, 1), (err, 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["celery", *words]
    from celery.__main__ import main
    sys.exit(main())


def serve():
    import celery.bin.celery  # noqa: F401, loaded before the forks
    import kombu.transport.redis  # noqa: F401
    answer = os.dup(1)
    running = {}

    def end(block):
        while running:
            pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            if not pid:
                return
            os.write(answer, (json.dumps([running.pop(pid), os.waitstatus_to_exitcode(status)]) + "\n").encode())

    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)
    rest = b""
    while True:
        if ready.select(0.01 if running else None):
            read = os.read(0, 65536)
            if not read:
                return end(True)
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                number, words, out, err = json.loads(line)
                sys.stdout.flush()
                pid = os.fork()
                if not pid:
                    ready.close()
                    run(words, out, err)
                running[pid] = number
        end(False)


if __name__ == "__main__":
    serve()
