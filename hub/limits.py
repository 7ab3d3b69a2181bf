"""Limits of memory and of processes for each user of a hub, by what the machine has.

Where systemd runs, its own spawner for JupyterHub has them. `LimitedSpawner` is for machines
without it, such as containers: it bounds memory by a control group (version 1) that it makes for
each user, and processes by the limit that Linux keeps for each user (RLIMIT_NPROC).
"""

import asyncio
import os
import pwd
import resource
import signal
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Integer

# How long a user's processes may take to end once they have been killed.
PATIENCE = 10


def systemd_runs():
    """As sd_booted(3) tells it."""
    return Path("/run/systemd/system").is_dir()


def memory_groups(root=Path("/sys/fs/cgroup/memory"), mine=Path("/proc/self/cgroup")):
    """The control group below which those of the users are made; None where none can be made."""
    if not (root / "memory.limit_in_bytes").is_file():
        return None
    ours = [line.split(":", 2) for line in mine.read_text().splitlines()]
    path = next((path for _, names, path in ours if "memory" in names.split(",")), "/")
    # In a container, the path may be one that only the machine around it sees.
    places = [root / path.strip("/"), root]
    return next((it for it in places if it.is_dir() and os.access(it, os.W_OK)), None)


class LimitedSpawner(LocalProcessSpawner):
    """JupyterHub's spawner for local accounts, with `mem_limit` kept, and `tasks_limit`."""

    tasks_limit = Integer(
        0, help="The most processes and threads that a user has at once; 0 for no limit."
    ).tag(config=True)

    def group(self):
        """The user's control group, which may not have been made."""
        place = memory_groups()
        uid = pwd.getpwnam(self.user.name).pw_uid
        return place / f"jupyterhub-{uid}" if place and self.mem_limit else None

    def make_preexec_fn(self, name):
        become_user = super().make_preexec_fn(name)
        group, tasks = self.group(), self.tasks_limit
        if group:
            group.mkdir(exist_ok=True)
            (group / "memory.limit_in_bytes").write_text(str(self.mem_limit))
            # Memory and swap together: else the limit would only move what is above it.
            both = group / "memory.memsw.limit_in_bytes"
            if both.exists():
                both.write_text(str(self.mem_limit))

        def in_child():
            if group:
                (group / "cgroup.procs").write_text("0")
            if tasks:
                resource.setrlimit(resource.RLIMIT_NPROC, (tasks, tasks))
            become_user()

        return in_child

    async def start(self):
        await self.end_all()
        return await super().start()

    async def stop(self, now=False):
        await super().stop(now)
        await self.end_all()

    async def end_all(self):
        """Ends what a server has left, such as a program that a terminal started."""
        group = self.group()
        if not group or not group.is_dir():
            return
        for _ in range(PATIENCE * 20):
            left = (group / "cgroup.procs").read_text().split()
            for process in left:
                try:
                    os.kill(int(process), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not left:
                try:
                    group.rmdir()
                    return
                except OSError:
                    # A process that has just ended may still be counted.
                    pass
            await asyncio.sleep(0.05)
        self.log.warning("Processes of %s are still running: %s", self.user.name, left)
