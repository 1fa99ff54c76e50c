"""The cases of scripts/large.sh: each makes its files, runs docmill over them and holds memory, time and states."""

import json
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import measure  # noqa: E402

#: The most that parent and children may hold together, in MB (10^6 bytes).
MEMORY = 300
PAGES = 5000
FILES = 100_000

random.seed(5)
WORDS = "the tenant agreed delivery of goods before which notice remains due and payable under this schedule".split()


def sentence():
    """One in four has something to find in it, as in real letters."""
    found = [f" on {random.randint(1, 28)} March {random.randint(2000, 2024)}", f" for EUR {random.randint(100, 90000)}.50"]
    return "In " + " ".join(random.choices(WORDS, k=random.randint(6, 14))) + random.choice(found + [""] * 6) + "."


PROSE = [" ".join(sentence() for _ in range(5)) for _ in range(2000)]


def write(path, size, head, form, tail=""):
    """Repeats the paragraphs until the file is as large as asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    block = "".join(map(form, PROSE)).encode()
    with open(path, "wb") as file:
        file.write(head.encode())
        while file.tell() < size:
            file.write(block)
        file.write(tail.encode())


def documents(workspace):
    """State and codes of each document, by its name."""
    lines = measure.run(measure.DOCMILL, "export", "--workspace", workspace).output.splitlines()
    rows = [json.loads(line) for line in lines if '"kind":"document"' in line]
    return {row["name"]: (row["state"], [w["code"] for w in row["warnings"]], row["pages"]) for row in rows}


def one(report, name, seconds, state, codes, make):
    """One document: its state, the memory of its run and how long that took."""
    folder = measure.scratch(f"large-{name}")
    path = folder / "in" / name
    make(path)
    memory = measure.Memory(measure.DOCMILL, "run", folder / "in", "--workspace", folder / "workspace")
    found = documents(folder / "workspace")[name]
    report.say(f"{name}: {path.stat().st_size / 1e6:.0f} MB, {found[0]} {' '.join(found[1])}, {found[2]} pages")
    report.bound("  memory", memory.peak / 1e6, MEMORY, " MB")
    report.bound("  time", memory.wall, seconds, " s")
    report.bound("  state", int(found[:2] == (state, codes)), 1, at_least=True)
    path.unlink()


def text(report):
    make = lambda path: write(path, 1 << 30, "", lambda p: p + "\n\n")
    one(report, "large.txt", 60, "partial", ["text_limit"], make)


def html(report):
    make = lambda path: write(path, 200e6, "<!DOCTYPE html><html><body>", lambda p: f"<p>{p}</p>\n", "</body></html>")
    one(report, "large.html", 60, "partial", ["text_limit"], make)


def csv(report):
    row = lambda p: ",".join(f'"{part}"' for part in p.split(". ")[:4]) + "\n"
    make = lambda path: write(path, 300e6, "first,second,third,fourth\n", row)
    one(report, "large.csv", 60, "partial", ["text_limit"], make)


def docx(report):
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    package = "http://schemas.openxmlformats.org/package/2006"

    def make(path):
        body = path.with_suffix(".xml")
        head = f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body>'
        write(body, 95e6, head, lambda p: f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>", "</w:body></w:document>")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            types = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
            archive.writestr(
                "[Content_Types].xml",
                f'<Types xmlns="{package}/content-types"><Override PartName="/word/document.xml" ContentType="{types}"/></Types>',
            )
            archive.writestr(
                "_rels/.rels",
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}" '
                'Target="word/document.xml"/></Relationships>',
            )
            archive.write(body, "word/document.xml")
        body.unlink()

    one(report, "large.docx", 60, "partial", ["text_limit"], make)


def pdf(report):
    """5,000 pages; then the same, killed in the middle: what was read before is not read again."""
    folder = measure.scratch("large-pdf")
    (folder / "in").mkdir()
    with open(folder / "in" / "long.pdf", "wb") as file:
        subprocess.run([measure.example("long_pdf"), str(PAGES)], stdout=file, check=True)
    memory = measure.Memory(measure.DOCMILL, "run", folder / "in", "--workspace", folder / "whole")
    found = documents(folder / "whole")["long.pdf"]
    report.say(f"long.pdf: {found[0]}, {found[2]} pages, {PAGES / memory.wall:.0f} pages a second over all stages")
    report.bound("  memory", memory.peak / 1e6, MEMORY, " MB")
    report.bound("  time", memory.wall, 120, " s")
    report.bound("  pages", found[2], PAGES, at_least=True)

    def events(until=None):
        """Pages that a run saved; it is killed once it has saved so many."""
        command = [measure.DOCMILL, "run", "--verbose", folder / "in", "--workspace", folder / "killed"]
        run = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        saved = 0
        for line in run.stderr:
            saved += line.startswith("pages saved")
            if until and saved >= until:
                run.kill()
                break
        run.stderr.read()
        run.wait()
        return saved

    first, second = events(until=PAGES // 2), events()
    report.say(f"killed after {first} saved pages, the next run saved {second}")
    report.bound("  pages saved in both runs together", first + second, PAGES + 20)
    whole, killed = (measure.run(measure.DOCMILL, "export", "--text", "--workspace", folder / w).output for w in ("whole", "killed"))
    report.bound("  the same export", int(whole == killed), 1, at_least=True)


def files(report):
    """Very many small files: memory does not grow with their number, and looking again is fast."""
    folder = measure.scratch("large-files")
    for number in range(FILES):
        path = folder / "in" / f"{number // 1000:03}" / f"{number:06}.txt"
        if number % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_text(f"Letter {number}: {PROSE[number % len(PROSE)]}\n")
    peaks = []
    for part in ("00*", "*"):
        command = [measure.DOCMILL, "run", folder / "in", "--include", f"{part}/*", "--workspace", folder / "workspace"]
        memory = measure.Memory(*command)
        peaks.append(memory.peak / 1e6)
        report.say(f"files below {part}: {memory.wall:.0f} s, {memory.peak / 1e6:.0f} MB")
    report.bound("  memory", peaks[1], MEMORY, " MB")
    report.bound("  memory against a tenth of the files", peaks[1] / peaks[0], 1.5)
    time.sleep(2)
    again = measure.Memory(measure.DOCMILL, "run", folder / "in", "--workspace", folder / "workspace")
    report.bound("  files a second, unchanged", FILES / again.wall, 5000, at_least=True)


def dig(root, depth):
    """A file under so many folders. Each is made from the one above, as the whole path may be longer than is allowed."""
    back = os.open(".", os.O_RDONLY)
    os.chdir(root)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("end.txt").write_text(f"Paid on 4 May 2024, {depth} folders down.")
    os.fchdir(back)
    os.close(back)


def tree(report):
    """Folders 1,000 deep are read; where paths get longer than the system takes, that is told."""
    for depth, expected in ((1000, {"top.txt", "end.txt"}), (3000, {"top.txt"})):
        folder = measure.scratch("large-tree")
        root = folder / "in"
        root.mkdir()
        (root / "top.txt").write_text(PROSE[0])
        dig(root, depth)
        memory = measure.Memory(measure.DOCMILL, "run", root, "--workspace", folder / "workspace", accept=(0, 1))
        found = documents(folder / "workspace")
        report.say(f"{depth} folders deep: {memory.wall:.1f} s, {memory.peak / 1e6:.0f} MB, read {sorted(found)}")
        report.bound("  as expected", int(set(found) == expected), 1, at_least=True)
        report.bound("  told where not all was read", int(("could not be read" in memory.output) == (depth == 3000)), 1, at_least=True)
        report.bound("  time", memory.wall, 30, " s")
        # Python's own removal follows no path that is too long.
        subprocess.run(["rm", "-rf", root], check=True)


CASES = [text, html, csv, docx, pdf, files, tree]


def main():
    wanted = sys.argv[1:]
    unknown = set(wanted) - {case.__name__ for case in CASES}
    if unknown:
        sys.exit(f"no such case: {' '.join(sorted(unknown))}; there are: {' '.join(case.__name__ for case in CASES)}")
    report = measure.Report("large documents and piles")
    for case in CASES:
        if not wanted or case.__name__ in wanted:
            case(report)
    report.end()


main()
