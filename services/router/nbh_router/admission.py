"""Who may enter: three ways, one answer. Pure.

A platform's signed link (S-30); a call from inside the student's own running lab, which proves
it by the capability in its Referer (DESIGN.md, "The URL of a lab"); and, where an operator wants
it, the original's Referer rule (S-1). Whoever shows a signature is judged by it alone.
"""

import hmac
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from nbh_kit import links
from nbh_kit.config import Config
from nbh_kit.links import LinkAction, Place, Refused, Role, SigningPlatform
from nbh_kit.settings import Platform
from nbh_proto.access import Action
from nbh_router import referers
from nbh_router.address import Click

CapabilityOf = Callable[[str, str], str | None]
"""The capability of the lab of (course, student), if there is one."""


_OPENING: dict[str, Action] = {"open": "open", "reset": "reset", "undo": "undo"}
"""What a link to a notebook may be signed for."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for who does not open a notebook; nobody has vouched for it yet."""

    place: Place
    action: LinkAction
    query: str = ""
    by_referer: Literal["never", "asked", "at-once"] = "never"
    """Whether the Referer rule lets a platform's page do this, and the student is asked first."""


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody may do this here. The only thing that anything below the door believes (S-23)."""

    place: Place
    action: Action = "open"
    platform: str = ""
    """Empty for a call from inside a lab."""

    role: Role = "student"
    nonce: str = ""
    """To be used up before anything is done; empty if the link may be used again."""

    sure: bool = True
    """False if this changes something that nobody signed: to be confirmed by a POST (S14)."""


class Admission:
    """The rules of one site."""

    def __init__(
        self,
        *,
        signing: dict[str, SigningPlatform],
        legacy: Sequence[Platform],
        content_origin: str,
        capability_of: CapabilityOf,
        insecure: bool = False,
    ) -> None:
        self._signing = signing
        self._legacy = tuple(legacy)
        self._content_origin = content_origin
        self._capability_of = capability_of
        self._insecure = insecure

    def admit(self, click: Click, referer: str, now: float) -> Admitted:
        """Let somebody in; ``now`` in unix seconds, ``referer`` empty if there is none.

        Raises:
            Refused: nobody vouches for them.
        """
        if "signature=" in click.query:
            return self._by_signature(click, now)
        if (capability := referers.lab_page(referer, self._content_origin)) is not None:
            return self._from_lab(click, capability)
        return self._by_referer(click, referer)

    def admit_call(self, call: Call, referer: str, now: float) -> Admitted:
        """Let somebody do what is not to open a notebook; the rest as in `admit`.

        Raises:
            Refused: nobody vouches for them, or not for this.
        """
        if "signature=" in call.query:
            link = links.verify(call.place, call.query, self._signing, now)
            if link.action != call.action:
                raise Refused("scope", link.platform)
            return Admitted(place=link.place, platform=link.platform, nonce=link.nonce)
        capability = referers.lab_page(referer, self._content_origin)
        if capability is not None:
            self._check_own(call.place, capability)
            return Admitted(place=call.place)
        if call.by_referer == "never":
            raise Refused("referer")
        platform = self._legacy_platform(call.place, referer)
        return Admitted(place=call.place, platform=platform, sure=call.by_referer == "at-once")

    def _by_signature(self, click: Click, now: float) -> Admitted:
        link = links.verify(click.place, click.query, self._signing, now)
        if link.action not in _OPENING:
            raise Refused("scope", link.platform)  # it is for another address than a notebook's
        signed = _OPENING[link.action]
        action = signed if click.action == "open" else click.action
        return Admitted(
            place=link.place,
            action=action,
            platform=link.platform,
            role=link.role,
            nonce=link.nonce,
            sure=action in ("open", signed),
        )

    def _from_lab(self, click: Click, capability: str) -> Admitted:
        self._check_own(click.place, capability)
        return Admitted(place=click.place, action=click.action)

    def _check_own(self, place: Place, capability: str) -> None:
        own = self._capability_of(place.course, place.student)
        if own is None or not hmac.compare_digest(own, capability):
            raise Refused("capability")

    def _by_referer(self, click: Click, referer: str) -> Admitted:
        return Admitted(
            place=click.place,
            action=click.action,
            platform=self._legacy_platform(click.place, referer),
            sure=click.action == "open",
        )

    def _legacy_platform(self, place: Place, referer: str) -> str:
        for platform in self._legacy:
            if referers.is_from(referer, platform.hosts, insecure=self._insecure):
                if not any(fnmatchcase(place.course, p) for p in platform.courses):
                    raise Refused("scope", platform.name)
                return platform.name
        raise Refused("referer")


def admission(config: Config, content_origin: str, capability_of: CapabilityOf) -> Admission:
    """The rules that a configuration asks for; reads the platforms' secrets.

    Raises:
        BadConfig: a secret cannot be read or is too short.
    """
    return Admission(
        signing=links.signing_platforms(config.platform),
        legacy=[p for p in config.platform if p.strategy == "referer"],
        content_origin=content_origin,
        capability_of=capability_of,
        insecure=config.site.dev,
    )
