"""Headless Chromium, driven over its DevTools protocol: pages are opened, looked at and clicked by script."""
import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

from server import free_port, wait

NAMES = ["chromium", "chromium-browser", "google-chrome"]


def program():
    """The browser's program, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page. Ends with the block that it is opened in."""

    def __init__(self, user, password):
        self.folder, self.number = tempfile.TemporaryDirectory(ignore_cleanup_errors=True), 0
        port = free_port()
        self.process = subprocess.Popen(
            [program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--remote-debugging-port={port}", "--remote-allow-origins=*", f"--user-data-dir={self.folder.name}",
             "--window-size=1600,1200", "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        address = wait(lambda: self.page(port), 30, "the browser has a page")
        self.socket = websocket.create_connection(address, timeout=30)
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.call("Network.enable")
        self.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Basic {secret}"})
        self.call("Page.enable")

    @staticmethod
    def page(port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
                return pages[0]["webSocketDebuggerUrl"] if pages else None
        except OSError:
            return None

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def evaluate(self, script):
        """The value of a JavaScript expression; None while the page is being replaced."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"].get("exception", {}).get("description", str(told)))
        return told["result"].get("value")

    def open(self, url):
        # The mark goes with the old page: a page without it is the new one.
        self.evaluate("window.old = true")
        self.call("Page.navigate", url=url)
        wait(lambda: self.evaluate("!window.old && document.readyState === 'complete'"), 30, f"{url} is loaded")

    def text(self):
        return self.evaluate("document.body.innerText")

    def see(self, script, what, limit=20):
        """Waits until the expression is true, and returns its value."""
        try:
            return wait(lambda: self.pause() or self.evaluate(script), limit, what)
        except TimeoutError as missing:
            raise AssertionError(f"{missing}; the page says: {self.text()[:1500]}") from missing

    @staticmethod
    def pause():
        time.sleep(0.05)

    def click(self, script):
        """Clicks on the element that the expression gives."""
        self.see(f"!!({script})", f"there is {script}")
        self.evaluate(f"({script}).click()")

    def fill(self, script, value):
        self.see(f"!!({script})", f"there is {script}")
        self.evaluate(f"({script}).value = {json.dumps(str(value))}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
