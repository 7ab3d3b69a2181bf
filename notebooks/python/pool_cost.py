"""pool_cost.py WORKERS TASKS MILLISECONDS [CHUNK]: the seconds that a pool's map takes.

Each task squares its number, after as many MILLISECONDS of a CPU's time; 0 leaves the
squaring. The pool is there before the clock starts.
"""

import sys
import time
from functools import partial
from multiprocessing import get_context

from spans import span


def square(milliseconds, n):
    if milliseconds:
        with span(f"task {n}"):
            enough = time.thread_time() + milliseconds / 1000
            while time.thread_time() < enough:
                pass
    return n * n


if __name__ == "__main__":
    workers, tasks = int(sys.argv[1]), int(sys.argv[2])
    milliseconds = float(sys.argv[3])
    # None: as Python chooses, a quarter of each worker's share.
    chunk = int(sys.argv[4]) if len(sys.argv) > 4 else None
    with get_context("fork").Pool(workers) as pool:
        begin = time.perf_counter()
        squares = pool.map(partial(square, milliseconds), range(tasks), chunk)
        seconds = time.perf_counter() - begin
    assert squares == [n * n for n in range(tasks)]
    print(seconds)
