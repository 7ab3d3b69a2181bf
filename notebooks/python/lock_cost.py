"""lock_cost.py ROUNDS COUNT: for each of ROUNDS the seconds to take and release a lock
COUNT times."""

import sys
import threading
import time


def take_and_release(lock, count):
    begin = time.perf_counter()
    for _ in range(count):
        with lock:
            pass
    return time.perf_counter() - begin


if __name__ == "__main__":
    rounds, count = int(sys.argv[1]), int(sys.argv[2])
    lock = threading.Lock()
    take_and_release(lock, count)  # to warm up
    for _ in range(rounds):
        print(take_and_release(lock, count))
