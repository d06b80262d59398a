"""A small forge: git's own http-backend behind TLS. ``python -m tests.courses.git_server``.

It answers what git and we ask and no more; a process of its own, so that what is measured beside
it is not it. Prints its port.
"""

import asyncio
import os
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

from nbh_kit import programs
from tests.conftest import REPOSITORY


def certificate(folder: Path) -> Path:
    """A certificate for this machine and for forge.invalid with its key, in one file."""
    file = folder / "forge.pem"
    key, cert = folder / "k.pem", folder / "c.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=forge"
    argv = [
        "openssl",
        *make.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:forge.invalid",
    ]
    subprocess.run(
        [*argv, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True
    )
    file.write_bytes(key.read_bytes() + cert.read_bytes())
    cert.chmod(0o644)
    return file


_WHO_IS_IT = b"\r\n".join(
    (
        b"HTTP/1.1 401 Unauthorized",
        b"WWW-Authenticate: Basic realm=x",
        b"Content-Length: 0",
        b"\r\n",
    )
)

_MOVED = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"


@asynccontextmanager
async def forge(folder: Path, pem: Path):
    """Serve the bare repositories of a folder; yields the URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.courses.git_server", str(folder), str(pem)),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        port = (await process.stdout.readline()).decode().strip()
        yield f"https://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


class Forge:
    """Carries out one request after another of each connection."""

    def __init__(self, folder: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": folder,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REMOTE_ADDR": "127.0.0.1",
        }

    async def connected(self, reader, writer) -> None:
        try:
            while await self._one(reader, writer):
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        body = await _body(reader, headers)
        path, _, query = target.partition("?")
        if path.startswith("/private/"):  # nobody has a password here
            writer.write(_WHO_IS_IT)
            return True
        if path.startswith("/moved/"):
            writer.write(_MOVED % target.removeprefix("/moved").encode())
            return True
        process = await asyncio.create_subprocess_exec(
            *(str(programs.find("git")), "http-backend"),
            env=self._environment
            | {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
                "GIT_PROTOCOL": headers.get("git-protocol", ""),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate(body)
        said, _, content = out.partition(b"\r\n\r\n")
        lines = [line for line in said.split(b"\r\n") if not line.startswith(b"Status:")]
        status = next((s[8:] for s in said.split(b"\r\n") if s.startswith(b"Status:")), b"200 OK")
        lines.append(b"Content-Length: %d" % len(content))
        writer.write(b"HTTP/1.1 %s\r\n%s\r\n\r\n" % (status, b"\r\n".join(lines)) + content)
        return True


async def _body(reader, headers) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def main(folder: str, pem: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(Forge(folder).connected, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
