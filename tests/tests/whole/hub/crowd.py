"""Many begin at once: how long each waits for a first picture, and what memory each then holds.

crowd.py FILE SIZE…: for each size so many students log in at the same moment. Writes JSON."""

import asyncio
import json
import pwd
import sys
import time
from pathlib import Path

from people import Person, hub_is_up, picture

HUB = "http://127.0.0.1:8000"


def memory():
    """Of each account, in MB: every page counted once, shared ones in equal parts (Pss)."""
    held = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
            name = pwd.getpwuid(process.stat().st_uid).pw_name
        except (OSError, KeyError):
            continue
        kind = "server" if "singleuser" in (process / "cmdline").read_text() else "kernel"
        pss = next((int(it.split()[1]) for it in lines if it.startswith("Pss:")), 0)
        one = held.setdefault(name, {"server": 0, "kernel": 0})
        one[kind] += pss / 1024
    return held


def available():
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(it.split()[1]) / 1024 for it in lines if it.startswith("MemAvailable:"))


async def visit(person):
    began = time.monotonic()
    await person.arrive()
    has_server = time.monotonic()
    await picture(person)
    return has_server - began, time.monotonic() - began


async def crowd(size):
    people = [Person(HUB, f"student{number}") for number in range(size)]
    for person in people:
        await person.__aenter__()
    before = available()
    took = await asyncio.gather(*[visit(it) for it in people])
    # Until what compiled has ended.
    await asyncio.sleep(20)
    held = memory()
    after = available()
    for person in people:
        await person.ask("DELETE", f"/hub/api/users/{person.name}/server")
        await person.__aexit__()
    return {
        "students": size,
        "seconds to a server": sorted(round(it[0], 1) for it in took),
        "seconds to a picture": sorted(round(it[1], 1) for it in took),
        "MB of each": {name: {kind: round(it) for kind, it in one.items()}
                       for name, one in held.items() if name.startswith("student")},
        "MB less available, for each": round((before - after) / size),
    }


async def main(sizes):
    await hub_is_up(HUB)
    return [await crowd(size) for size in sizes]


result = asyncio.run(main([int(it) for it in sys.argv[2:]]))
Path(sys.argv[1]).write_text(json.dumps(result, indent=1))
