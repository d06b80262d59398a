"""What git runs in: nothing of the machine's or anybody's, only what stands here (S-43)."""

import os
import pwd
import shlex
from collections.abc import Mapping
from pathlib import Path

from nbh_courses.egress import Target
from nbh_kit import durable, programs

_PASSED_ON = (
    "PATH",
    # how the site reaches the network is the site's own
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)

_LOCAL_CONFIG = b"[safe]\n\tdirectory = *\n"
_LOCAL_CONFIG_FILE = ".gitconfig"

CONFIGURATION = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.askPass=/bin/false",
    "credential.helper=",
    "transfer.fsckObjects=true",
    # old and harmless, in the history of many a real repository (GitLab lets them pass too)
    "fetch.fsck.badTimezone=ignore",
    "fetch.fsck.missingSpaceBeforeDate=ignore",
    "fetch.fsck.zeroPaddedFilemode=ignore",
    # always one pack, so that the limit on a file's size is one on a fetch
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    "http.followRedirects=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.autoDetach=false",
    "maintenance.auto=false",
    "pack.threads=1",
    "advice.detachedHead=false",
)
"""Each stands over whatever any file says."""


def closed(
    folder: Path, *, local: bool, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The whole environment of git; ``folder`` is the courses' own, ``local`` allows files.

    A deploy key is ``.ssh/key`` in that folder, with ``known_hosts`` beside it.
    """
    given = {name: environ[name] for name in _PASSED_ON if name in environ}
    ssh = folder / ".ssh"
    if bundle := given.get("SSL_CERT_FILE"):  # OpenSSL's word for it; libcurl has its own
        given["GIT_SSL_CAINFO"] = bundle
    return given | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file" if local else "https:ssh",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder / _LOCAL_CONFIG_FILE) if local else "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "SSH_ASKPASS": "/bin/false",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": shlex.join((*_as_somebody(), *_ssh(ssh))),
        # git would run it to find out
        "GIT_SSH_VARIANT": "ssh",
    }


def towards(environment: Mapping[str, str], to: Target | None) -> dict[str, str]:
    """The environment of a git that connects to this machine and to no other."""
    options = to.for_ssh if to else ()
    command = " ".join((environment["GIT_SSH_COMMAND"], *map(shlex.quote, options)))
    return {**environment, "GIT_SSH_COMMAND": command}


def has_proxy(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the site reaches the network by a proxy, whose rules are the site's."""
    return any(environ.get(name) for name in ("https_proxy", "HTTPS_PROXY"))


def allow_local(folder: Path) -> None:
    """Have git read repositories on this machine though they belong to others."""
    file = folder / _LOCAL_CONFIG_FILE
    if not file.exists() or file.read_bytes() != _LOCAL_CONFIG:
        durable.replace_file(file, _LOCAL_CONFIG)


def _as_somebody() -> tuple[str, ...]:
    """What ssh is run by: it does nothing for a user without an account, such as a service's.

    In a user namespace of its own it is called root, which has one, and has no more rights.
    """
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return (str(programs.find("unshare")), "--user", "--map-root-user", "--")
    return ()


def _ssh(folder: Path) -> tuple[str, ...]:
    # A forge's key is taken at the first visit and must stay the same from then on.
    return (
        "ssh",
        *("-F", "none"),
        *("-i", str(folder / "key")),
        *("-o", "BatchMode=yes"),
        *("-o", "IdentitiesOnly=yes"),
        *("-o", "StrictHostKeyChecking=accept-new"),
        *("-o", f"UserKnownHostsFile={folder / 'known_hosts'}"),
    )
