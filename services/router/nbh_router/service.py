"""All parts of one router, wired and run."""

import asyncio
from zoneinfo import ZoneInfo

import structlog

from nbh_kit import bus as buses
from nbh_kit import health as healths
from nbh_kit import http, traefik
from nbh_kit.buckets import Bucket, Replica
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.health import Health
from nbh_kit.metrics import Metrics
from nbh_kit.traces import Traces
from nbh_proto import Course, Drain, Lab
from nbh_router import static_file
from nbh_router.accesses import Accesses
from nbh_router.admission import admission
from nbh_router.app import app
from nbh_router.calls import Calls
from nbh_router.clicks import Clicks
from nbh_router.courses import Courses
from nbh_router.doorstep import Doorstep
from nbh_router.drains import Drains
from nbh_router.entrance import Entrance
from nbh_router.following import Following
from nbh_router.forwarding import Forwarding
from nbh_router.launching import Launching
from nbh_router.notices import Notices
from nbh_router.originals import Originals
from nbh_router.origins import normal
from nbh_router.pages import Pages
from nbh_router.patience import Forecast
from nbh_router.rescuing import Rescuing
from nbh_router.routes import Routes
from nbh_router.sharing import Sharing
from nbh_router.stead import Stead
from nbh_router.stopping import Stopping
from nbh_router.ticket import Tickets

_NEEDS = ("nats", "courses", "labs", "traefik")

logger = structlog.get_logger(__name__)


class Service:
    """One router. Reads secrets and templates when it is made, and none later."""

    def __init__(
        self,
        config: Config,
        ticket_key: bytes,
        password: str = "",
        metrics: Metrics | None = None,
    ) -> None:
        content = normal(config.origins.content)
        self._config = config
        self._password = password
        self._static = static_file.of(config, content)
        self._metrics = metrics or Metrics()
        self._traces = Traces("router", config.site.traces)
        clicks = Clicks(self._metrics, self._traces)
        self.routes = Routes(traefik.folder(config), config.traefik.internal, self._metrics)
        self._courses = Courses()
        present = self.routes.present
        self._drains = Drains(config.provisioner.node, lambda: present.nodes)
        forecast = Forecast()
        self._accesses = Accesses(forecast, self._traces)
        share = normal(config.origins.share)
        pages = Pages(config.frame_ancestors, share)
        tickets = Tickets(ticket_key)
        entrance = Entrance(
            limits=config.router,
            accesses=self._accesses,
            courses=self._courses,
            drains=self._drains,
            zone=ZoneInfo(config.stats.time_zone),
            routes=self.routes,
            forecast=forecast,
            tickets=tickets,
            pages=pages,
            clicks=clicks,
        )
        rules = admission(config, content, self.routes.capability_of)
        self._doorstep = Doorstep(self._courses)
        self._launching = Launching(
            admission=rules,
            entrance=entrance,
            doorstep=self._doorstep,
            routes=self.routes,
            tickets=tickets,
            pages=pages,
            clicks=clicks,
            content_origin=content,
        )
        following = Following(
            accesses=self._accesses,
            entrance=entrance,
            routes=self.routes,
            tickets=tickets,
            pages=pages,
            clicks=clicks,
            content_origin=content,
        )
        calls = Calls(
            admission=rules,
            doorstep=self._doorstep,
            routes=self.routes,
            content_origin=content,
        )
        self._stopping = Stopping(
            calls=calls,
            tickets=tickets,
            pages=pages,
            content_origin=content,
            within=config.lab.stop_within,
        )
        self._sharing = Sharing(
            calls=calls,
            share_origin=config.origins.share,
            within=config.share.within,
        )
        self._notices = Notices(self.routes, self._courses, config.frame_ancestors)
        self._originals = Originals(self.routes, content)
        self._rescuing = Rescuing(
            admission=rules,
            doorstep=self._doorstep,
            entrance=entrance,
            routes=self.routes,
            stopping=self._stopping,
            tickets=tickets,
            pages=pages,
            content_origin=content,
            share_origin=share,
            within=config.share.within,
        )
        self._app = app(
            launching=self._launching,
            following=following,
            forwarding=Forwarding(
                calls=calls, entrance=entrance, courses=self._courses, pages=pages
            ),
            sharing=self._sharing,
            stopping=self._stopping,
            notices=self._notices,
            originals=self._originals,
            rescuing=self._rescuing,
            stead=Stead(pages, self.routes.why_gone, self.routes.owner_lately),
            pages=pages,
        )

    async def run(self) -> None:
        """Serve until cancelled; then finish the requests in flight and leave.

        Pages are served before NATS is there, so that a student gets one and not a bare 502.
        """
        _warn_about_legacy(self._config)
        await self.routes.begin(self._static)
        router = self._config.router
        async with (
            self._traces.sending(),
            healths.answering(self._config, "router", *_NEEDS, metrics=self._metrics) as health,
            http.serving(self._app, router.host, router.port, self._metrics) as server,
            buses.connect(
                self._config.nats.url,
                name="router",
                makes_streams=False,
                user="router" if self._password else "",
                password=self._password,
                metrics=self._metrics,
            ) as bus,
            self._accesses.connected(bus),
            self._notices.connected(bus),
        ):
            self._look_at_needs(health, bus)
            await self._work(bus, server)

    def _look_at_needs(self, health: Health, bus: Bus) -> None:
        health.look("nats", lambda: bus.is_connected)
        health.look("courses", lambda: bool(self._courses.known))
        health.look("labs", lambda: bool(self.routes.known))
        health.ask("traefik", self.routes.are_live)

    async def _work(self, bus: Bus, server: http.Serving) -> None:
        self._doorstep.connect(bus)
        self._sharing.connect(bus)
        self._stopping.connect(bus)
        self._originals.connect(bus)
        self._rescuing.connect(bus)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._courses.follow(Replica(Bucket(bus, Course))))
            loops.create_task(self._drains.follow(Replica(Bucket(bus, Drain))))
            loops.create_task(self.routes.follow(Bucket(bus, Lab).watch()))
            loops.create_task(self.routes.publish())
            try:
                await asyncio.Event().wait()
            finally:
                # While the bus and the routes are still there for those who wait.
                self._accesses.leave()
                await server.stop()


def _warn_about_legacy(config: Config) -> None:
    for platform in config.platform:
        if platform.strategy == "referer":
            logger.warning(
                "a platform is believed by its Referer, which anybody can forge; sign its links",
                platform=platform.name,
                hosts=platform.hosts,
            )
