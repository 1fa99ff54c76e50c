"""The Python worker that the suite's lists were recorded with: `celery -A app worker`, with the suite on PYTHONPATH.

The settings are those of the app that the suite's tests are clients of.
"""
import os

from celery import Celery

app = Celery("interop", include=["t.integration.tasks"])
app.conf.update(
    broker_url=os.environ["TEST_BROKER"], result_backend=os.environ["TEST_BACKEND"], broker_heartbeat=0, result_extended=True,
    accept_content={"json"}, enable_utc=True, timezone="UTC", task_create_missing_queues=False, worker_log_color=False,
    worker_hijack_root_logger=False)

from t.integration.tasks import ClassBasedAutoRetryTask  # noqa: E402

app.register_task(ClassBasedAutoRetryTask())
