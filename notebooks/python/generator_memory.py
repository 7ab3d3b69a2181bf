"""generator_memory.py COUNT...: for each COUNT the bytes of memory that so many waiting
generators take."""

import os
import sys


def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def own(n):
    while True:
        yield n


if __name__ == "__main__":
    for count in map(int, sys.argv[1:]):
        before = used()
        generators = [own(n) for n in range(count)]
        assert sum(map(next, generators)) == count * (count - 1) // 2
        print(used() - before)
        del generators
