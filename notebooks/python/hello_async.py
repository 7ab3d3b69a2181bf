"""hello_async.py SECONDS: two coroutines on one thread say hello, sleep so long, and
say it again."""

import asyncio
import sys
import threading
import time

from spans import span


def say(what, name):
    with span(f"{what} {name}"):
        print(f"{what}, world! (task {name}, thread {threading.get_native_id()})")
        end = time.thread_time() + 0.003  # work that the picture can show
        while time.thread_time() < end:
            pass


async def hello(name, seconds):
    say("Hello", name)
    await asyncio.sleep(seconds)
    say("Again", name)


async def main():
    seconds = float(sys.argv[1])
    await asyncio.gather(hello(1, seconds), hello(2, seconds))


if __name__ == "__main__":
    asyncio.run(main())
