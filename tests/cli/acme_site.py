"""A site of three names on the ports that browsers use, with an ACME server that does not know it.

``python -m tests.cli.acme_site FOLDER`` in a network and with mounts of its own: it prints the
names in the certificates that the site shows, once who trusts the ACME server believes them.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from nbh_kit import programs
from nbh_kit.testing import eventually

NAMES = ("notebooks.example.test", "staff.example.test", "shared.example.test")

_HOSTS = "127.0.0.1 localhost acme.example.test " + " ".join(NAMES) + "\n"

# Its root is its own; it comes to port 443 of who asks for a name, as Let's Encrypt does.
_ACME_SERVER = """
{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}/acme-server
}}
https://acme.example.test:14000 {{
    tls internal
    acme_server
}}
"""

_SITE = """
[site]
data = "{folder}/data"
run = "{folder}/run"
[origins]
content = "https://notebooks.example.test"
ui = "https://staff.example.test"
share = "https://shared.example.test"
[traefik]
listen = "0.0.0.0:443"
acme = "https://acme.example.test:14000/acme/local/directory"
acme_email = "operator@example.test"
acme_roots = "{folder}/root.pem"
[provisioner]
engine = "memory"
"""


async def main(folder: Path) -> None:
    _be_apart(folder)
    (folder / "Caddyfile").write_text(_ACME_SERVER.format(folder=folder))
    (folder / "nbhosting.toml").write_text(_SITE.format(folder=folder))
    caddy = (str(programs.find("caddy")), "run", "--config", str(folder / "Caddyfile"))
    up = (sys.executable, "-m", "nbh_cli.up", str(folder / "nbhosting.toml"))
    async with _running(caddy, XDG_DATA_HOME=str(folder), HOME=str(folder)):
        made = folder / "acme-server" / "pki" / "authorities" / "local" / "root.crt"
        await eventually(made.exists, within=30)
        root = folder / "root.pem"
        root.write_bytes(made.read_bytes())
        async with _running(up):
            shown = [
                await eventually(partial(_names_at, name, root), within=60, pause=0.2)
                for name in NAMES
            ]
    print(json.dumps(shown))


def _be_apart(folder: Path) -> None:
    (folder / "hosts").write_text(_HOSTS)
    for argv in (
        (programs.find("mount"), "--bind", folder / "hosts", "/etc/hosts"),
        (programs.find("ip"), "link", "set", "lo", "up"),
    ):
        subprocess.run(argv, check=True)


@asynccontextmanager
async def _running(argv: tuple[str, ...], **environment: str):
    process = await asyncio.create_subprocess_exec(
        *argv, env={**os.environ, **environment}, stdout=sys.stderr
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _names_at(name: str, root: Path) -> list[str]:
    """Those of the certificate, if it is believed and there is an answer behind it."""
    trusting = ssl.create_default_context(cafile=str(root))
    reader, writer = await asyncio.open_connection(name, 443, ssl=trusting)
    writer.write(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
    answer = await reader.readline()
    certificate = writer.get_extra_info("peercert")
    writer.close()
    assert answer.startswith(b"HTTP/")
    return [value for _, value in certificate["subjectAltName"]]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
