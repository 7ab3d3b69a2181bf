"""web_server.py DELAY: the tutorial's server, by aiohttp, on a port that the system
chooses.

Serves until it is told to stop by SIGTERM; then it answers what it has begun.
"""

import asyncio
import html
import os
import resource
import signal
import sys

from aiohttp import web

DELAY = float(sys.argv[1])


async def index(request):
    page = b"<h1>Index</h1>"
    return web.Response(body=page, content_type="text/html", charset="utf-8")


async def hello(request):
    await asyncio.sleep(DELAY)
    name = html.escape(request.match_info["name"])
    text = f"<h1>hello, {name}!</h1>"
    page = text.encode("utf-8")
    return web.Response(body=page, content_type="text/html", charset="utf-8")


async def main():
    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/hello/{name}", hello)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    # A name may be longer than aiohttp allows by itself; no line is written for each
    # request.
    runner = web.AppRunner(
        app, access_log=None, max_line_size=64 * 1024, shutdown_timeout=60
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    host, port = runner.addresses[0]
    me = os.getpid()
    print(f"Server started at http://{host}:{port}... (process {me})", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    # A connection takes a descriptor.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main())
