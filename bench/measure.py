"""What every case shares: the programs under test, processor time and memory of a process tree, bounds, the report."""

import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: `release` for figures; `debug` to try a case out.
PROFILE = os.environ.get("BENCH_PROFILE", "release")
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BUILT = TARGET / PROFILE
DOCMILL = BUILT / "docmill"
#: Piles and workspaces; emptied by each case for itself.
SCRATCH = TARGET / "bench"
#: The exit status that says a case could not run here.
SKIPPED = 77

# Children that outlive their parent come to this process, so that their time is counted when they are reaped.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def example(name):
    return BUILT / "examples" / name


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def data():
    """The folder of real documents, named by DOCMILL_DATA."""
    folder = os.environ.get("DOCMILL_DATA")
    if not folder:
        skip("DOCMILL_DATA names no folder of documents")
    if not Path(folder).is_dir():
        sys.exit(f"DOCMILL_DATA: {folder} is no folder")
    return Path(folder).resolve()


def corpora():
    """The folder of annotated corpora, named by DOCMILL_CORPORA."""
    folder = os.environ.get("DOCMILL_CORPORA")
    if not folder:
        skip("DOCMILL_CORPORA names no folder of corpora")
    if not Path(folder).is_dir():
        sys.exit(f"DOCMILL_CORPORA: {folder} is no folder")
    return Path(folder).resolve()


def scratch(name):
    """An empty folder below the target folder."""
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def said(*command):
    """The output of a command in one line, or a dash where there is none."""
    try:
        return " ".join(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())
    except (OSError, subprocess.CalledProcessError):
        return "-"


class Used:
    """Wall and processor seconds of a command and of all processes that it started, and its exit status."""

    def __init__(self, wall, cpu, status, output):
        self.wall, self.cpu, self.status, self.output = wall, cpu, status, output


def _spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(*command, accept=(0,), environment=None):
    """Runs a command to its end. Another exit status than those accepted ends the case."""
    before, started = _spent(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    wall = time.perf_counter() - started
    _reap()
    if done.returncode not in accept:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Used(wall, _spent() - before, done.returncode, done.stdout)


def _reap():
    """Waits for the children that a command left behind."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


class Memory:
    """The most memory that a command and all processes below it held at once, by samples of their PSS."""

    #: Seconds between two samples.
    PACE = 0.05

    def __init__(self, *command, accept=(0,)):
        self.peak, self.peak_parent, self.samples = 0, 0, 0
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        reader = threading.Thread(target=lambda: setattr(self, "output", process.stdout.read()))
        reader.start()
        while process.poll() is None:
            self._sample(process.pid)
            time.sleep(self.PACE)
        reader.join()
        self.wall = time.perf_counter() - started
        if process.returncode not in accept:
            sys.exit(f"{command[0]} ended with {process.returncode}")

    def _sample(self, pid):
        parent, name = _pss(pid), _name(pid)
        self.samples += 1
        self.peak_parent = max(self.peak_parent, parent)
        # A child that is about to become another program still has its parent's memory, which would count twice.
        children = [child for child in _below(pid) if _name(child) != name]
        self.peak = max(self.peak, parent + sum(map(_pss, children)))


def _below(pid):
    """All descendants of a process."""
    out = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            out += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    except OSError:
        # It ended between two looks.
        pass
    return out + [below for child in out for below in _below(child)]


def _name(pid):
    """The arguments that a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _pss(pid):
    """Bytes of a process, what it shares counted in proportion; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next((int(line.split()[1]) << 10 for line in rollup if line.startswith("Pss:")), 0)
    except OSError:
        return 0


class Report:
    """Prints figures as they come and remembers whether a bound was missed."""

    def __init__(self, what):
        self.missed = False
        print(what)
        print(f"date     {time.strftime('%F %T', time.gmtime())} UTC, load {os.getloadavg()[0]:.1f} at the start")
        print(f"command  {' '.join(sys.argv)}".replace(f"{ROOT}/", ""))
        print(f"commit   {said('git', 'rev-parse', '--short', 'HEAD')}{self._changes()}")
        print(f"rustc    {said('rustc', '--version')}, profile {PROFILE}")
        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "-")
        print(f"machine  {model}, {os.cpu_count()} cores, kernel {os.uname().release}", flush=True)
        print()

    @staticmethod
    def _changes():
        changed = said("git", "status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.lock")
        return "" if changed in ("", "-") else " with uncommitted changes"

    def say(self, text=""):
        print(text, flush=True)

    def bound(self, what, value, limit, unit="", at_least=False, aim=None):
        """Holds a figure to its bound."""
        met = value >= limit if at_least else value <= limit
        self.missed |= not met
        aimed = "" if aim is None else f", aim {aim:g}"
        sign = ">=" if at_least else "<="
        self.say(f"{'ok    ' if met else 'MISSED'} {what}: {value:.3f}{unit} (bound {sign} {limit:g}{unit}{aimed})")

    def end(self):
        sys.exit(1 if self.missed else 0)


def spread(values, unit=""):
    """Least, median and greatest of some figures."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{low:.3f} / {middle:.3f} / {high:.3f}{unit} (least / median / greatest of {len(values)})"
