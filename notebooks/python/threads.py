"""threads.py SECOND: two threads that say the time, one every 2 seconds, the other
every 4."""

import _thread
import sys
import time

from spans import lane, span


def print_time(name, delay, second, done):
    lane(name)
    for _ in range(5):
        with span("sleep"):
            time.sleep(delay * second)
        print(f"{name}: {(time.monotonic() - start) / second:.1f} s")
    done.release()


if __name__ == "__main__":
    second = float(sys.argv[1])
    start = time.monotonic()
    # _thread knows no join: a lock that the thread releases at its end stands in for
    # it.
    locks = []
    for name, delay in [("Thread-1", 2), ("Thread-2", 4)]:
        lock = _thread.allocate_lock()
        lock.acquire()
        locks.append(lock)
        _thread.start_new_thread(print_time, (name, delay, second, lock))
    for lock in locks:
        lock.acquire()
