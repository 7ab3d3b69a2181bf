"""pool.py TASKS WORKERS SECOND: many tasks, few processes. SECOND says how long a
second is."""

import os
import random
import sys
import time
from multiprocessing import get_context

from spans import span


def long_time_task(name, second):
    print(f"Run task {name} ({os.getpid()})...")
    start = time.monotonic()
    with span(f"task {name}"):
        # Random, and the same in every run: the task's number is the seed.
        time.sleep(random.Random(name).uniform(0.5, 3) * second)
    print(f"Task {name} took {(time.monotonic() - start) / second:.2f} seconds.")


if __name__ == "__main__":
    tasks, workers = int(sys.argv[1]), int(sys.argv[2])
    second = float(sys.argv[3])
    print(f"Parent process {os.getpid()}.")
    with get_context("fork").Pool(workers) as pool:
        results = [pool.apply_async(long_time_task, (i, second)) for i in range(tasks)]
        print("Waiting for all tasks...")
        with span("close and join"):
            pool.close()
            pool.join()
        # An exception of a task comes out here.
        for result in results:
            result.get()
    print("All tasks done.")
