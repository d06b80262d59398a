"""Asks the stats service for a number, over the HTTP that its pages use."""

import http.client
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from nbh_cli.operating import IS_IT_UP
from nbh_cli.output import Row
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config

_WITHIN = 300.0


class Table(msgspec.Struct):
    """A number as JSON has it."""

    columns: list[dict[str, str]]
    data: list[list[object]]

    @property
    def names(self) -> list[str]:
        """Of its columns."""
        return [column["name"] for column in self.columns]

    @property
    def rows(self) -> list[Row]:
        """Its rows by the columns' names."""
        return [dict(zip(self.names, row, strict=True)) for row in zip(*self.data, strict=True)]


class _Error(msgspec.Struct):
    error: str = ""


def table(config: Config, path: tuple[str, ...], query: Mapping[str, str]) -> Table:
    """A number, read.

    Raises:
        Sorry: there is no such number, or the service is not there.
    """
    return msgspec.json.decode(content(config, path, "json", query), type=Table)


def content(
    config: Config, path: tuple[str, ...], format_: str, query: Mapping[str, str]
) -> bytes:
    """A number, in a format.

    Raises:
        Sorry: there is no such number, or the service is not there.
    """
    where = f"{'/'.join(quote(part, safe='') for part in path)}.{format_}"
    headers = {
        "Authorization": f"Bearer {_secret(config)}",
        "Host": urlsplit(config.origins.ui).netloc,
    }
    connection = http.client.HTTPConnection(config.stats.host, config.stats.port, timeout=_WITHIN)
    try:
        connection.request("GET", f"/api/stats/{where}?{urlencode(query)}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as e:
        place = f"{config.stats.host}:{config.stats.port}"
        raise Sorry(f"the stats service at {place}: {e}. {IS_IT_UP}") from e
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise Sorry(_why(body) or f"the stats service answers {answer.status}")
    return body


def _why(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Error).error
    except msgspec.MsgspecError:
        return ""


def _secret(config: Config) -> str:
    file = config.site.data / "secrets" / "stats"
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        raise Sorry(f"{file} is not there: `nbh up` makes it") from None
    except OSError as e:
        raise Sorry(f"{file}: {e.strerror}; `nbh` runs as the user that runs `nbh up`") from e
