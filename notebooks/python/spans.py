"""Tells the notebook that runs this program what it did, and when.

    with span("Run task 1"):        a stretch of time
        instant("half-way")         a moment
    lane("worker 1")                a name for the process or thread that calls
    ended(pid, exit_code)           how a child that was waited for ended

Each event is one line in the file that NOTEBOOK_SPANS names. Without that variable
nothing is written, and the program runs as it does by itself.
"""

import os
import sys
import threading
import time
from contextlib import contextmanager

# Lines of several processes do not mix, as each is written by one call.
sys.stdout.reconfigure(line_buffering=True, write_through=False)

_file = None
if path := os.environ.get("NOTEBOOK_SPANS"):
    _file = os.open(path, os.O_WRONLY | os.O_APPEND)
_fork = threading.local()  # who forked, and when
_known = set()  # the threads of this process that have said their names


def _write(what, at, text=""):
    who = f"{os.getpid()}\t{threading.get_native_id()}"
    text = " ".join(str(text).split())[:200]
    # One write to a file opened for appending: events of other processes come before or
    # after.
    os.write(_file, f"{what}\t{who}\t{at}\t{text}\n".encode())


def _tell(what, text="", at=None):
    if _file is None:
        return
    at = at or time.monotonic_ns()
    if threading.get_native_id() not in _known:
        _known.add(threading.get_native_id())
        _write("lane", at, _own_name())
    _write(what, at, text)


def _own_name():
    if threading.current_thread() is not threading.main_thread():
        return threading.current_thread().name
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing.current_process().name if multiprocessing else ""


@contextmanager
def span(label):
    _tell("begin", label)
    try:
        yield
    finally:
        _tell("end")


def instant(label):
    _tell("instant", label)


def lane(name):
    _tell("lane", name)


def ended(pid, exit_code):
    _tell("ended", f"{pid} {exit_code}")


def _before_fork():
    _fork.called = time.monotonic_ns()
    _fork.parent = f"{os.getpid()} {threading.get_native_id()}"
    _tell("forks", at=_fork.called)


def _in_child():
    _known.clear()
    _write("forked", _fork.called, f"{time.monotonic_ns()} {_fork.parent}")


if _file is not None:
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
