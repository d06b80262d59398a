"""Passwords: what may be one, how it is kept, whether one is right (S-52). No disk, no clock.

argon2id with the parameters of RFC 9106 for little memory: 64 MiB, and a tenth of a second or two
each time. Callers see to it that few are hashed at once.
"""

import secrets
import unicodedata
from typing import Literal

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST = 12
"""Characters. Length is what counts; which characters is for the person to say (NIST 800-63B)."""

LONGEST_BYTES = 1024

_EASY_TO_TELL_APART = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 5

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


Rule = Literal["short", "long", "plain"]

_RULES: dict[Rule, str] = {
    "short": f"a password has at least {SHORTEST} characters",
    "long": f"a password has at most {LONGEST_BYTES} bytes",
    "plain": "this password is the first that anybody would try",
}
_FEWEST_DIFFERENT = 4


class BadPassword(ValueError):
    """What cannot be a password: which rule it breaks, and that in a sentence."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(_RULES[rule])
        self.rule: Rule = rule


def checked(password: str, account: str) -> str:
    """Return a password if it can be one of an account.

    Raises:
        BadPassword: it cannot.
    """
    if len(password) < SHORTEST:
        raise BadPassword("short")
    if is_too_long(password):
        raise BadPassword("long")
    if len(set(password)) < _FEWEST_DIFFERENT or password.lower() == account.lower():
        raise BadPassword("plain")
    return password


def is_too_long(password: str) -> bool:
    """Whether this is more than anybody's password: not even hashed."""
    return len(password.encode(errors="surrogatepass")) > LONGEST_BYTES


def generated() -> str:
    """A new one that can be read out on the telephone: 20 characters of 31, some 99 bits."""
    return "-".join(
        "".join(secrets.choice(_EASY_TO_TELL_APART) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def hashed(password: str) -> str:
    """What is kept instead of a password, in PHC's format. Takes its time."""
    return _hasher.hash(_bytes(password))


def is_hash(text: str) -> bool:
    """Whether `hashed` could have made this, now or with other parameters."""
    try:
        return len(text) <= LONGEST_BYTES and bool(extract_parameters(text))
    except InvalidHashError:
        return False


def is_right(password: str, hash_: str) -> bool:
    """Whether a password is the one that was hashed. Takes its time."""
    try:
        return _hasher.verify(hash_, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hash_: str) -> bool:
    """Whether it was made with other parameters than are used now."""
    return _hasher.check_needs_rehash(hash_)


def _bytes(password: str) -> bytes:
    # one keyboard writes é as one character, another one as two
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
