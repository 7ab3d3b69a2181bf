"""start_methods.py ROUNDS: the seconds from the start of a child to the first line of
its work.

The first child comes from a forkserver, which has to be started too. Then each round
has a child each by fork, by forkserver and by spawn. One more round than ROUNDS, as the
first is the warm-up.
"""

import sys
import time
from multiprocessing import get_context

from spans import ended, instant, span

METHODS = ["fork", "forkserver", "spawn"]
LIMIT = 10  # seconds: no wait is longer
secret = "unknown"

# So the program is called in a child that loads it afresh.
if __name__ == "__mp_main__":
    instant("loads the program")


def work(line):
    now = time.monotonic()  # one clock for all processes
    instant(f"secret: {secret}")
    line.send(now)


def seconds_to_start(method, name):
    context = get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(theirs,), name=name)
    with span(name):
        begin = time.monotonic()
        child.start()
        if not ours.poll(LIMIT):
            child.kill()
    child.join(LIMIT)
    ended(child.pid, child.exitcode)
    return ours.recv() - begin if child.exitcode == 0 else sys.exit(f"{name}: no word")


if __name__ == "__main__":
    secret = 42
    print(seconds_to_start("forkserver", "forkserver, first"))
    for method in METHODS * (1 + int(sys.argv[1])):
        print(seconds_to_start(method, method))
