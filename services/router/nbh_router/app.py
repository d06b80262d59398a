"""The router's HTTP: which address is answered by what."""

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nbh_kit import links
from nbh_proto import new_id
from nbh_router import address, languages, static_file
from nbh_router.following import Following
from nbh_router.forwarding import Forwarding
from nbh_router.launching import Launching
from nbh_router.notices import Notices
from nbh_router.originals import Originals
from nbh_router.pages import Pages
from nbh_router.rescuing import Rescuing
from nbh_router.sharing import Sharing
from nbh_router.stead import Stead
from nbh_router.stopping import Stopping

logger = structlog.get_logger(__name__)


def app(
    *,
    launching: Launching,
    following: Following,
    forwarding: Forwarding,
    sharing: Sharing,
    stopping: Stopping,
    notices: Notices,
    originals: Originals,
    rescuing: Rescuing,
    stead: Stead,
    pages: Pages,
) -> Starlette:
    """All addresses. Who may use which: a ticket is its own admission, launch URLs are judged
    by `Admission`, everything else is a page that says that it is not there."""

    async def anything(request: Request) -> Response:
        if (capability := address.lab_in(request.scope["raw_path"])) is not None:
            return await stead.lab_gone(request, capability)
        match request.method:
            case "GET":
                return await launching.open(request)
            case "POST":
                return await launching.confirm(request)
            case _:
                # HEAD too: it must not open a lab, and a HEAD without that would be a lie.
                return Response(status_code=405, headers={"Allow": "GET, POST"})

    async def failed(request: Request, error: Exception) -> Response:
        quote = new_id()
        logger.error("a request failed", request=quote, exc_info=error)
        return pages.message("error", _language(request), quote=quote)

    return Starlette(
        routes=[
            Route("/-/access/{ticket}", following.page),
            Route("/-/access/{ticket}/events", following.events),
            Route("/-/access/{ticket}/again", following.again, methods=["POST"]),
            Route("/-/lab/{capability}", notices.answer),
            Route("/-/lab/{capability}/original", originals.answer, methods=["GET", "POST"]),
            Route("/-/lab/{capability}/rescue", rescuing.by_lab),
            Route("/-/rescue/{ticket}", rescuing.page),
            Route("/-/rescue/{ticket}/notebook", rescuing.download),
            Route("/-/rescue/{ticket}/work", rescuing.download_all),
            Route("/-/rescue/{ticket}/restart", rescuing.restart, methods=["POST"]),
            Route("/-/rescue/{ticket}/read", rescuing.read, methods=["POST"]),
            Route("/-/rescue/{ticket}/report", rescuing.report, methods=["POST"]),
            Route("/rescue/{path:path}", rescuing.by_link),
            Route("/-/platforms", notices.platforms),
            Route(static_file.LAB_SILENT, stead.lab_silent),
            Route(static_file.ROUTER_SILENT, stead.router_silent),
            Route(f"/{links.SHARE_PATH}/{{path:path}}", sharing.legacy),
            Route(f"/{links.FORWARD_PATH}/{{path:path}}", forwarding.open),
            Route(f"/{links.STOP_PATH}/{{path:path}}", stopping.answer, methods=["GET", "POST"]),
            Route("/share/{path:path}", sharing.own, methods=["GET", "POST", "DELETE"]),
            Route("/{path:path}", anything, methods=_METHODS),
        ],
        exception_handlers={Exception: failed},
    )


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _language(request: Request) -> languages.Language:
    return languages.liked(request.headers.get("accept-language", ""))
