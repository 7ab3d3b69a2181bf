"""Module, parent and number of the processes involved."""

import os
from multiprocessing import get_context

from spans import ended, span


def info(title):
    print(title)
    print("module name:", __name__)
    print("parent process:", os.getppid())
    print("process id:", os.getpid())


def f(name):
    with span("f"):
        info("function f")
        print("hello", name)


if __name__ == "__main__":
    with span("info"):
        info("main line")
    p = get_context("fork").Process(target=f, args=("bob",))
    p.start()
    p.join()
    ended(p.pid, p.exitcode)
