"""A Celery client for the interoperability tests: one JSON request a line on standard input, one answer a line.

Usage: client.py URL

{"task": name, "args": [], "kwargs": {}, "options": {}, "timeout": s}   sends and waits: {"result": …} or {"raised": name, "args": […]}
{"send": name, "args": [], "options": {}}                               sends: {"id": …}
{"wait": id, "timeout": s}                                              waits
{"restore": true}                                                       gives back what lies in unacked, as any kombu consumer does: {"unacked": n}
"""
import json
import sys

from celery import Celery

app = Celery("interop", broker=sys.argv[1], backend=sys.argv[1])


def send(name, request):
    return app.send_task(name, request.get("args"), request.get("kwargs"), **request.get("options", {}))


def wait(result, request):
    try:
        return {"result": result.get(timeout=request.get("timeout", 10))}
    except Exception as exc:
        kind = type(exc)
        return {"raised": f"{kind.__module__}.{kind.__qualname__}", "args": json.loads(json.dumps(exc.args, default=repr))}


def restore():
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        channel.qos.visibility_timeout = 0
        channel.qos.restore_visible(interval=1)
        return {"unacked": channel.client.hlen("unacked")}


def answer(request):
    if "restore" in request:
        return restore()
    if "send" in request:
        return {"id": send(request["send"], request).id}
    if "wait" in request:
        return wait(app.AsyncResult(request["wait"]), request)
    return wait(send(request["task"], request), request)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
