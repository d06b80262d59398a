"""The accounts on disk: what the bucket ACCOUNTS is made of, and the hashes that are in no bucket.

``<data>/accounts/<name>.json``, for the courses service alone.
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from nbh_kit import durable
from nbh_proto import Account, names
from nbh_proto.account import Role

_KEY = ".key"
_KEY_BYTES = 32
_HASH_DIGITS = 16

logger = structlog.get_logger(__name__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    v: int = 1
    account: str
    role: Role
    courses: tuple[str, ...] = ()
    password_hash: str
    password_set: datetime
    created_at: datetime
    made_by: str = ""
    """The last command that changed it: delivered again, it has been done."""

    @property
    def value(self) -> Account:
        """What others see of it."""
        return Account(
            account=self.account,
            role=self.role,
            courses=self.courses,
            password_set=self.password_set,
        )


class Book:
    """All accounts. Nobody else writes here: the courses' shelf is ours alone, and so is this."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, account: str) -> Kept | None:
        """What is kept of an account; None if there is none of that name."""
        if not names.ID.fullmatch(account):
            return None
        return _read(self._file(account))

    def all(self) -> list[Kept]:
        """All that can be read, by name."""
        found = (_read(file) for file in sorted(self._folder.glob("*.json")))
        return [kept for kept in found if kept]

    def keep(self, kept: Kept) -> None:
        """Write an account down."""
        text = msgspec.json.format(msgspec.json.encode(kept))
        durable.replace_file(self._file(kept.account), text, mode=0o600)

    def forget(self, account: str) -> None:
        """Have no account of that name."""
        self._file(account).unlink(missing_ok=True)
        durable.sync_folder(self._folder)

    def hash_of_address(self, address: str) -> str:
        """Tells addresses apart without saying which they are: there are few enough of them to try
        all, so a secret is in it (S-54)."""
        key = self._key()
        return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:_HASH_DIGITS]

    def _key(self) -> bytes:
        file = self._folder / _KEY
        try:
            return file.read_bytes()
        except FileNotFoundError:
            durable.replace_file(file, secrets.token_bytes(_KEY_BYTES), mode=0o600)
            return file.read_bytes()

    def _file(self, account: str) -> Path:
        return self._folder / f"{names.token(account)}.json"


def _read(file: Path) -> Kept | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Kept)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, OSError):
        logger.exception("an account that cannot be read", file=str(file))
        return None
