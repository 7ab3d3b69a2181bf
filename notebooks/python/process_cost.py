"""process_cost.py COUNT: for each of COUNT empty processes the seconds to start and
join it."""

import sys
import time
from multiprocessing import get_context


def nothing():
    pass


if __name__ == "__main__":
    fork = get_context("fork")
    for _ in range(int(sys.argv[1])):
        begin = time.perf_counter()
        process = fork.Process(target=nothing)
        process.start()
        process.join()
        print(time.perf_counter() - begin)
