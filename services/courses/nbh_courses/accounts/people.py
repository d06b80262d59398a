"""All that concerns people, wired."""

from typing import NamedTuple

from nbh_courses.accounts.accounts import Accounts
from nbh_courses.accounts.book import Book
from nbh_courses.accounts.own import Own
from nbh_courses.accounts.pages import Pages
from nbh_courses.accounts.reception import Reception
from nbh_courses.accounts.signing import Signing
from nbh_courses.accounts.throttle import Limit, Throttles
from nbh_courses.accounts.verifying import Verifier
from nbh_courses.shelf import Shelf
from nbh_courses.viewing.viewing import Viewing
from nbh_kit import web
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.sessions import Sessions

OF_ACCOUNT = Limit(10, 15 * 60)
FROM_ADDRESS = Limit(50, 15 * 60)
"""A school may have one address; and it is at most so many times an argon2 (S-52)."""


class People:
    """Accounts, and the pages where people sign in. Reads its templates when it is made."""

    def __init__(
        self,
        config: Config,
        *,
        of_account: Limit = OF_ACCOUNT,
        from_address: Limit = FROM_ADDRESS,
    ) -> None:
        tls = config.origins.ui.startswith("https:")
        self.book = Book(config.site.data / "accounts")
        self.is_reachable = tls or web.is_loopback(config.origins.ui)
        """Whether a browser takes the cookie: over TLS, or from its own machine."""

        self._share_origin = config.origins.share
        self._within = config.share.within
        self._pages = Pages(cookies_hold=self.is_reachable)
        self._networks = config.traefik.networks
        self._verifier = Verifier()
        self._throttles = Throttles(of_account, from_address)

    def accounts(self, bus: Bus, shelf: Shelf) -> Accounts:
        """The one writer of the bucket ACCOUNTS."""
        return Accounts(
            bus, self.book, lambda course: bool(shelf.record(course)), self._throttles.forget
        )

    def doors(self, bus: Bus, accounts: Accounts) -> "Doors":
        """What answers requests."""
        desk = Reception(
            bus=bus,
            accounts=accounts,
            sessions=Sessions(bus),
            verifier=self._verifier,
            throttles=self._throttles,
            pages=self._pages,
            networks=self._networks,
        )
        viewing = Viewing(
            bus,
            share_origin=self._share_origin,
            style=self._pages.style_url,
            within=self._within,
        )
        return Doors(desk.sessions, Signing(desk), Own(desk), viewing)


class Doors(NamedTuple):
    """What answers requests."""

    sessions: Sessions
    signing: Signing
    own: Own
    viewing: Viewing
