"""Records what Celery publishes, stores and answers for many shapes of canvas: tests/golden/canvas.json of celeriac-wire.

Run with the Python of a virtual environment that has Celery 5.7; needs no broker and no Redis:

    python interop/record_canvas.py crates/celeriac-wire/tests/golden/canvas.json

Ids are `#1`, `#2` and so on, in no order that means anything. The time is 2026-11-24T12:00:00 UTC.
"""

import itertools
import json
import random
import sys
from datetime import datetime, timezone

import celery.app.base
import celery.backends.base
import celery.canvas
import celery.result
from celery import Celery, chain, chord, group
from celery.app.task import Context
from celery.app.trace import build_tracer
from celery.backends.redis import RedisBackend
from celery.canvas import StampingVisitor, _chord, maybe_signature
from celery.exceptions import ChordError
from celery.utils.nodenames import anon_nodename
from kombu.messaging import Producer
from kombu.utils import json as kombu_json

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=timezone.utc)
counter = itertools.count(1)


def new_id(*_):
    return f"#{next(counter)}"


for module in (celery.canvas, celery.app.base):
    module.uuid = new_id

log = []


class Backend(RedisBackend):
    """Writes down what would go to Redis."""

    def add_pending_result(self, result, weak=False, start_drainer=True):
        return result

    def on_task_call(self, producer, task_id):
        pass

    def remove_pending_result(self, result):
        return result

    def set_chord_size(self, group_id, chord_size):
        log.append({"size": [group_id, chord_size]})

    def _set_chord_key(self, key, value):
        log.append({"save": [key.decode().removeprefix("celery-taskset-meta-"), json.loads(value)["result"]]})

    def add_to_chord(self, group_id, result):
        log.append({"extend": group_id})

    def get_state(self, task_id):
        return "PENDING"

    def store_result(self, task_id, result, state, traceback=None, request=None, **kwargs):
        children = [child.as_tuple() for child in getattr(request, "children", None) or []]
        entry = {"store": [task_id, state, children]}
        if isinstance(result, ChordError):
            entry["chord_error"] = True
        log.append(entry)

    def on_chord_part_return(self, request, state, result, **kwargs):
        log.append({"part": [request.id, request.group, request.group_index, state]})


app = Celery("recorder", broker="memory://")
app.conf.update(task_always_eager=False, result_backend="redis://127.0.0.1:1/0")
app._local.backend = Backend(app=app, url="redis://127.0.0.1:1/0")
app.now = lambda: NOW
type(app).thread_oid = "oid"


def publish(self, body, priority, content_type, content_encoding, headers, properties,
            routing_key, mandatory, immediate, exchange, declare, *rest, **more):
    headers = dict(headers)
    for name in ("lang", "argsrepr", "kwargsrepr", "origin"):
        headers.pop(name, None)
    properties = {k: v for k, v in properties.items() if v is not None and k not in ("delivery_mode", "origin")}
    log.append({"publish": {
        "headers": headers, "properties": properties, "priority": priority or 0,
        "exchange": exchange, "routing_key": routing_key, "body": json.loads(body),
    }})


Producer._publish = publish


@app.task(name="add")
def add(*args, **kwargs):
    return 3


@app.task(name="mul")
def mul(*args, **kwargs):
    return [1, 2]


@app.task(name="tsum")
def tsum(*args, **kwargs):
    return None


@app.task(name="errback")
def errback(task_id):
    return task_id


@app.task(name="fail")
def fail(*args):
    raise ValueError("no")


other = app.signature  # a task of another program


def plain(value):
    return json.loads(kombu_json.dumps(value))


def lean(value):
    """Leaves out what says nothing, so that the file stays small. The test does the same."""
    if isinstance(value, list):
        return [lean(item) for item in value]
    if isinstance(value, dict):
        members = {name: lean(item) for name, item in value.items()}
        for name in ("link", "link_error"):
            # A tuple of arguments is not equal to a list of them, for which Celery links some errbacks twice.
            if isinstance(members.get(name), list):
                members[name] = [item for at, item in enumerate(members[name]) if item not in members[name][:at]]
        return {name: item for name, item in members.items()
                if item is not None and item != [] and item != {} and (name, item) != ("immutable", False)}
    return value


def load(value):
    return maybe_signature(json.loads(json.dumps(value)), app=app)


class Visitor(StampingVisitor):
    def on_signature(self, sig, **headers):
        return {"seen": sig.task, "stamped_headers": ["seen"]}

    def on_group_start(self, sig, **headers):
        return {"in_group": True, "stamped_headers": ["in_group"]}

    def on_callback(self, callback, **headers):
        return {"as": "callback", "stamped_headers": ["as"]}

    def on_errback(self, callback, **headers):
        return {"as": "errback", "stamped_headers": ["as"]}


def shapes():
    a, b, c, d = (add.s(n) for n in range(1, 5))
    yield "task", add.s(1, 2)
    yield "task with keywords", add.s(1, x=2)
    yield "immutable", add.si(1, 2)
    yield "unknown task", other("other.task", args=(1,))
    yield "options", add.s(1).set(queue="q", priority=3, countdown=10, expires=60, time_limit=20, soft_time_limit=10)
    yield "more options", add.s(1).set(shadow="s", headers={"mine": 1}, app_id="1234", ignore_result=True, task_id="#own")
    yield "eta", add.s(1).set(eta="2026-11-24T13:00:00+00:00", expires="2026-11-24T14:00:00+00:00")
    yield "exchange", add.s(1).set(exchange="x", routing_key="a.b")
    yield "link", add.s(1).set(link=[mul.s(2)], link_error=[errback.s()])
    t = add.s(1); t.link(mul.s(2)); t.link(mul.s(3)); t.link_error(errback.s()); yield "links", t
    yield "link to a chain", add.s(1).set(link=[chain(mul.s(2), tsum.s())])
    yield "link to a group", add.s(1).set(link=[group(mul.s(2), tsum.s())])
    yield "link to a chord", add.s(1).set(link=[chord([mul.s(2), mul.s(3)], tsum.s())])
    yield "links to two groups and two tasks", add.s(1).set(
        link=[group(mul.s(2), tsum.s()), mul.s(3), group([mul.s(4)]), mul.s(5)])
    yield "chain", a | b | c
    yield "chain of one", chain(a)
    yield "chain with options", (a | b | c).set(task_id="#own", priority=6)
    yield "chain with links", chain(a, b).set(link=[mul.s(9)], link_error=[errback.s()])
    yield "nested chains", chain(a, chain(b, chain(c, d)))
    yield "chain in a list", celery.canvas._chain(a, celery.canvas._chain(b, celery.canvas._chain(c)), d)
    yield "immutable in a chain", a | mul.si(2) | tsum.s()
    yield "empty chain", celery.canvas._chain()
    yield "group", group(a, b, c)
    yield "group of one", group([a])
    yield "empty group", group([])
    yield "group with options", group(a, b).set(task_id="#own", priority=3, queue="q")
    yield "nested groups", group(a, group(b, group(c, d)), mul.s(1))
    yield "group of chains", group(a | b, c | d)
    yield "group with an empty chain", celery.canvas.group(a, celery.canvas._chain(), b)
    yield "group of a chain that ends in a group", group([a | group(b, c)])
    yield "group of chains that end in groups", group(a | group(b, c), b | group(c, d))
    yield "group of chords", group(chord([a, b], tsum.s()), chord([c, d], mul.s()))
    yield "group in a chain", a | group(b, c)
    yield "group of one in a chain", a | group([b]) | c
    yield "group then task", group(a, b) | tsum.s()
    yield "group then group", group(a, b) | group(c, d)
    yield "three groups", group(a, b) | group(c, d) | group(a, d)
    yield "task, group, task", a | group(b, c) | tsum.s()
    yield "task, group, group, task", a | group(b, c) | group(c, d) | tsum.s()
    yield "task, group, task, group, task", a | group(b, c) | tsum.s() | group(c, d) | mul.s()
    yield "raw groups in a chain", celery.canvas._chain(group(a, b), group(c, d), tsum.s())
    yield "raw group then two tasks", celery.canvas._chain(group(a, b), mul.s(), tsum.s())
    yield "raw group, task, group", celery.canvas._chain(group(a, b), mul.s(), group(c, d))
    yield "raw task, group, group, task, task", celery.canvas._chain(a, group(a, b), group(c, d), tsum.s(), mul.s())
    yield "raw empty groups", celery.canvas._chain(group([]), a, group([]), b, group([]))
    yield "raw only empty groups", celery.canvas._chain(group([]), group([]))
    yield "chord", chord([a, b], tsum.s())
    yield "chord of one", chord([a], tsum.s())
    yield "chord without a header", chord([], tsum.s())
    yield "chord with options", chord([a, b], tsum.s()).set(priority=3, task_id="#own", queue="q")
    yield "chord with a delay", chord([a, b], tsum.s()).set(countdown=5)
    yield "chord with links", chord([a, b], tsum.s()).set(link=[mul.s(1)], link_error=[errback.s()])
    t = chord([a, b], tsum.s()); t.link(mul.s(1)); t.link_error(errback.s()); yield "linked chord", t
    yield "chord with body options", chord([a, b], tsum.s().set(priority=9, link=[mul.s(1)], link_error=[errback.s()]))
    yield "chord with a chain as body", chord([a, b], tsum.s() | mul.s(2) | add.s(3))
    yield "chord with a group as body", chord([a, b], group(tsum.s(), mul.s(2)))
    yield "chord with a linked group as body", chord([a, b], group(tsum.s(), mul.s(2))).set(
        link=[mul.s(1)], link_error=[errback.s()])
    yield "chord with a chord as body", chord([a, b], chord([tsum.s(), mul.s(2)], tsum.s()))
    yield "chord with a group chain as body", chord([a, b], group(c, d) | tsum.s())
    yield "chord with chains", chord([a | b, c | d], tsum.s())
    yield "chord with groups", chord([group(a, b), c], tsum.s())
    yield "chord with chains that end in groups", chord([a | group(b, c), d], tsum.s())
    yield "chord with chords", chord([chord([a, b], tsum.s()), c], tsum.s())
    yield "chord with chained chords", chord([chord([a, b], tsum.s()) | mul.s(1), c | group(a, b) | tsum.s()], tsum.s())
    yield "chord in a chain", a | chord([b, c], tsum.s()) | mul.s(2)
    yield "chords in a chain", chain(chord([a, b], tsum.s()), chord([c, d], tsum.s()), mul.s(2))
    yield "raw chords in a chain", celery.canvas._chain(chord([a, b], tsum.s()), chord([c, d], mul.s()), mul.s(2))
    yield "chord then group", chord([a, b], tsum.s()) | group(c, d)
    yield "chord then group then task", chord([a, b], tsum.s()) | group(c, d) | tsum.s()
    yield "deep chords", chord([chord([chord([a, b], tsum.s())], tsum.s()), c], tsum.s())
    yield "chunks", add.chunks([(1, 2), (3, 4), (5, 6)], 2).group()
    yield "chunks as a task", add.chunks([(1, 2), (3, 4), (5, 6)], 2)
    yield "map", tsum.map([[1, 2], [3, 4]])
    yield "starmap", add.starmap([(1, 2), (3, 4)])
    yield "starmap in a chain", a | add.starmap([(1, 2)]) | mul.s(2)
    yield "frozen chain", frozen(a | b | c)
    yield "frozen group", frozen(group(a, b))
    yield "frozen chord", frozen(chord([a, b], tsum.s()))
    yield "frozen upgrade", frozen(celery.canvas._chain(group(a, b), mul.s(), group(c, d), tsum.s()))
    for name, shape in bare():
        one = load(plain(shape)); one.stamp(batch="x", stamped_headers=["batch"]); yield f"stamped {name}", one
        one = load(plain(shape)); one.stamp(Visitor()); yield f"visited {name}", one


def bare():
    """Shapes to be stamped."""
    a, b, c = (add.s(n) for n in range(1, 4))
    yield "task", add.s(1).set(link=[mul.s(1)], link_error=[errback.s()])
    yield "chain", a | b
    yield "group", group(a, b)
    yield "chord", chord([a, b], tsum.s())
    yield "mixed", a | group(b, c) | tsum.s()
    yield "stamped before", chain(a, b).set(stamped_headers=["batch", "seen"], batch="y", seen="z")
    yield "linked group", group(a, b).set(link_error=[errback.s()])


def stamped():
    for name, shape in bare():
        value = plain(shape)
        for append in (False, True):
            plainly, visited, twice = load(value), load(value), load(value)
            plainly.stamp(batch="x", append_stamps=append)
            visited.stamp(Visitor(), append_stamps=append)
            twice.stamp(batch="x", append_stamps=append)
            twice.stamp(batch="w", append_stamps=append)
            yield {"name": name, "bare": value, "append": append, "stamped": plain(plainly),
                   "visited": plain(visited),
                   # Celery extends a list here that two signatures share.
                   "twice": None if append and name == "stamped before" else plain(twice)}


def chord_failed(cases):
    """What becomes of the body when a part of the header failed."""
    celery.result.GroupResult.revoke = lambda self, *a, **k: log.append({"revoke": [r.id for r in self.results]})
    for case in cases:
        bodies = [entry["publish"]["body"][2]["chord"] for entry in case.get("log", []) if "publish" in entry]
        body = next((body for body in bodies if body), None)
        if body is None or len(json.dumps(body)) > 2500:
            continue
        log.clear()
        callback = load(body)
        error = ChordError("Dependency x raised y")
        error.__cause__ = ValueError("no")
        try:
            raise error
        except ChordError as raised:
            app.backend.chord_error_from_stack(callback, raised)
        yield {"name": case["name"], "body": body, "log": plain(log)}


def frozen(sig):
    sig = sig.clone()
    sig.freeze()
    return sig


def random_shape(r, depth):
    kind = r.choice(["task"] * 2 + ["chain", "group", "chord", "or"] if depth else ["task"])
    some = lambda low, high: [random_shape(r, depth - 1) for _ in range(r.randint(low, high))]
    try:
        if kind == "chain":
            sig = r.choice([chain, celery.canvas._chain])(*some(1, 3))
        elif kind == "group":
            sig = group(some(0 if r.random() < 0.1 else 1, 3))
        elif kind == "chord":
            sig = chord(some(1, 3), random_shape(r, depth - 1))
        elif kind == "or":
            sig = random_shape(r, depth - 1) | random_shape(r, depth - 1)
        else:
            sig = r.choice([add, mul, tsum]).s(r.randint(0, 9))
            if r.random() < 0.2:
                sig = sig.set(immutable=True)
            if r.random() < 0.15:
                sig.set(priority=r.randint(1, 9))
            if r.random() < 0.1:
                sig.set(queue="q")
            if r.random() < 0.2:
                sig.link(mul.s(7))
            if r.random() < 0.2:
                sig.link_error(errback.s())
        if kind == "chain" and sig.subtask_type == "chain" and r.random() < 0.2:
            sig.link_error(errback.s())
        if r.random() < 0.1:
            sig.stamp(mark=r.randint(0, 9), stamped_headers=["mark"])
        return sig
    except (TypeError, IndexError, AttributeError):
        return random_shape(r, depth)


def applied(name, value, args=(), options=None):
    log.clear()
    sig = load(value)
    again = plain(sig)
    try:
        result = sig.apply_async(args, **(options or {}))
    except Exception as error:
        return {"name": name, "signature": value, "args": list(args), "options": options or {}, "error": repr(error)}
    return {
        "name": name, "signature": value, "args": list(args), "options": options or {},
        "log": plain(log), "result": plain(result.as_tuple()) if result is not None else None,
        "again": None if lean(again) == lean(value) else again,
    }


def request_of(message):
    args, kwargs, embed = message["body"]
    return args, kwargs, {
        **message["headers"], **embed,
        "lang": "py", "origin": "o", "hostname": "h", "is_eager": False, "args": args, "kwargs": kwargs,
        "reply_to": message["properties"].get("reply_to"), "correlation_id": message["properties"]["correlation_id"],
        "properties": message["properties"],
        "delivery_info": {
            "exchange": message["exchange"], "routing_key": message["routing_key"],
            "priority": message["priority"], "redelivered": False,
        },
    }


tasks = {}


def run(what, message, act=None, name=None, given=None):
    """Runs a message in a task that does `act`, and writes down what comes of it."""
    args, kwargs, request = request_of(json.loads(json.dumps(message)))
    task_name = message["headers"]["task"]

    known = app._tasks.get(task_name)
    if (task_name, what) not in tasks:
        app._tasks.pop(task_name, None)

        @app.task(name=task_name, bind=True, max_retries=None, shared=False)
        def body(self, *args, **kwargs):
            return body.act(self)
        tasks[task_name, what] = body
    body = tasks[task_name, what]
    body.act = act or (lambda self: 3)
    app._tasks[task_name] = body
    log.clear()
    try:
        build_tracer(body.name, body, app=app)(message["headers"]["id"], args, kwargs, request)
    finally:
        if known is not None:
            app._tasks[task_name] = known
    return {"name": name, "what": what, "message": message, "given": given, "log": plain(log)}


def failing(self):
    raise ValueError("no")


def worker(cases):
    seen = 0
    for case in cases:
        messages = [entry["publish"] for entry in case.get("log", []) if "publish" in entry]
        for message in messages[:2]:
            embed = message["body"][2]
            if not any(embed[k] for k in ("callbacks", "errbacks", "chain")) and not (embed["chord"] and seen < 12):
                continue
            seen += 1
            if len(json.dumps(message)) > 3000:
                continue
            yield run("success", message, name=case["name"])
            if embed["errbacks"] or embed["chain"]:
                yield run("failure", message, failing, name=case["name"])
            break


def actions(cases):
    by_name = {case["name"]: case for case in cases}
    a, b, c = (add.s(n) for n in range(1, 4))
    replacements = {
        "task": lambda: mul.s(5), "chain": lambda: mul.s(5) | tsum.s(), "group": lambda: group(a, b),
        "chord": lambda: chord([a, b], tsum.s()), "chain that ends in a group": lambda: mul.s(5) | group(a, b),
        "linked": lambda: mul.s(5).set(link=[tsum.s()], link_error=[errback.s()]),
        "chain of chords": lambda: chord([a, b], tsum.s()) | mul.s(2) | group(a, c) | tsum.s(),
    }
    for shape in ("task", "options", "links", "chain", "chord", "chord with chains", "task, group, task", "group",
                  "stamped task", "chord in a chain"):
        message = next(entry["publish"] for entry in by_name[shape]["log"] if "publish" in entry)
        for label, make in replacements.items():
            given = plain(make())
            yield run("replace", message, lambda self: self.replace(load(given)), f"{shape} by {label}", given)
        for options in ({"countdown": 5}, {"countdown": 0}, {"args": [9], "kwargs": {"k": 1}, "countdown": 1},
                        {"countdown": 1, "queue": "elsewhere", "priority": 5}):
            yield run("retry", message, lambda self: self.retry(**options), f"{shape} again", options)
        if message["body"][2]["chord"]:
            for label in ("task", "chain"):
                given = plain(replacements[label]())
                yield run("add_to_chord", message, lambda self: self.add_to_chord(load(given)) and None,
                          f"{shape} with {label}", given)


def composed(r):
    for number in range(90):
        left, right = plain(random_shape(r, 2)), plain(random_shape(r, 2))
        try:
            whole = load(left) | load(right)
        except (TypeError, IndexError, AttributeError):
            continue
        yield {"left": left, "right": right, "whole": plain(whole)}


def main():
    out = []
    for name, shape in shapes():
        out.append(applied(name, plain(shape)))
    simple = {case["name"]: case["signature"] for case in out}
    for name in ("task", "chain", "group", "chord", "task, group, task", "group then task", "immutable",
                 "nested groups", "chord with a chain as body", "raw group then two tasks", "chain in a list"):
        out.append(applied(f"{name} with arguments", simple[name], (10,)))
        out.append(applied(f"{name} with options", simple[name], (),
                           {"priority": 3, "parent_id": "#p", "root_id": "#r", "task_id": "#t"}))
        out.append(applied(f"{name} in a chain", simple[name], (10,),
                           {"chain": [plain(tsum.s()), plain(mul.s(1))], "parent_id": "#p", "root_id": "#r"}))
        out.append(applied(f"{name} delayed", simple[name], (), {"countdown": 10, "expires": 20, "queue": "q"}))
    r = random.Random(20261124)
    count = 0
    while count < 70:
        value = plain(random_shape(r, 3))
        if len(json.dumps(value)) > 2500:
            continue
        case = applied(f"random {count}", value, (1,) if r.random() < 0.2 else ())
        if len(json.dumps(case)) > 12000:
            continue
        out.append(case)
        count += 1
    document = {
        "celery": celery.__version__,
        "applied": lean(out),
        "worker": lean(list(worker(out)) + list(actions(out))),
        "composed": lean(list(composed(r))),
        "stamped": lean(list(stamped())),
        "chord_failed": lean(list(chord_failed(out))),
    }
    lines = ",\n".join(
        f'"{key}": ' + ("[\n" + ",\n".join(json.dumps(v, separators=(",", ":"), sort_keys=True) for v in value) + "\n]"
                         if isinstance(value, list) else json.dumps(value)) for key, value in document.items())
    text = "{\n" + lines + "\n}\n"
    with open(sys.argv[1], "w") as file:
        file.write(text)
    print(len(text), "bytes;", {k: len(v) for k, v in document.items() if isinstance(v, list)})
    print("errors:", [(c["name"], c["error"]) for c in out if "error" in c])


main()
