#!/usr/bin/env python3
"""Runs Celery's own integration suite, unedited from its sdist on PyPI, against a worker process.

    .venv/bin/python suite/run.py --worker 'target/release/celeriac-interop worker -b {broker} ... -P {pool}'

The tests are those of a list (--tests, by default suite/prefork.txt): all must pass and none may kill the worker. Each
shard has a Redis and a worker of its own. Ends with 1 when a test is missing, failed or killed the worker.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server import Redis  # noqa: E402

HERE = Path(__file__).resolve().parent
VERSION = "5.7.0"
WORKER = "{binary} worker -b {{broker}} --result-backend {{backend}} -n {{node}} -c {{concurrency}} -P {pool} -l error"
#: The worker that the lists were recorded with.
PYTHON = f"{sys.executable} -m celery -A app worker -n {{node}} -c {{concurrency}} -P {{pool}} -l error"


def sdist():
    """The unpacked source of Celery beside this file; fetched once."""
    folder = HERE / f"celery-{VERSION}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=HERE) as fetched:
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                            f"celery=={VERSION}", "-d", fetched], check=True)
            with tarfile.open(next(Path(fetched).glob("celery-*.tar.gz"))) as archive:
                archive.extractall(fetched, filter="data")
            # Whole or not there.
            os.replace(Path(fetched) / f"celery-{VERSION}", folder)
    return folder


def shard(number, options, source, out, tests):
    with Redis() as redis:
        environment = dict(
            os.environ, PYTHONPATH=f"{source}:{HERE}", PYTHONDONTWRITEBYTECODE="1", REDIS_HOST="localhost",
            REDIS_PORT=str(redis.port), TEST_BROKER=redis.url(0, "localhost"), TEST_BACKEND=redis.url(0, "localhost"),
            SUITE_WORKER=options.worker, SUITE_TESTS=str(tests), SUITE_SHARD=f"{number}/{options.shards}",
            SUITE_SECONDS=str(options.seconds), SUITE_REPORT=str(out / f"report{number}.json"),
            SUITE_LOG=str(out / f"worker{number}.log"))
        command = [sys.executable, "-m", "pytest", "-p", "plugin", "t/integration", "--ignore=t/integration/test_backend.py",
                   "-p", "no:cacheprovider", "-v", "--tb=short"]
        with open(out / f"pytest{number}.log", "wb") as log:
            subprocess.run(command, cwd=source, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def once(options, source, out):
    out.mkdir(parents=True)
    names = [line.strip() for line in Path(options.tests).read_text().splitlines()]
    names = [name for name in names if name and not name.startswith("#")]
    begun = time.monotonic()
    threads = [threading.Thread(target=shard, args=(n, options, source, out, Path(options.tests).resolve()))
               for n in range(options.shards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = {}
    for report in sorted(out.glob("report*.json")):
        outcomes.update(json.loads(report.read_text()))
    (out / "report.json").write_text(json.dumps(outcomes, indent=1, sort_keys=True) + "\n")
    missing = [name for name in names if outcomes.get(name, {}).get("outcome") != "passed"]
    killers = [name for name in names if "killed_worker" in outcomes.get(name, {})]
    for name in missing:
        print(f"{outcomes.get(name, {}).get('outcome', 'not run')} {name}")
    for name in killers:
        print(f"killed the worker {name}")
    print(f"{len(names) - len(missing)} of {len(names)} passed in {time.monotonic() - begun:.0f} s, {len(killers)} killed "
          f"the worker; logs in {out}", flush=True)
    return not missing and not killers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", help="command template with {node} {broker} {backend} {concurrency} {pool}")
    parser.add_argument("--binary", help="the interop worker, with the usual flags, instead of a template; 'python' is Celery's own")
    parser.add_argument("--pool", default="prefork", help="the pool of --binary")
    parser.add_argument("--tests", help="file of node ids; by default suite/POOL.txt")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60, help="what a test may take")
    parser.add_argument("--times", type=int, default=1, help="runs in a row")
    parser.add_argument("--out", help="folder of the logs; by default a temporary one")
    options = parser.parse_args()
    if options.binary == "python":
        options.worker = PYTHON.replace("{pool}", options.pool)
    elif options.binary:
        options.worker = WORKER.format(binary=Path(options.binary).resolve(), pool=options.pool)
    if not options.worker:
        parser.error("--worker or --binary is needed")
    options.tests = options.tests or HERE / f"{options.pool}.txt"
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = Path(options.out or tempfile.mkdtemp(prefix="celery-suite-")).resolve()
    source = sdist()
    results = [once(options, source, out / f"run{number + 1}") for number in range(options.times)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
