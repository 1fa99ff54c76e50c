#!/usr/bin/env python3
"""Makes a PNG of what commands print on a terminal: render.py OUT.png COLUMNS 'COMMAND' ['COMMAND' ...]

Each command runs with a terminal as its output, so that it has its colours. Needs chromium.
"""

import html
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

COLOURS = dict(zip(range(30, 38), "#5c6370 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #dcdfe4".split()))
COLOURS |= {code + 60: colour for code, colour in COLOURS.items()}
COLOURS[90] = "#8b929e"
PAGE = """<meta charset="utf-8"><style>
body {{ margin: 0; background: #1e2127; display: inline-block }}
pre {{ margin: 0; padding: 16px 20px; width: {}ch; color: #d7dae0; font: 14px/19px "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; word-break: break-all; line-break: anywhere }}
i {{ font-style: normal; color: #98c379 }}
</style><pre>{}</pre>"""


def run(command: str, columns: int) -> str:
    """The output of a command on a terminal. Progress lines that were written over are left out."""
    main, other = pty.openpty()
    ioctl(other, TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen(command, shell=True, stdin=other, stdout=other, stderr=subprocess.DEVNULL,
                             env=os.environ | {"TERM": "xterm-256color"})
    os.close(other)
    out = b""
    while True:
        try:
            piece = os.read(main, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        out += piece
    if child.wait() != 0:
        sys.exit(f"{command} ended with {child.returncode}")
    return out.decode().replace("\r\n", "\n").rstrip()


def marked(text: str) -> str:
    """Terminal colours as HTML."""
    out, style = "", {}
    for part in re.split(r"(\x1b\[[0-9;]*m)", text):
        codes = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if not codes:
            css = ";".join(f"{name}:{value}" for name, value in style.items())
            out += f'<span style="{css}">{html.escape(part)}</span>' if css else html.escape(part)
            continue
        for code in map(int, (codes[1] or "0").split(";")):
            if code == 0:
                style = {}
            elif code == 1:
                style["font-weight"] = "bold"
            elif code == 2:
                style["opacity"] = "0.65"
            elif code == 4:
                style["text-decoration"] = "underline"
            elif code in COLOURS:
                style["color"] = COLOURS[code]
            elif code - 10 in COLOURS:
                style["background"] = COLOURS[code - 10]
                style["color"] = "#1e2127"
    return out


def main() -> None:
    target, columns, commands = Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]
    texts = [f"<i>$</i> <b>{html.escape(c)}</b>\n{marked(run(c, columns))}" for c in commands]
    # A long line goes on in the next one, as on a terminal.
    plain = html.unescape(re.sub(r"<[^>]*>", "", "\n\n".join(texts))).split("\n")
    lines = sum(max(1, -(-len(line) // columns)) for line in plain)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(PAGE.format(columns, "\n\n".join(texts)))
        size = f"{round(columns * 8.43) + 40},{lines * 19 + 32}"
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                        f"--window-size={size}", f"--screenshot={target}", page.as_uri()],
                       check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


main()
