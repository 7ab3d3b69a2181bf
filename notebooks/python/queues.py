"""queues.py SECOND: a writer and a reader over a queue. The reader loops for ever."""

import os
import random
import sys
import time
from multiprocessing import get_context

from spans import ended, instant, lane, span


def write(q, second):
    lane("writer")
    print(f"Process to write: {os.getpid()}")
    for value in ["A", "B", "C"]:
        print(f"Put {value} to queue...")
        q.put(value)
        with span("sleep"):
            time.sleep(random.Random(value).random() * second)


def read(q):
    lane("reader")
    print(f"Process to read: {os.getpid()}")
    while True:
        with span("get"):
            value = q.get()
        instant(value)
        print(f"Get {value} from queue.")
        q.task_done()


if __name__ == "__main__":
    fork = get_context("fork")
    q = fork.JoinableQueue()
    pw = fork.Process(target=write, args=(q, float(sys.argv[1])))
    pr = fork.Process(target=read, args=(q,))
    pw.start()
    pr.start()
    pw.join()
    ended(pw.pid, pw.exitcode)
    # The reader does not end by itself. Once it has dealt with every value, it may be
    # ended.
    q.join()
    pr.terminate()
    pr.join()
    ended(pr.pid, pr.exitcode)
    print(f"The reader's exit code: {pr.exitcode}")
