"""The Python side of pool.rs: one line in, one measured round, its nanoseconds out."""

import multiprocessing
import sys
import time


def square(n):
    return n * n


def burn(micros):
    """Uses the CPU for so long, whatever the language."""
    end = time.thread_time_ns() + 1000 * micros
    while time.thread_time_ns() < end:
        pass
    return micros


def small(pool):
    assert sum(pool.map(square, range(10_000))) == 333283335000


def small_one_by_one(pool):
    assert sum(pool.map(square, range(10_000), chunksize=1)) == 333283335000


def apply_async(pool):
    pending = [pool.apply_async(square, (n,)) for n in range(1000)]
    assert sum(one.get() for one in pending) == 332833500


def cpu_bound(pool):
    assert pool.map(burn, [5000] * 64) == [5000] * 64


def large(pool):
    assert len(pool.map(bytes.swapcase, [b"x" * (1 << 20)] * 32)) == 32


def start_and_end(_pool):
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.apply(square, (1,))
    pool.close()
    pool.join()


if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(2)
    for line in sys.stdin:
        measured = globals()[line.strip()]
        begin = time.monotonic_ns()
        measured(pool)
        print(time.monotonic_ns() - begin, flush=True)
