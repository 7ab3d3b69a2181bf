"""queue_killed.py HOW SECONDS: a reader is ended while it waits in get, and a second
one comes.

HOW is `kill` or `terminate`. The second reader waits no longer than SECONDS.
"""

import sys
import time
from multiprocessing import get_context
from queue import Empty

from spans import ended, instant, span

LIMIT = 10  # seconds: no wait is longer


def read(q, seconds, asks):
    try:
        with span("get"):
            asks.set()
            value = q.get(timeout=seconds)
    except Empty:
        value = "Empty"
    instant(value)
    print(f"The second reader: {value}")


def until_taken(lock):
    end = time.monotonic() + LIMIT
    while lock.acquire(block=False):
        lock.release()
        if time.monotonic() > end:
            sys.exit("the first reader has not come to its get")
        time.sleep(0.001)


def join(process):
    process.join(LIMIT)
    ended(process.pid, process.exitcode)


if __name__ == "__main__":
    how, seconds = sys.argv[1], float(sys.argv[2])
    fork = get_context("fork")
    q = fork.Queue()
    asks = fork.Event()
    first = fork.Process(target=read, args=(q, None, fork.Event()), name="first reader")
    second = fork.Process(target=read, args=(q, seconds, asks), name="second reader")
    first.start()
    until_taken(q._rlock)  # get holds it while it waits; only its private name tells
    time.sleep(0.02)  # for the picture
    instant(how)
    first.kill() if how == "kill" else first.terminate()
    join(first)
    second.start()
    asks.wait(LIMIT)
    time.sleep(0.02)
    instant("put A")
    q.put("A")
    join(second)
    print(f"In the queue: {q.qsize()}")
    q._rlock.release()  # in the name of the dead
    print(f"With the lock released by hand: {q.get(timeout=LIMIT)}")
