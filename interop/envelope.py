"""A task message as kombu puts it into Redis, without a client's cost."""
import base64
import json
import uuid


def envelope(task, args, task_id=None, queue="celery", ignore_result=False):
    """The id and the element of the list."""
    task_id = task_id or str(uuid.uuid4())
    body = json.dumps([args, {}, dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))])
    headers = {
        "lang": "py", "task": task, "id": task_id, "root_id": task_id, "parent_id": None, "group": None, "group_index": None,
        "shadow": None, "eta": None, "expires": None, "retries": 0, "timelimit": [None, None], "ignore_result": ignore_result,
        "argsrepr": repr(tuple(args)), "kwargsrepr": "{}", "origin": "interop", "replaced_task_nesting": 0,
        "stamped_headers": None, "stamps": {}}
    properties = {
        "correlation_id": task_id, "reply_to": str(uuid.UUID(int=0)), "delivery_mode": 2, "delivery_tag": str(uuid.uuid4()),
        "delivery_info": {"exchange": "", "routing_key": queue}, "priority": 0, "body_encoding": "base64"}
    return task_id, json.dumps({
        "body": base64.b64encode(body.encode()).decode(), "content-type": "application/json", "content-encoding": "utf-8",
        "headers": headers, "properties": properties})
