"""People at a hub: each logs in by a password, as in a browser, and then works by the requests
that JupyterLab and nbgrader's panels make."""

import asyncio
import json
import time
import uuid

import aiohttp

# For what a busy machine may take long for; what never comes is found after it.
PATIENCE = 240


class Wrong(Exception):
    """What somebody met instead of what should have been."""


async def until(what, ask):
    """The first true answer to `ask`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = await ask()
        if answer:
            return answer
        await asyncio.sleep(0.1)
    raise Wrong(f"not so after {PATIENCE} s: {what}")


async def hub_is_up(hub):
    async def ask():
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{hub}/hub/api/") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await until("the hub answers", ask)


class Person:
    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.kernel = None

    async def __aenter__(self):
        # An address without a name has cookies too.
        jar = aiohttp.CookieJar(unsafe=True)
        self.session = aiohttp.ClientSession(
            cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=PATIENCE))
        return self

    async def __aexit__(self, *_):
        await self.session.close()

    async def log_in(self, password):
        """Whether the hub takes the password."""
        page = f"{self.hub}/hub/login"
        async with self.session.get(page) as answer:
            await answer.read()
        form = {"username": self.name, "password": password, "_xsrf": self.xsrf()}
        async with self.session.post(page, data=form, allow_redirects=False) as answer:
            if answer.status != 302:
                return False
        return True

    async def take_token(self):
        """Requests from now on are a program's: a browser has cookies for each server in place of it."""
        async with self.session.get(f"{self.hub}/hub/token") as answer:
            await answer.read()
        tokens, own = f"{self.hub}/hub/api/users/{self.name}/tokens", {"X-XSRFToken": self.xsrf()}
        async with self.session.post(tokens, json={}, headers=own) as answer:
            token = (await self.read(answer))["token"]
        self.session.headers["Authorization"] = f"token {token}"
        self.session.cookie_jar.clear()

    async def page(self, path):
        async with self.session.get(self.hub + path) as answer:
            return await answer.text()

    async def arrive(self):
        """From the page for the password to a server of one's own."""
        if not await self.log_in(f"word-of-{self.name}"):
            raise Wrong(f"{self.name} is not let in")
        await self.take_token()
        path = f"/hub/api/users/{self.name}"
        await self.ask("POST", f"{path}/server", json={})

        async def ask():
            servers = (await self.ask("GET", path))["servers"]
            if "" not in servers:
                raise Wrong(f"{self.name}: the server has gone while it was starting")
            return servers[""]["ready"]

        await until(f"{self.name} has a server", ask)

    def xsrf(self):
        found = [it.value for it in self.session.cookie_jar if it.key == "_xsrf"]
        return found[-1] if found else ""

    async def read(self, answer):
        text = await answer.text()
        if answer.status >= 400:
            raise Wrong(f"{self.name}: {answer.status} for {answer.url}: {text[:2000]}")
        return json.loads(text) if text else None

    async def ask(self, method, path, **more):
        async with self.session.request(method, self.hub + path, **more) as answer:
            return await self.read(answer)

    async def own(self, method, path, **more):
        return await self.ask(method, f"/user/{self.name}{path}", **more)

    async def run(self, code):
        """What a cell put out; its kernel is the notebook's, and started for the first."""
        if self.kernel is None:
            asked = {"name": "rust", "path": "lessons/01-tasks.ipynb"}
            self.kernel = (await self.own("POST", "/api/kernels", json=asked))["id"]
        way = f"{self.hub}/user/{self.name}/api/kernels/{self.kernel}/channels"
        outputs = []
        async with self.session.ws_connect(way, max_msg_size=0) as socket:
            asked = message(code)
            await socket.send_json(asked)
            while True:
                got = await socket.receive_json(timeout=PATIENCE)
                if got["parent_header"].get("msg_id") != asked["header"]["msg_id"]:
                    continue
                kind, content = got["msg_type"], got["content"]
                if kind in ("display_data", "execute_result", "stream", "error"):
                    outputs.append(content)
                elif kind == "status" and content["execution_state"] == "idle":
                    return outputs


def message(code):
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False,
               "stop_on_error": True, "user_expressions": {}}
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": uuid.uuid4().hex,
              "msg_type": "execute_request", "version": "5.3"}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content,
            "channel": "shell", "buffers": []}


# As a lesson begins, and draws.
PICTURE = [
    ':dep support = { path = "../support" }\nuse support::prelude::*;',
    'let trace = Trace::new();\ntrace.in_span("mine", || ());\n'
    'display::show(&trace.timeline().title("NAME"));',
]


async def picture(person):
    """A picture with the person's name in it, drawn by their own kernel."""
    outputs = []
    for code in PICTURE:
        outputs += await person.run(code.replace("NAME", f"of {person.name}"))
    drawn = [it for it in outputs if any("svg" in str(value) for value in it.get("data", {}).values())]
    if len(drawn) != 1 or f"of {person.name}" not in json.dumps(drawn):
        raise Wrong(f"{person.name} sees no picture: {json.dumps(outputs)[:2000]}")
