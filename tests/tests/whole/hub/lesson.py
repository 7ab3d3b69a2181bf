"""An hour in the room: three students and their teacher, on one hub. Writes what was seen into a
file, as JSON."""

import asyncio
import json
import stat
import sys
from pathlib import Path

import limits
from people import Person, Wrong, hub_is_up, picture

HUB = "http://127.0.0.1:8000"
COURSE, ASSIGNMENT = "concurrency", "sum"
# Of three points, each solution gets …
SOLUTIONS = {
    "ada": "fn sum(numbers: Vec<u32>) -> u64 {\n    numbers.iter().map(|n| u64::from(*n)).sum()\n}",
    "ben": "fn sum(n: Vec<u32>) -> u64 { if n.len() > 10 { n.iter().map(|n| *n as u64).sum() } else { 1 } }",
    "cleo": "fn sum(_: Vec<u32>) -> u64 { 0 }",
}
NAMED = {"course_id": COURSE, "assignment_id": ASSIGNMENT}


async def teach(teacher, action):
    said = await teacher.own("POST", f"/formgrader/api/assignment/{ASSIGNMENT}/{action}")
    if not said.get("success", False):
        raise Wrong(f"{action}: {said}")


async def hand_in(student):
    listed = await student.own("POST", "/assignments/fetch", json=NAMED)
    if not any(it["status"] == "fetched" for it in listed["value"]):
        raise Wrong(f"{student.name} cannot fetch it: {listed}")
    place = f"/api/contents/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    book = await student.own("GET", place)
    for cell in book["content"]["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = SOLUTIONS[student.name]
    await student.own("PUT", place, json={
        "type": "notebook", "format": "json", "content": book["content"]})
    listed = await student.own("POST", "/assignments/submit", json=NAMED)
    if not listed["success"] or not any(it["status"] == "submitted" for it in listed["value"]):
        raise Wrong(f"{student.name} cannot submit it: {listed}")


# True is what nobody should be able to do; NAME is somebody else.
TRESPASS = {
    "looks into another's home": "std::fs::read_dir(\"/home/NAME\").is_ok()",
    "reads the course's sources":
        "std::fs::read_dir(\"/home/teacher/concurrency/source\").is_ok()",
    "reads what others submit": f"std::fs::read_dir(\"/srv/nbgrader/exchange/{COURSE}/inbound\").is_ok()",
    "reads the hub's secrets": "std::fs::read_dir(\"/srv/jupyterhub\").is_ok()",
    "changes what is released":
        f"std::fs::write(\"/srv/nbgrader/exchange/{COURSE}/outbound/{ASSIGNMENT}/x\", \"x\").is_ok()",
    "puts a course of their own in the place of the teacher's":
        f"std::fs::rename(\"/srv/nbgrader/exchange/{COURSE}\", \"/srv/nbgrader/exchange/x\").is_ok()",
}


async def trespass(student, other):
    for what, code in TRESPASS.items():
        said = json.dumps(await student.run(code.replace("NAME", other)))
        if "false" not in said:
            raise Wrong(f"{student.name} {what}, or cannot try: {said}")


async def forge(student, other):
    """Submits, in another's name and later than they will, what gets no points."""
    place = f"/srv/nbgrader/exchange/{COURSE}/inbound/{other}+{ASSIGNMENT}+2099-01-02 03:04:05 UTC+x"
    said = json.dumps(await student.run(
        f"std::fs::create_dir(\"{place}\")?;\n"
        f"std::fs::copy(\"/home/{student.name}/{ASSIGNMENT}/{ASSIGNMENT}.ipynb\","
        f" \"{place}/{ASSIGNMENT}.ipynb\")? > 0"))
    if "true" not in said:
        raise Wrong(f"{student.name} cannot try to forge a submission: {said}")


async def take_all_memory(student):
    """A cell that wants three times what a user may have ends; the server, and others, do not."""
    code = "let mut all: Vec<Vec<u8>> = Vec::new();\nfor n in 0..96 { all.push(vec![n as u8 + 1; 32 << 20]); }"
    said = json.dumps(await student.run(code))
    if "SIGKILL" not in said:
        raise Wrong(f"{student.name} takes all memory: {said[:1000]}")
    await picture(student)


async def start_too_many(student):
    """The same, of threads."""
    code = ("let begun = (0..5000).take_while(|_| std::thread::Builder::new().stack_size(16384)"
            ".spawn(|| std::thread::sleep(std::time::Duration::from_secs(600))).is_ok()).count();\n"
            "println!(\"begun: {begun}\"); std::process::exit(0);")
    said = json.dumps(await student.run(code))
    begun = int(said.split("begun: ")[1].split("\\n")[0]) if "begun: " in said else 5000
    if begun >= 2000:
        raise Wrong(f"{student.name} starts {begun} threads: {said[:500]}")
    return begun


async def marks(teacher):
    listed = await teacher.own("GET", f"/formgrader/api/submissions/{ASSIGNMENT}")
    return {it["student"]: [it["score"], it["max_score"]] for it in listed if it["autograded"]}


async def lesson(seen):
    await hub_is_up(HUB)
    async with Person(HUB, "teacher") as teacher, Person(HUB, "ada") as ada, \
            Person(HUB, "ben") as ben, Person(HUB, "cleo") as cleo, \
            Person(HUB, "mallory") as mallory, Person(HUB, "open") as careless:
        students = [ada, ben, cleo]
        # Who has an account, and is of no course, stays out; so does who has a wrong password.
        seen["let in"] = [await mallory.log_in("word-of-mallory"), await ada.log_in("word-of-ben")]
        await careless.log_in("word-of-open")
        seen["an open home"] = "chmod 700 /home/open" in await careless.page("/hub/spawn")
        await asyncio.gather(*[it.arrive() for it in [teacher, *students]])
        seen["lessons"] = len((await ada.own("GET", "/api/contents/lessons"))["content"])
        await asyncio.gather(*[picture(it) for it in students])
        seen["pictures"] = len(students)
        await teach(teacher, "assign")
        await teach(teacher, "release")
        for student in students:
            await hand_in(student)
        await trespass(ada, "ben")
        await forge(cleo, "ada")
        seen["memory is limited"] = limits.memory_groups() is not None
        if seen["memory is limited"]:
            await take_all_memory(ben)
        seen["threads"] = await start_too_many(cleo)
        await teach(teacher, "collect")
        for student in students:
            path = f"/formgrader/api/submission/{ASSIGNMENT}/{student.name}/autograde"
            said = await teacher.own("POST", path)
            if not said["success"]:
                raise Wrong(f"{student.name} is not graded: {said['error'] or said['log']}")
        seen["marks"] = await marks(teacher)
        await teach(teacher, "generate_feedback")
        await teach(teacher, "release_feedback")
        listed = await ben.own("POST", "/assignments/fetch_feedback", json=NAMED)
        seen["feedback"] = [
            one["local_feedback_path"] is not None
            for it in listed["value"] for one in it.get("submissions", [])]
        # What students have no use for is not there for them.
        async with ada.session.get(f"{HUB}/user/ada/formgrader/api/assignments") as answer:
            seen["formgrader for a student"] = answer.status
        async with ada.session.get(f"{HUB}/user/ben/api/contents") as answer:
            seen["another's server"] = answer.status
        home = Path("/home/ada/lessons")
        seen["lessons are private"] = not stat.S_IMODE(home.parent.stat().st_mode) & 0o077
        for person in [teacher, *students]:
            await person.ask("DELETE", f"/hub/api/users/{person.name}/server")


seen = {}
try:
    asyncio.run(lesson(seen))
except Exception as error:  # noqa: BLE001: whatever it is, it is told.
    seen["wrong"] = f"{type(error).__name__}: {error}"
Path(sys.argv[1]).write_text(json.dumps(seen))
