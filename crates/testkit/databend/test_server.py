"""Tests of the server over the real engine: `python -m unittest` in this folder."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from typing import Any

import pyarrow as pa

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")
START_TIMEOUT_SECS = 60


class Running:
    """A server on a free port with a data folder of its own."""

    def __init__(self, *options: str) -> None:
        self.folder, self.options = tempfile.TemporaryDirectory(), options
        self.resume()

    def resume(self) -> None:
        port_file = os.path.join(self.folder.name, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        command = [sys.executable, SERVER, "--data", self.folder.name, "--port", "0", "--port-file", port_file]
        self.process = subprocess.Popen([*command, "--exit-with-parent", *self.options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_SECS
        while not os.path.exists(port_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server did not start")
            time.sleep(0.01)
        with open(port_file) as file:
            self.port = int(file.read())

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()

    def stop(self) -> None:
        self.end()
        self.folder.cleanup()

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None):
        status, answer, answered = self.call_raw(method, path, body, headers)
        return status, json.loads(answer), answered

    def call_raw(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = (response.status, response.read(), dict(response.getheaders()))
        connection.close()
        return answer

    def post(self, path: str, content: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        return self.call("POST", path, json.dumps(content).encode(), headers)[:2]

    def start(self, sql: str, **request: Any) -> dict[str, Any]:
        return self.post("/v1/query", {"sql": sql, **request})[1]

    def rows(self, sql: str, **request: Any) -> list[list[str | None]]:
        """Runs a statement and follows its pages to the end."""
        answer = self.start(sql, **request)
        found = list(answer["data"])
        while answer["next_uri"]:
            answer = self.call("GET", answer["next_uri"])[1]
            found += answer["data"]
        if answer["error"]:
            raise AssertionError(answer["error"])
        return found


def multipart(name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    head = f'--limit\r\nContent-Disposition: form-data; name="upload"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--limit--\r\n", {"Content-Type": "multipart/form-data; boundary=limit"}


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Running()
        cls.addClassCleanup(cls.server.stop)

    def check(self, sql: str, expected: list[list[str | None]], **request: Any) -> None:
        self.assertEqual(self.server.rows(sql, **request), expected, sql)

    def test_login_tells_the_engines_version(self) -> None:
        status, answer = self.server.post("/v1/session/login", {})
        self.assertEqual(status, 200)
        self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+$")

    def test_values_are_texts_and_null_is_null(self) -> None:
        answer = self.server.start("SELECT 1::BIGINT, 1.50::DECIMAL(18,4), 'é', true, NULL::VARCHAR NULL, 0.5::DOUBLE")
        self.assertEqual(answer["data"], [["1", "1.5000", "é", "1", None, "0.5"]])
        types = [field["type"] for field in answer["schema"]]
        self.assertEqual(types[1:4], ["Decimal(18, 4)", "String", "Boolean"])
        self.assertEqual(types[4], "Nullable(String)")

    def test_a_decimal_of_zero_has_no_exponent(self) -> None:
        self.check("SELECT 0::DECIMAL(38,10)", [["0.0000000000"]])

    def test_times_are_shown_in_the_sessions_zone(self) -> None:
        sql = "SELECT TIMESTAMP '2026-07-01 00:00:00.000001'"
        self.check(sql, [["2026-07-01 00:00:00.000001"]])
        self.check(
            "SELECT to_timestamp(1782864000)",
            [["2026-07-01 02:00:00.000000"]],
            session={"settings": {"timezone": "Europe/Berlin"}},
        )

    def test_json_arrays_and_tuples_are_written_as_databend_does(self) -> None:
        self.check(
            """SELECT parse_json('{"a":[1,-2.5,"x",null,true]}'), [1,2], ('a', 1), ['q"']""",
            [['{"a":[1,-2.5,"x",null,true]}', "[1,2]", '("a",1)', '["q\\""]']],
        )

    def test_a_result_comes_in_pages_and_is_forgotten_at_its_end(self) -> None:
        answer = self.server.start("SELECT number FROM numbers(25)", pagination={"max_rows_per_page": 10})
        self.assertEqual((answer["state"], len(answer["data"])), ("Running", 10))
        second = self.server.call("GET", answer["next_uri"])[1]
        third = self.server.call("GET", second["next_uri"])[1]
        self.assertEqual((third["state"], third["data"][-1], third["next_uri"]), ("Succeeded", ["24"], None))
        status, gone, _ = self.server.call("GET", second["next_uri"])
        self.assertEqual((status, gone["error"]["code"]), (404, 4000))

    def test_whoever_accepts_arrow_gets_the_columns_and_the_rest_of_the_answer_in_their_schema(self) -> None:
        accept = {"Accept": "application/vnd.apache.arrow.stream"}
        request = {"sql": "SELECT number::BIGINT, 'é' FROM numbers(25)", "pagination": {"max_rows_per_page": 20}}
        found, path, body = [], "/v1/query", json.dumps(request).encode()
        while path:
            status, answer, answered = self.server.call_raw("POST" if body else "GET", path, body, accept)
            self.assertEqual((status, answered["Content-Type"]), (200, accept["Accept"]))
            table = pa.ipc.open_stream(answer).read_all()
            found.append(table.num_rows)
            self.assertEqual(table.column(1)[0].as_py(), "é")
            path, body = json.loads(table.schema.metadata[b"response_header"])["next_uri"], b""
        self.assertEqual(found, [20, 5])
        status, answer, answered = self.server.call_raw("POST", "/v1/query", b'{"sql": "SELEC 1"}', accept)
        self.assertEqual((json.loads(answer)["error"]["code"], answered["Content-Type"]), (1005, "application/json"))

    def test_a_result_that_was_ended_is_forgotten(self) -> None:
        for ending in ("final_uri", "kill_uri"):
            answer = self.server.start("SELECT number FROM numbers(25)", pagination={"max_rows_per_page": 10})
            self.assertEqual(self.server.call("POST", answer[ending])[0], 200)
            self.assertEqual(self.server.call("GET", answer["next_uri"])[0], 404)

    def test_a_slow_statement_is_asked_for_again(self) -> None:
        # A wait of nothing answers before the engine does.
        answer = self.server.start("SELECT sleep(1)", pagination={"wait_time_secs": 0.01})
        self.assertEqual((answer["state"], answer["data"]), ("Running", []))
        while answer["state"] == "Running":
            answer = self.server.call("GET", answer["next_uri"])[1]
        self.assertEqual(len(answer["data"]), 1)

    def test_a_refused_statement_says_why_in_databends_words(self) -> None:
        for sql, code in (("SELECT nosuch", 1065), ("SELEC 1", 1005), ("SELECT 1/0", 1006), ("SELECT * FROM nosuch", 1025)):
            answer = self.server.start(sql)
            self.assertEqual((answer["state"], answer["error"]["code"]), ("Failed", code), sql)
            self.assertNotIn("\n   0:", answer["error"]["message"])

    def test_what_the_engine_panics_over_is_an_error_and_the_server_goes_on(self) -> None:
        self.server.start("""SELECT sum(TRY_CAST(parse_json('{"v":1}')['v'] AS DECIMAL(38,9)))""")
        self.check("SELECT 1 + 1", [["2"]])

    def test_an_insert_tells_how_many_rows_it_wrote(self) -> None:
        self.server.rows("CREATE TABLE counted (n INT)")
        answer = self.server.start("INSERT INTO counted VALUES (1), (2), (3)")
        self.assertEqual((answer["stats"]["write_progress"]["rows"], answer["data"]), (3, []))

    def test_settings_and_database_travel_with_the_request(self) -> None:
        self.server.rows("CREATE DATABASE other")
        state = self.server.start("USE other")["session"]
        self.assertEqual(state["database"], "other")
        state = self.server.start("SET timezone = 'Asia/Tokyo'", session=state)["session"]
        self.check("SELECT currentDatabase(), timezone()", [["other", "Asia/Tokyo"]], session=state)
        self.check("SELECT currentDatabase(), timezone()", [["default", "UTC"]])

    def test_a_transaction_stays_in_its_session(self) -> None:
        self.server.rows("CREATE TABLE moved (n INT)")
        for ending, count in (("ROLLBACK", "0"), ("COMMIT", "1")):
            state = self.server.start("BEGIN")["session"]
            self.assertEqual(state["txn_state"], "Active")
            state = self.server.start("INSERT INTO moved VALUES (1)", session=state)["session"]
            self.check("SELECT count(*) FROM moved", [["0"]])
            state = self.server.start(ending, session=state)["session"]
            self.assertNotIn("txn_state", state)
            self.check("SELECT count(*) FROM moved", [[count]])

    def test_a_lost_transaction_is_said_to_be_lost(self) -> None:
        answer = self.server.start("SELECT 1", session={"transaction_session": "nosuch"})
        self.assertEqual(answer["error"]["code"], 4002)

    def test_a_streamed_file_is_loaded(self) -> None:
        self.server.rows("CREATE TABLE streamed (n INT, s VARCHAR, c INT)")
        body, headers = multipart("<no_filename>", 'one,"a,b"\n'.replace("one", "1").encode() + b"2,c\n")
        headers["X-DATABEND-SQL"] = "INSERT INTO streamed VALUES (?, ?, 7) FROM @_databend_load FILE_FORMAT = (type = csv)"
        status, answer, answered = self.server.call("PUT", "/v1/streaming_load", body, headers)
        self.assertEqual((status, answer["stats"]["rows"]), (200, 2))
        json.loads(base64.urlsafe_b64decode(answered["X-DATABEND-QUERY-CONTEXT"]))
        self.check("SELECT n, s, c FROM streamed ORDER BY n", [["1", "a,b", "7"], ["2", "c", "7"]])

    def test_a_file_that_does_not_fit_is_refused_and_loads_nothing(self) -> None:
        self.server.rows("CREATE TABLE strict (n INT)")
        body, headers = multipart("x", b"1\nnot a number\n")
        headers["X-DATABEND-SQL"] = "INSERT INTO strict FROM @_databend_load FILE_FORMAT = (type = csv)"
        status, answer, _ = self.server.call("PUT", "/v1/streaming_load", body, headers)
        # Not the engine's own code: the server says no more of a load.
        self.assertEqual((status, answer["error"]["code"]), (400, 400))
        self.assertIn("Query execution failed", answer["error"]["message"])
        self.check("SELECT count(*) FROM strict", [["0"]])

    def test_a_staged_file_that_does_not_fit_is_refused_in_databends_words(self) -> None:
        self.server.rows("CREATE TABLE stricter (n INT)")
        body, headers = multipart("misfit.csv", b"not a number\n")
        headers["X-DATABEND-STAGE-NAME"] = "~"
        self.assertEqual(self.server.call("PUT", "/v1/upload_to_stage", body, headers)[0], 200)
        copy = "COPY INTO stricter FROM @~/misfit.csv FILE_FORMAT = (type = csv) PURGE = true FORCE = true"
        answer = self.server.start(copy)
        self.assertEqual(answer["error"]["code"], 1046)
        self.server.rows("REMOVE @~/misfit.csv")

    def test_a_staged_file_is_loaded_both_ways(self) -> None:
        self.server.rows("CREATE TABLE staged (n INT)")
        body, headers = multipart("folder/file.csv", b"5\n6\n")
        headers["X-DATABEND-STAGE-NAME"] = "~"
        attachment = {"location": "@~/folder/file.csv", "file_format_options": {"type": "CSV", "field_delimiter": ","}}
        for request in (
            {"sql": "INSERT INTO staged FROM @~/folder/file.csv FILE_FORMAT = (type = csv)"},
            {"sql": "INSERT INTO staged VALUES", "stage_attachment": attachment},
        ):
            self.assertEqual(self.server.call("PUT", "/v1/upload_to_stage", body, headers)[0], 200)
            self.server.rows(**request)
        self.check("SELECT sum(n), count(*) FROM staged", [["22", "4"]])

    def test_no_path_leads_out_of_a_stage(self) -> None:
        body, headers = multipart("../../../../escaped", b"x")
        headers["X-DATABEND-STAGE-NAME"] = "~"
        status, answer, _ = self.server.call("PUT", "/v1/upload_to_stage", body, headers)
        self.assertEqual((status, answer["error"]["code"]), (400, 1006))

    def test_an_unknown_endpoint_is_404(self) -> None:
        self.assertEqual(self.server.call("GET", "/v1/nosuch")[0], 404)


class Kept(unittest.TestCase):
    def test_what_a_stopped_server_held_is_there_when_it_starts_again(self) -> None:
        server = Running("--keep")
        self.addCleanup(server.stop)
        server.rows("CREATE DATABASE d")
        session = {"database": "d"}
        server.rows("CREATE TABLE t (a DECIMAL(18,4), b VARIANT, c TIMESTAMP NOT NULL)", session=session)
        server.rows("""INSERT INTO t VALUES (1.5, parse_json('{"k":1.25}'), '2026-01-01 00:00:00.000001')""", session=session)
        server.rows("CREATE VIEW v AS SELECT b['k'] AS k, a, c FROM t", session=session)
        expected = [["1.25", "1.5000", "2026-01-01 00:00:00.000001"]]
        for _ in range(2):
            server.end()
            server.resume()
            self.assertEqual(server.rows("SELECT * FROM v", session=session), expected)


class Login(unittest.TestCase):
    def test_a_wrong_password_is_refused(self) -> None:
        server = Running("--user", "shoal", "--password", "secret")
        self.addCleanup(server.stop)
        for password, expected in (("secret", 200), ("wrong", 401)):
            credentials = base64.b64encode(f"shoal:{password}".encode()).decode()
            status, _ = server.post("/v1/query", {"sql": "SELECT 1"}, {"Authorization": f"Basic {credentials}"})
            self.assertEqual(status, expected, password)
        self.assertEqual(server.call("GET", "/v1/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
