"""A hallpass that is signed in the way a person does it."""

import os
import time

from measure import Command, Failed, once, stdout_of
from world import TOKEN, Missing


def configure(world):
    """Two services, one an HTTP version, as a person would write them down."""
    world.write("hallpass/config/config.toml", "".join(f"""
        [service.{name}]
        client_id = "bench"
        authorization_endpoint = "https://localhost:{port}/authorize"
        token_endpoint = "https://localhost:{port}/token"
        api_base_url = "https://localhost:{port}/"
        """ for name, port in (("bench", world.http2), ("bench1", world.http1))))


def sign_in(world, service):
    """`hallpass login` with a browser in miniature: when the redirect went out, when its answer
    was there, when the process had ended."""
    report = world.path("browser")
    world.env["BROWSER"] = os.path.join(os.path.dirname(os.path.abspath(__file__)), "browser.py")
    world.env["BENCH_BROWSER_REPORT"] = report
    once(world, Command("hallpass login", [world.hallpass, "login", service, "--flow", "browser"]))
    ended = time.monotonic()
    end = ended + 5
    while not os.path.exists(report) or not os.path.getsize(report):
        if time.monotonic() > end:
            raise Failed("hallpass login: the browser got no answer")
        time.sleep(0.01)
    with open(report, encoding="utf-8") as file:
        sent, answered, status = file.read().split(" ", 2)
    os.remove(report)
    if not status.startswith("HTTP/1.1 200"):
        raise Failed(f"hallpass login: the browser was answered {status!r}")
    return float(sent), float(answered), ended


def seed(world):
    """A signed-in hallpass, and the proof that both sides of the comparison work."""
    configure(world)
    for service in ("bench", "bench1"):
        sign_in(world, service)
    if stdout_of(world, [world.hallpass, "token", "bench"]).strip() != TOKEN.encode():
        raise Failed("hallpass token printed another token")
    lookup = stdout_of(world, "secret-tool lookup service bench account ada".split())
    if lookup.strip() != TOKEN.encode():
        raise Missing("the keyring gave another token")
