"""JupyterHub for a lab room: one machine, its accounts, one course. See README.md beside this file.

What is particular to a room is told by the variables below; anything else by a configuration of
its own, which begins with `load_subconfig("…/hub/jupyterhub_config.py")`.
"""

import asyncio
import grp
import os
import pwd
import stat
import sys
from pathlib import Path

from tornado import web

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import limits  # noqa: E402

c = get_config()  # noqa: F821


def fail(sentence):
    # JupyterHub shows an error of its configuration with a traceback, which helps nobody here.
    print(f"jupyterhub_config.py: {sentence}", file=sys.stderr)
    raise SystemExit(1)


def account(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        fail(f"there is no account {name}: make it (adduser {name}), or name another by HUB_TEACHER")


if os.geteuid() != 0:
    fail("the hub starts each server as its user, which only root can: run it as root")

TEACHER = os.environ.get("HUB_TEACHER", "teacher")
STUDENTS = os.environ.get("HUB_STUDENTS", "students")
COURSE = Path(os.environ.get("HUB_COURSE", Path(account(TEACHER).pw_dir) / "concurrency"))
EXCHANGE = Path(os.environ.get("HUB_EXCHANGE", "/srv/nbgrader/exchange"))
STATE = Path(os.environ.get("HUB_STATE", "/var/lib/jupyterhub"))
KERNEL = Path(os.environ.get("HUB_KERNEL", "/usr/local"))
# Measured: see README.md.
MEMORY = os.environ.get("HUB_MEMORY", "2G")
TASKS = int(os.environ.get("HUB_TASKS", "2000"))

LESSONS = KERNEL / "lib/rust-notebooks/rust/current/notebooks"
if not (KERNEL / "share/jupyter/kernels/rust/kernel.json").is_file():
    fail(f"no kernel is installed in {KERNEL}: run `cargo lab install --prefix {KERNEL} --name rust`")
if STUDENTS not in (it.gr_name for it in grp.getgrall()):
    fail(f"there is no group {STUDENTS}: make it (addgroup {STUDENTS}), or name another by HUB_STUDENTS")


def require_for_all(program):
    """Each folder above it lets everybody through."""
    for folder in Path(program).resolve().parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            fail(f"students cannot run {program}, as {folder} is closed to them: set up a clone, with "
                 "a Python, that is in a folder for everybody, such as /opt")


require_for_all(Path(sys.prefix) / "bin/jupyterhub-singleuser")
require_for_all(sys.executable)
require_for_all(HERE / "limits.py")


def make(folder, mode, owner):
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(mode)


# The hub's own secrets: cookies, tokens, who is served where.
make(STATE, 0o700, account("root"))
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# nbgrader wants everybody to be able to write here. The course's own folder is the teacher's from the
# beginning, so that no student can make another in its place.
make(EXCHANGE, 0o1777, account("root"))
make(EXCHANGE / "concurrency", 0o755, account(TEACHER))

# Who may come in: accounts of this machine, by their own passwords (PAM).
c.JupyterHub.authenticator_class = "pam"
c.LocalAuthenticator.allowed_groups = {STUDENTS}
c.Authenticator.allowed_users = {TEACHER}
c.Authenticator.blocked_users = {"root"}

if limits.systemd_runs():
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.unit_extra_properties = {"TasksMax": str(TASKS)}
    c.SystemdSpawner.isolate_tmp = True
else:
    c.JupyterHub.spawner_class = limits.LimitedSpawner
    c.LimitedSpawner.tasks_limit = TASKS
    if limits.memory_groups() is None:
        print(
            "jupyterhub_config.py: memory is not limited, as there is neither systemd nor a control "
            "group for memory (version 1) that root may make here: one user can take all of it",
            file=sys.stderr,
        )
c.Spawner.mem_limit = MEMORY
c.Spawner.cmd = [str(Path(sys.prefix) / "bin/jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
# A kernel that no page has shown for an hour is ended, and a server that nobody has used for two:
# each holds memory that others need.
c.Spawner.args = ["--MappingKernelManager.cull_idle_timeout=3600"]
c.JupyterHub.services = [{
    "name": "idle-culler",
    "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"],
}]
c.JupyterHub.load_roles = [{
    "name": "idle-culler",
    "services": ["idle-culler"],
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
}]


def refused(sentence):
    """A server is not started: the user reads why on the hub's page, and the hub's log has it."""
    error = web.HTTPError(409, sentence)
    error.jupyterhub_message = sentence
    return error


def is_private(folder):
    found = folder.stat()
    try:
        is_own_group = grp.getgrgid(found.st_gid).gr_name == pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        is_own_group = False
    closed = stat.S_IRWXO if is_own_group else stat.S_IRWXO | stat.S_IRWXG
    return not found.st_mode & closed


# Whole or not at all; as the user, in whose home it is.
TAKE_LESSONS = """
test -e "$HOME/lessons" && exit
new=$(mktemp -d "$HOME/.lessons.XXXXXX") && cp -r --no-preserve=mode "$0" "$new/lessons" &&
mv -T "$new/lessons" "$HOME/lessons" && rmdir "$new"
"""


async def before(spawner):
    user = account(spawner.user.name)
    home = Path(user.pw_dir)
    if not home.is_dir():
        raise refused(f"{user.pw_name} has no home at {home}: an administrator has to make it")
    if not is_private(home):
        raise refused(
            f"others can look into {home}, where solutions are: close it by `chmod 700 {home}`")
    role = "teacher" if user.pw_name == TEACHER else "student"
    spawner.environment = {
        "JUPYTER_PATH": str(KERNEL / "share/jupyter"),
        "JUPYTER_CONFIG_PATH": f"{HERE}/settings/{role}:{HERE}/settings",
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
        "NBGRADER_EXCHANGE": str(EXCHANGE),
        "NBGRADER_COURSE": str(COURSE) if role == "teacher" else "",
    }
    take = await asyncio.create_subprocess_exec(
        "sh", "-c", TAKE_LESSONS, str(LESSONS), env={"HOME": str(home), "PATH": os.defpath},
        user=user.pw_uid, group=user.pw_gid, extra_groups=[], stderr=asyncio.subprocess.PIPE)
    try:
        _, said = await asyncio.wait_for(take.communicate(), 60)
    except asyncio.TimeoutError:
        take.kill()
        raise refused(f"the lessons could not be copied to {home} within a minute: try again")
    if take.returncode != 0:
        raise refused(f"the lessons cannot be copied to {home}: {said.decode().strip()}")


c.Spawner.pre_spawn_hook = before
