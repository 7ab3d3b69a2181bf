"""subprocesses.py COUNT AT_ONCE SECONDS: COUNT programs that sleep, AT_ONCE of them at
a time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from spans import span


def sleep(n):
    with span(f"sleep {n}"):
        subprocess.run(["sleep", sys.argv[3]], check=True)


if __name__ == "__main__":
    count, at_once = int(sys.argv[1]), int(sys.argv[2])
    # The threads do nothing but wait for their programs, so the GIL is in nobody's way.
    with ThreadPoolExecutor(at_once, thread_name_prefix="slot") as slots:
        list(slots.map(sleep, range(1, count + 1)))
