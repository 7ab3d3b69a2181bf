"""queue_throughput.py ITEM_BYTES COUNT: seconds from the first put to the last get."""

import sys
import time
from multiprocessing import get_context


def write(q, size, count):
    item = bytes(size)
    begin = time.monotonic()
    for _ in range(count):
        q.put(item)
    # One clock for all processes, so the reader can use the writer's time.
    q.put(begin)


if __name__ == "__main__":
    size, count = int(sys.argv[1]), int(sys.argv[2])
    fork = get_context("fork")
    q = fork.Queue()
    writer = fork.Process(target=write, args=(q, size, count))
    writer.start()
    received = 0
    for _ in range(count):
        received += len(q.get())
    end = time.monotonic()
    begin = q.get()
    writer.join()
    assert received == size * count
    print(end - begin)
