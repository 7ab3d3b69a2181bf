"""switch_cost.py ROUNDS COUNT: for each of ROUNDS, what there and back again takes,
COUNT times.

Three lines a round, in seconds: a generator by next(), the same in a for loop, and
asyncio with two tasks on one loop.
"""

import asyncio
import sys
import time


def numbers(count):
    for n in range(count):
        yield n


def by_next(count):
    gen = numbers(count)
    begin = time.perf_counter()
    for _ in range(count):
        next(gen)
    return time.perf_counter() - begin


def by_for(count):
    begin = time.perf_counter()
    for _ in numbers(count):
        pass
    return time.perf_counter() - begin


async def politely(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def both(count):
    begin = time.perf_counter()
    await asyncio.gather(politely(count // 2), politely(count // 2))
    return time.perf_counter() - begin


if __name__ == "__main__":
    rounds, count = int(sys.argv[1]), int(sys.argv[2])
    by_next(count)  # to warm up
    for _ in range(rounds):
        print(by_next(count), by_for(count), asyncio.run(both(count)), sep="\n")
