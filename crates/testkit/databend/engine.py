"""The embedded Databend engine as a pool of sessions, each running one statement at a time.

The engine's catalog lives only as long as the process: a data folder is emptied at the start. What is to
outlive it is `checkpoint`'s concern.
The HTTP protocol is `server`'s concern, how results are written is `values`'s.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
import uuid
from dataclasses import dataclass
from typing import Any

import databend
import pyarrow as pa

# Where the engine keeps the files of the user's stage and of named stages, below its data folder.
USER_STAGE = "data/stage/user/root"
NAMED_STAGES = "data/stage/internal"

# In the session state that travels with each request: which session holds the open transaction.
TRANSACTION = "transaction_session"

UNKNOWN_ERROR, BAD_ARGUMENTS, TRANSACTION_LOST = 1001, 1006, 4002


class QueryError(Exception):
    """A statement that Databend refuses: its code and its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Answer:
    """What a statement gave: rows, the session state after it, and how many rows it wrote."""

    table: pa.Table
    state: dict[str, Any]
    written: int = 0


def as_query_error(raised: BaseException) -> QueryError:
    """Finds code and text in `…: BadArguments. Code: 1006, Text = …` and leaves the backtrace out."""
    found = re.search(r"(\w+)\. Code: (\d+), Text = (.*)", str(raised), re.DOTALL)
    if not found:
        return QueryError(UNKNOWN_ERROR, str(raised))
    name, code, text = found.groups()
    text = re.split(r"\n\s+0: <?\w", text)[0].strip().rstrip(".")
    return QueryError(int(code), f"{name}: {text}")


def first_word(sql: str) -> str:
    """Returns the statement's first word in capitals, past comments."""
    found = re.match(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(\w+)", sql, re.DOTALL)
    return found.group(1).upper() if found else ""


class Session:
    """One session of the engine: a current database, settings, perhaps an open transaction."""

    def __init__(self, path: str) -> None:
        self.context = databend.SessionContext(data_path=path)
        self.database, self.settings = "default", {}

    def run(self, sql: str) -> pa.Table:
        try:
            return self.context.sql(sql).arrow()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as raised:
            # A panic of the engine surfaces as PanicException, which is no `Exception`.
            if not isinstance(raised, Exception):
                print(f"the engine panicked over: {sql}", file=sys.stderr, flush=True)
            raise as_query_error(raised) from None

    def scalar(self, sql: str) -> Any:
        return self.run(sql).column(0)[0].as_py()

    def adopt(self, state: dict[str, Any]) -> None:
        """Becomes the session that a request describes."""
        database = state.get("database") or "default"
        if database != self.database:
            self.run(f"USE {quoted_name(database)}")
            self.database = database
        # `warehouse` chooses a cluster of Databend Cloud; it is no setting of the engine.
        wanted = {name: value for name, value in (state.get("settings") or {}).items() if name != "warehouse"}
        for name in self.settings.keys() - wanted.keys():
            self.run(f"UNSET {name}")
        for name, value in wanted.items():
            if self.settings.get(name) != value:
                self.run("SET {} = '{}'".format(name, str(value).replace("'", "''")))
        self.settings = wanted

    def describe(self, word: str, state: dict[str, Any]) -> None:
        """Writes what a statement beginning with `word` changed into the state that travels back."""
        if word == "USE":
            self.database = state["database"] = self.scalar("SELECT currentDatabase()")
        elif word in ("SET", "UNSET"):
            changed = self.run("SELECT name, value FROM system.settings WHERE level = 'SESSION'")
            self.settings = dict(zip(changed.column(0).to_pylist(), changed.column(1).to_pylist()))
            state["settings"] = dict(self.settings)


def quoted_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class Engine:
    """The engine over one data folder."""

    def __init__(self, path: str, sessions: int) -> None:
        self.path = os.path.abspath(path)
        for leftover in ("data", "meta"):
            shutil.rmtree(os.path.join(self.path, leftover), ignore_errors=True)
        self.sessions, self.permits = sessions, threading.BoundedSemaphore(sessions)
        self.lock = threading.Lock()
        self.idle = [Session(self.path)]
        self.in_transaction: dict[str, Session] = {}
        self.version = re.search(r"v(\d+\.\d+\.\d+)", self.idle[0].scalar("SELECT version()")).group(1)

    def close(self) -> None:
        """Waits until no statement runs, and lets none begin any more."""
        for _ in range(self.sessions):
            self.permits.acquire()

    def query(self, sql: str, state: dict[str, Any]) -> Answer:
        """Runs one statement in the session that `state` describes."""
        if TRANSACTION in state:
            return self.query_in_transaction(sql, dict(state))
        with self.permits:
            session = self.take_idle()
            held = False
            try:
                answer = self.answer(session, sql, dict(state))
                held = first_word(sql) == "BEGIN"
                if held:
                    self.hold(session, uuid.uuid4().hex, answer.state)
                return answer
            finally:
                if not held:
                    self.put_idle(session)

    def query_in_transaction(self, sql: str, state: dict[str, Any]) -> Answer:
        name = state[TRANSACTION]
        with self.lock:
            session = self.in_transaction.pop(name, None)
        if session is None:
            raise QueryError(TRANSACTION_LOST, "the session of this transaction is gone")
        try:
            answer = self.answer(session, sql, state)
        except QueryError:
            # It stays open, for the client to roll it back.
            self.hold(session, name, state)
            raise
        if first_word(sql) in ("COMMIT", "ROLLBACK", "ABORT"):
            for field in (TRANSACTION, "txn_state", "need_sticky", "need_keep_alive"):
                answer.state.pop(field, None)
            self.put_idle(session)
        else:
            self.hold(session, name, answer.state)
        return answer

    def hold(self, session: Session, name: str, state: dict[str, Any]) -> None:
        state.update({TRANSACTION: name, "txn_state": "Active", "need_sticky": True, "need_keep_alive": True})
        with self.lock:
            self.in_transaction[name] = session

    def take_idle(self) -> Session:
        with self.lock:
            if self.idle:
                return self.idle.pop()
        return Session(self.path)

    def put_idle(self, session: Session) -> None:
        with self.lock:
            self.idle.append(session)

    def answer(self, session: Session, sql: str, state: dict[str, Any]) -> Answer:
        session.adopt(state)
        word = first_word(sql)
        table = session.run(sql)
        session.describe(word, state)
        if table.num_columns and table.column_names[0].startswith("number of rows"):
            # The engine answers a write with its counts; over HTTP they are statistics, not rows.
            written = sum(count or 0 for column in table.columns for count in column.to_pylist())
            return Answer(pa.table({}), state, written)
        if word == "COPY" and "Rows_loaded" in table.column_names:
            return Answer(table, state, sum(table.column("Rows_loaded").to_pylist()))
        return Answer(table, state)

    def stage_file(self, stage: str, name: str) -> str:
        """Returns the path of a stage's file, with its folder made; never one outside of the stage."""
        folder = USER_STAGE if stage == "~" else os.path.join(NAMED_STAGES, stage)
        base = os.path.join(self.path, folder)
        path = os.path.abspath(os.path.join(base, name.lstrip("/")))
        if not path.startswith(base + os.sep):
            raise QueryError(BAD_ARGUMENTS, f"not a path inside of the stage: {name}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path
