"""event_loop.py CLICKS PAUSE SLOW: a message loop in asyncio whose third click is slow
to handle.

CLICKS clicks, one each PAUSE seconds, are sent by another thread. The third takes SLOW
seconds: in the first run in its handler, in the second in a thread. Printed for each
run is a line for each click: the seconds from the click until its handler began.
"""

import asyncio
import sys
import threading
import time

from spans import lane, span


def busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def save(seconds):
    with span("save"):
        time.sleep(seconds)


async def window(clicks, pause, slow, elsewhere):
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue()
    latencies = []

    def user():
        lane("user")
        for _ in range(clicks):
            loop.call_soon_threadsafe(waiting.put_nowait, time.monotonic())
            time.sleep(pause)

    thread = threading.Thread(target=user)
    thread.start()
    saved = None
    for n in range(1, clicks + 1):
        clicked = await waiting.get()
        latencies.append(time.monotonic() - clicked)
        with span("click"):
            busy(0.001)
        if n == 3 and elsewhere:
            saved = asyncio.create_task(asyncio.to_thread(save, slow))
        elif n == 3:
            save(slow)
    if saved:
        await saved
    thread.join()
    return latencies


if __name__ == "__main__":
    clicks, pause, slow = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    lane("window")
    for elsewhere in (False, True):
        for latency in asyncio.run(window(clicks, pause, slow, elsewhere)):
            print(latency)
