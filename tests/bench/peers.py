"""Other people's programs that have to be signed in before they can be compared."""

import json
import os
import time

from measure import Command, Failed, stdout_of
from world import REFRESH_TOKEN, TOKEN, wait_for


def ortie(world):
    """ortie keeps tokens where commands of the person's put them: here in the same keyring."""
    attributes = ["service", "bench", "account", "ortie"]
    tokens = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 86400,
              "refresh_token": REFRESH_TOKEN, "issued_at": int(time.time())}
    world.run(["secret-tool", "store", "--label=bench", *attributes],
              stdin=json.dumps(tokens).encode())
    quoted = " ".join(attributes)
    path = world.write("ortie.toml", f"""
        [accounts.bench]
        default = true
        client-id = "bench"
        endpoints.authorization = "https://localhost:{world.http2}/authorize"
        endpoints.token = "https://localhost:{world.http2}/token"
        scopes = []
        auto-refresh = true
        storage.read.command = ["secret-tool", "lookup", {json.dumps(attributes)[1:-1]}]
        storage.write.command = "secret-tool store --label=bench {quoted}"
        """)
    return checked(world, Command("ortie", ["ortie", "-c", path, "token", "show"])), Command(
        "ortie refresh", ["ortie", "-c", path, "token", "refresh"])


def oidc_agent(world):
    """oidc-agent with one account, signed in with a refresh token; its agent keeps it in memory."""
    if "OIDC_SOCK" not in world.env:
        socket = world.path("run/oidc")
        child = world.start(["oidc-agent", "--console", "-a", socket])
        wait_for(lambda: os.path.exists(socket), child)
        world.env.update(OIDC_SOCK=socket, OIDC_ENCRYPTION_PW="bench")
        world.run(["oidc-gen", "bench", "--manual", "--client-id=bench", "--client-secret=none",
                   f"--issuer=https://localhost:{world.http1}/", "--rt=" + REFRESH_TOKEN,
                   "--scope=openid", "--redirect-uri=http://localhost:4242",
                   "--cp=" + world.env["SSL_CERT_FILE"], "--pw-env", "--no-save", "--prompt=none",
                   "--confirm-default"])
    return checked(world, Command("oidc-token", ["oidc-token", "bench"]))


def checked(world, command):
    """A contender that prints the token, or none."""
    if stdout_of(world, command.argv).strip() != TOKEN.encode():
        raise Failed(f"{command.name} printed another token")
    return command
