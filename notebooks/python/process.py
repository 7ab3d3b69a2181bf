"""A Process runs a function in a child."""

import os
from multiprocessing import get_context

from spans import ended, span


def run_proc(name):
    with span("run_proc"):
        print(f"Run child process {name} ({os.getpid()})...")


if __name__ == "__main__":
    print(f"Parent process {os.getpid()}.")
    p = get_context("fork").Process(target=run_proc, args=("test",))
    print("Child process will start.")
    with span("start and join"):
        p.start()
        p.join()
    ended(p.pid, p.exitcode)
    print("Child process end.")
