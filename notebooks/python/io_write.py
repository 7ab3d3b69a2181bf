"""io_write.py PIECES: 100 MB to the disk and PIECES of other work, first in turn, then
together."""

import os
import sys
import tempfile
import threading
import time

from spans import lane, span


begun = threading.Event()


def write_100_mb():
    piece = bytes(4_000_000)
    with tempfile.TemporaryFile() as file:
        for _ in range(25):
            with span("write"):
                begun.set()
                file.write(piece)
        with span("to the disk"):
            file.flush()
            os.fsync(file.fileno())
        print(f"{file.tell()} bytes written")


def other_work():
    for _ in range(int(sys.argv[1])):
        with span("other work"):
            # 5 ms on the processor, however long that takes on the clock
            end = time.thread_time() + 0.005
            while time.thread_time() < end:
                pass


def writer():
    lane("writer")
    write_100_mb()


if __name__ == "__main__":
    lane("main")
    write_100_mb()
    other_work()
    begun.clear()
    thread = threading.Thread(target=writer)
    thread.start()
    # Two threads that both want the interpreter get it in turns of 5 ms, and to open a
    # file takes many.
    begun.wait()
    other_work()
    thread.join()
