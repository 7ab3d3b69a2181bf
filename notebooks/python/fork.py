"""fork() is called once and returns twice: 0 in the child, the child's pid in the
parent."""

import os

from spans import ended, span

if __name__ == "__main__":
    # Without the flush this line could still stand in a buffer, of which the child gets
    # a copy.
    print(f"Process ({os.getpid()}) start...", flush=True)
    pid = os.fork()  # Unix, Linux and macOS; not Windows
    if pid == 0:
        with span("child"):
            me, parent = os.getpid(), os.getppid()
            print(f"I am child process ({me}) and my parent is {parent}.")
    else:
        with span("parent"):
            print(f"I ({os.getpid()}) just created a child process ({pid}).")
        _, status = os.waitpid(pid, 0)
        ended(pid, os.waitstatus_to_exitcode(status))
