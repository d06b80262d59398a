"""Jupyter's configuration for one lab. Pure."""

from collections.abc import Iterable
from typing import Any

from nbh_kit.config import Config
from nbh_provisioner import lab_paths

CONFIG_FILE = "jupyter_server_config.json"
TOKEN_FILE = "token"

COMMAND = ("jupyter-lab",)
"""What a lab runs: the contract with every image (images/README.md)."""

ENVIRONMENT = {
    "PYTHONPATH": lab_paths.MODULES,
    "NBAUTOEVAL_LOG": f"{lab_paths.WORK}/.nbautoeval",
    # The first is read last: the site wins over a course, a course over its image and a student.
    # What one sets does not replace what the others set beside it (U1).
    "JUPYTER_CONFIG_PATH": f"{lab_paths.CONFIG}:{lab_paths.JUPYTER}",
    "JUPYTER_RUNTIME_DIR": lab_paths.RUNTIME,
}


TERMINALS_OF_THE_POOL = {
    # A workspace is mounted over the folder that Jupyter stands in. A terminal inherits that, and
    # would begin below the mount; a path that is gone through again leads to what is there now.
    "shell_command": [
        "sh",
        "-c",
        'cd "$PWD"; exec "${SHELL:-$(command -v bash || command -v sh)}" -l',
    ]
}


def base_url(capability: str) -> str:
    """The path under which a lab answers."""
    return f"/{capability}/"


def server_config(
    capability: str, token: str, config: Config, *, pooled: bool = False
) -> dict[str, Any]:
    """What ``jupyter_server_config.json`` says.

    The token stands here, not in JUPYTER_TOKEN_FILE: that is only a default, and a course that
    sets ``PasswordIdentityProvider.token = ""`` would open its labs to everybody (S-22).
    Jupyter adds its own ``sandbox`` to this Content-Security-Policy where it serves a student's
    files (S-18).
    """
    return {
        "PasswordIdentityProvider": {"token": token, "hashed_password": ""},
        # Who has no room left must be able to make some: a folder goes with what is in it, and
        # what is deleted is not kept in another place (S-35).
        "FileContentsManager": {"always_delete_dir": True, "delete_to_trash": False},
        **({"Kernels": {"waits": True}} if pooled else {}),
        "ServerApp": {
            "identity_provider_class": "jupyter_server.auth.identity.PasswordIdentityProvider",
            "base_url": base_url(capability),
            "ip": "0.0.0.0",
            "port": lab_paths.PORT,
            "port_retries": 0,
            "root_dir": lab_paths.WORK,
            "open_browser": False,
            "quit_button": False,
            "allow_remote_access": True,
            "allow_origin": config.origins.content,
            "allow_unauthenticated_access": False,
            **({"terminado_settings": TERMINALS_OF_THE_POOL} if pooled else {}),
            "tornado_settings": {
                "headers": {
                    "Content-Security-Policy": content_security_policy(
                        capability, (*config.frame_ancestors, config.origins.ui)
                    )
                }
            },
        },
    }


def content_security_policy(capability: str, origins: Iterable[str]) -> str:
    """Who may show a lab in a frame: itself and these origins."""
    ancestors = " ".join(("'self'", *dict.fromkeys(origins)))
    report = f"{base_url(capability)}api/security/csp-report"
    return f"frame-ancestors {ancestors}; report-uri {report}"
