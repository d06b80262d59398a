"""A small HTTP front of chDB: it stands in for a ClickHouse server where none can be installed.

Not ClickHouse's own HTTP interface, but the same engine behind the requests that
clickhouse-connect makes: SQL in the body, or SQL in the address and rows in the body; settings and
bound parameters in the address. Run as ``python front.py FOLDER PORT_FILE``; it writes down the
port it took.
"""

import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import chdb

_NOT_SETTINGS = {
    "buffer_size",
    "client_protocol_version",
    "compress",
    "database",
    "enable_http_compression",
    "query",
    "query_id",
    "send_progress_in_http_headers",
    "session_id",
    "wait_end_of_query",
}


class Engine:
    """One chDB connection, one query at a time."""

    def __init__(self, folder):
        self._connection = chdb.connect(folder)
        self._turn = threading.Lock()
        self._set = {}

    def run(self, sql, rows, given):
        """The answer to one request, in the format that its SQL or its header asks for."""
        settings = {k: v for k, v in given.items() if k not in _NOT_SETTINGS | _bound(given)}
        parameters = {k.removeprefix("param_"): given[k] for k in _bound(given)}
        with self._turn:
            for name, value in settings.items() - self._set.items():
                self._connection.query(f"SET {name} = '{value}'")
            self._set |= settings
            if rows:
                return self._insert(sql, rows)
            return self._connection.query(sql, "TabSeparated", params=parameters).bytes() or b""

    def _insert(self, sql, rows):
        with tempfile.NamedTemporaryFile(suffix=".rows") as file:
            file.write(rows)
            file.flush()
            head, _, format_ = sql.rpartition("FORMAT")
            self._connection.query(f"{head} FROM INFILE '{file.name}' FORMAT {format_}")
        return b""


def _bound(given):
    return {k for k in given if k.startswith("param_")}


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_POST(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def _answer(self):
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body()
        sql = given.get("query", "") or body.decode()
        rows = body if "query" in given else b""
        try:
            status, answer = 200, self.engine.run(sql, rows, given) if sql else b"Ok.\n"
        except Exception as e:
            status, answer = 500, str(e).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, format, *args):
        pass


def main(folder, port_file, port="0"):
    Front.engine = Engine(folder)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Front)
    written = Path(port_file + ".new")
    written.write_text(str(server.server_port))
    written.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
