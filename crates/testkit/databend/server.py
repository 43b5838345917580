#!/usr/bin/env python3
"""Databend's HTTP protocol over the embedded engine: what `databend-driver` needs to talk to it.

    python server.py --data DIR [--port 0] [--port-file FILE] [--user root --password SECRET]

For tests: one process, one thread per connection, state lost at the end unless `--keep` says otherwise. Statements are `engine`'s
concern, values `values`'s, file loads `loads`'s; here are the routes, paging and login.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hmac
import json
import os
import re
import signal
import ssl
import sys
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError as NotYet
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

import checkpoint
import loads
import values
from engine import UNKNOWN_ERROR, Answer, Engine, QueryError

AUTHENTICATION_FAILED, QUERY_NOT_FOUND, NO_SUCH_ENDPOINT = 5100, 4000, 404
# How long a request waits for a result before it answers "running", and a page's rows, when the client does not say.
DEFAULT_WAIT_SECS, DEFAULT_PAGE_ROWS = 10, 10_000
# What a client accepts that wants rows in Arrow, and where such a body carries the rest of the answer. As Databend does since 1.2.836.
ARROW_STREAM, RESPONSE_HEADER = "application/vnd.apache.arrow.stream", "response_header"
# Results that a client never fetched to their end are dropped, oldest first, beyond so many.
MAX_OPEN_RESULTS = 256


class OpenResult:
    """A statement that was started, and what it gave once it has ended."""

    def __init__(self, query_id: str, future: Future[Answer], page_rows: int, wait_secs: float) -> None:
        self.query_id, self.future, self.page_rows, self.wait_secs = query_id, future, page_rows, wait_secs
        self.started = time.monotonic()

    def answer(self) -> Answer | None:
        """Returns the answer, or None when it is not there within the wait; raises what the engine refused."""
        try:
            return self.future.result(self.wait_secs)
        except NotYet:
            return None


class DatabendServer(ThreadingHTTPServer):
    """The listening server with its engine and its open results."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self, address: tuple[str, int], engine: Engine, sessions: int, login: tuple[str, str] | None) -> None:
        super().__init__(address, Handler)
        self.tls: ssl.SSLContext | None = None
        self.engine, self.login = engine, login
        self.statements = ThreadPoolExecutor(sessions * 2)
        self.results: dict[str, OpenResult] = {}

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.tls:
            # The handshake is the connection's own thread's: a slow one holds up nobody.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that are gone, or did not like our certificate: tests do that."""
        if not isinstance(sys.exception(), (BrokenPipeError, ConnectionResetError, ssl.SSLError)):
            super().handle_error(request, client_address)

    def keep(self, result: OpenResult) -> None:
        self.results[result.query_id] = result
        while len(self.results) > MAX_OPEN_RESULTS:
            self.results.pop(next(iter(self.results)), None)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: DatabendServer
    protocol_version = "HTTP/1.1"
    # One packet per response: the client would wait for the second one (Nagle and delayed acks).
    wbufsize, disable_nagle_algorithm = -1, True

    def log_message(self, *_: Any) -> None:
        """Says nothing: a test's output is its own."""

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PUT = do_GET

    def serve(self) -> None:
        try:
            body = self.read_body()
            path = self.path.split("?")[0].rstrip("/")
            if path in ("/health", "/v1/health"):
                self.reply({"status": "ok"})
            elif not self.is_authenticated():
                self.refuse(401, AUTHENTICATION_FAILED, "authentication failed")
            else:
                self.route(path, body)
        except QueryError as refused:
            self.refuse(400, refused.code, refused.message)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as unexpected:
            self.refuse(500, UNKNOWN_ERROR, f"test server: {unexpected!r}")

    def route(self, path: str, body: bytes) -> None:
        page = re.fullmatch(r"/v1/query/([^/]+)(?:/(page|final|kill)(?:/(\d+))?)?", path)
        if path == "/v1/query":
            self.start_query(json.loads(body))
        elif page and page[2] in ("final", "kill"):
            self.end_query(page[1])
        elif page:
            self.fetch_page(page[1], int(page[3] or 0))
        elif path == "/v1/streaming_load":
            self.streaming_load(body)
        elif path == "/v1/upload_to_stage":
            self.upload_to_stage(body)
        elif path == "/v1/session/login":
            self.reply({"version": self.server.engine.version}, {"X-DATABEND-SESSION-ID": uuid.uuid4().hex})
        elif path == "/v1/session/heartbeat":
            self.reply({"queries_to_remove": []})
        elif path in ("/v1/session/logout", "/v1/session/refresh"):
            self.reply({})
        elif path == "/v1/verify":
            self.reply({"tenant": "default", "user": "root", "roles": []})
        else:
            self.refuse(404, NO_SUCH_ENDPOINT, f"no such endpoint {path}")

    # ---- statements

    def start_query(self, request: dict[str, Any]) -> None:
        sql, attachment = request["sql"], request.get("stage_attachment")
        if attachment:
            file_format = loads.format_options(attachment.get("file_format_options"))
            sql = loads.copy_statement(sql, attachment["location"], file_format, "PURGE = true FORCE = true")
        elif loads.is_insert_from_stage(sql):
            sql = loads.copy_statement(sql, options="FORCE = true")
        pagination = request.get("pagination") or {}
        future = self.server.statements.submit(self.server.engine.query, sql, request.get("session") or {})
        result = OpenResult(
            self.headers.get("X-DATABEND-QUERY-ID") or uuid.uuid4().hex,
            future,
            pagination.get("max_rows_per_page") or DEFAULT_PAGE_ROWS,
            pagination.get("wait_time_secs") or DEFAULT_WAIT_SECS,
        )
        self.server.keep(result)
        self.send_page(result, 0)

    def fetch_page(self, query_id: str, number: int) -> None:
        result = self.server.results.get(query_id)
        if result is None:
            self.refuse(404, QUERY_NOT_FOUND, f"query not found: {query_id}")
        else:
            self.send_page(result, number)

    def end_query(self, query_id: str) -> None:
        """Forgets a result. A running statement cannot be interrupted inside the engine: it ends unheard."""
        result = self.server.results.pop(query_id, None)
        if result is not None:
            result.future.cancel()
        self.reply(envelope(query_id, "Succeeded"))

    def send_page(self, result: OpenResult, number: int) -> None:
        page_uri = f"/v1/query/{result.query_id}/page/"
        try:
            answer = result.answer()
        except QueryError as refused:
            self.server.results.pop(result.query_id, None)
            error = {"code": refused.code, "message": refused.message, "detail": ""}
            return self.reply(envelope(result.query_id, "Failed", error=error))
        if answer is None:
            return self.reply(envelope(result.query_id, "Running", next_uri=f"{page_uri}{number}"))
        page = answer.table.slice(number * result.page_rows, result.page_rows)
        has_more = (number + 1) * result.page_rows < answer.table.num_rows
        if not has_more:
            self.server.results.pop(result.query_id, None)
        timezone = (answer.state.get("settings") or {}).get("timezone") or "UTC"
        head = envelope(
            result.query_id,
            "Running" if has_more else "Succeeded",
            next_uri=f"{page_uri}{number + 1}" if has_more else None,
            session=answer.state,
            schema=[{"name": field.name, "type": values.type_name(field)} for field in page.schema],
            settings={"timezone": timezone},
            stats=statistics(answer, time.monotonic() - result.started),
        )
        if page.num_columns and ARROW_STREAM in self.headers.get("Accept", ""):
            self.send_body(values.arrow_stream(page, {RESPONSE_HEADER: json.dumps(head)}), ARROW_STREAM)
        else:
            self.reply(head | {"data": values.rows(page, zone(timezone))})

    # ---- files

    def upload_to_stage(self, body: bytes) -> None:
        stage = self.headers["X-DATABEND-STAGE-NAME"]
        name, content = self.first_part(body)
        with open(self.server.engine.stage_file(stage, name), "wb") as file:
            file.write(content)
        self.reply({"id": uuid.uuid4().hex, "stage_name": stage, "state": "SUCCESS", "files": [name]})

    def streaming_load(self, body: bytes) -> None:
        name = f"streaming_load/{uuid.uuid4().hex}"
        path = self.server.engine.stage_file("~", name)
        with open(path, "wb") as file:
            file.write(self.first_part(body)[1])
        try:
            sql = loads.copy_statement(self.headers["X-DATABEND-SQL"], f"@~/{name}", options="FORCE = true")
            answer = self.server.engine.query(sql, self.query_context())
        except QueryError as refused:
            # As the server does: a load's answer has the HTTP status for its code, whatever was wrong.
            raise QueryError(400, f"Query execution failed: {refused.message}") from refused
        finally:
            os.unlink(path)
        context = base64.urlsafe_b64encode(json.dumps(answer.state).encode()).decode()
        self.reply(
            {"id": self.headers.get("X-DATABEND-QUERY-ID", ""), "stats": {"rows": answer.written, "bytes": len(body)}},
            {"X-DATABEND-QUERY-CONTEXT": context},
        )

    def query_context(self) -> dict[str, Any]:
        """Reads the session state of a load, which travels in a header: JSON, plain or in base64."""
        context = self.headers.get("X-DATABEND-QUERY-CONTEXT") or "{}"
        return json.loads(context if context.startswith("{") else base64.urlsafe_b64decode(context))

    # ---- HTTP

    def read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return bytes(body)

    def first_part(self, body: bytes) -> tuple[str, memoryview]:
        """Returns file name and content of a multipart body's first part."""
        boundary = re.search(r'boundary="?([^";]+)', self.headers["Content-Type"])[1].encode()
        start = body.index(b"--" + boundary) + len(boundary) + 4
        content = body.index(b"\r\n\r\n", start)
        end = body.rindex(b"\r\n--" + boundary + b"--")
        name = re.search(rb'filename="([^"]*)"', body[start:content])
        return (name[1].decode() if name else "", memoryview(body)[content + 4 : end])

    def is_authenticated(self) -> bool:
        if self.server.login is None:
            return True
        expected = "Basic " + base64.b64encode(":".join(self.server.login).encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", ""), expected)

    def reply(self, content: dict[str, Any], headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_body(json.dumps(content, ensure_ascii=False).encode(), "application/json", headers, status)

    def send_body(self, body: bytes, content_type: str, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, status: int, code: int, message: str) -> None:
        self.reply({"error": {"code": code, "message": message, "detail": ""}}, status=status)


def envelope(query_id: str, state: str, **fields: Any) -> dict[str, Any]:
    """Returns a query's response; `fields` fill in what is not empty."""
    return {
        "id": query_id,
        "session_id": None,
        "node_id": "embedded",
        "session": None,
        "schema": [],
        "data": [],
        "state": state,
        "settings": None,
        "error": None,
        "warnings": [],
        "stats": statistics(Answer(pa.table({}), {}), 0),
        "result_timeout_secs": 3600,
        "next_uri": None,
        "final_uri": f"/v1/query/{query_id}/final",
        "kill_uri": f"/v1/query/{query_id}/kill",
        "stats_uri": f"/v1/query/{query_id}",
    } | fields


def statistics(answer: Answer, seconds: float) -> dict[str, Any]:
    return {
        "scan_progress": {"rows": 0, "bytes": 0},
        "write_progress": {"rows": answer.written, "bytes": 0},
        "result_progress": {"rows": answer.table.num_rows, "bytes": 0},
        "running_time_ms": seconds * 1000,
    }


def zone(name: str) -> datetime.tzinfo:
    return datetime.timezone.utc if name == "UTC" else ZoneInfo(name)


def write_port(path: str, port: int) -> None:
    """Writes the port in one step, so that whoever waits for the file never reads half of it."""
    with open(f"{path}.tmp", "w") as file:
        file.write(str(port))
    os.replace(f"{path}.tmp", path)


def exit_with(parent: int) -> None:
    """Ends this process when the one that started it is gone, even if that was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def end(engine: Engine, is_kept: bool) -> None:
    """Ends the process: the engine's threads would keep it."""
    try:
        if is_kept:
            checkpoint.save(engine)
    except BaseException as failure:
        print(f"nothing was kept: {failure!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", required=True, help="the data folder; emptied at the start")
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    arguments.add_argument("--port-file", help="is written with the port once requests are answered")
    arguments.add_argument("--sessions", type=int, default=16, help="the most statements at a time")
    arguments.add_argument("--user", default="root")
    arguments.add_argument("--password", help="without one, everybody is let in")
    arguments.add_argument("--certificate", help="encrypts: a PEM file of it, with --key")
    arguments.add_argument("--key")
    arguments.add_argument("--keep", action="store_true", help="SIGTERM keeps what there is for the next start")
    arguments.add_argument("--exit-with-parent", action="store_true")
    chosen = arguments.parse_args()

    if chosen.exit_with_parent:
        threading.Thread(target=exit_with, args=(os.getppid(),), daemon=True).start()
    engine = Engine(chosen.data, chosen.sessions)
    if chosen.keep:
        checkpoint.restore(engine)
    login = (chosen.user, chosen.password) if chosen.password is not None else None
    server = DatabendServer((chosen.host, chosen.port), engine, chosen.sessions, login)
    if chosen.certificate:
        server.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.tls.load_cert_chain(chosen.certificate, chosen.key)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: threading.Thread(target=end, args=(engine, chosen.keep)).start())
    if chosen.port_file:
        write_port(chosen.port_file, server.server_port)
    print(f"databend {engine.version} on http://{chosen.host}:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
