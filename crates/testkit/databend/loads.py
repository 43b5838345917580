"""Loads as the embedded engine understands them: every form of INSERT from a file becomes COPY INTO.

The protocol's `INSERT INTO t VALUES (?, 1) FROM @stage FILE_FORMAT = (…)` needs Databend's servers;
`COPY INTO t FROM (SELECT $1, 1 FROM @stage) …` runs in the engine itself and does the same.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from engine import QueryError

SYNTAX_ERROR = 1005

INSERT = re.compile(
    r"""\s*(?:INSERT|REPLACE)\s+INTO\s+(?:TABLE\s+)?
        (?P<table>[`"\w.]+)\s*
        (?P<columns>\([^)]*\))?\s*
        (?:VALUES\s*(?P<values>\(.*?\))?)?\s*
        (?:FROM\s+(?P<location>@\S+)\s*(?:FILE_FORMAT\s*=\s*\((?P<format>.*?)\))?.*)?;?\s*$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)

# Looked for at the beginning only: a long INSERT … VALUES would otherwise be searched to its end.
INSERT_FROM_STAGE = re.compile(
    r"\s*INSERT\s+INTO\s.{1,4000}?\sFROM\s+@\S+\s+FILE_FORMAT", re.IGNORECASE | re.DOTALL
)


def is_insert_from_stage(sql: str) -> bool:
    """Returns whether the statement is `INSERT … FROM @… FILE_FORMAT …`."""
    return INSERT_FROM_STAGE.match(sql) is not None


def copy_statement(sql: str, location: str | None = None, file_format: str | None = None, options: str = "") -> str:
    """Turns an INSERT of a file into COPY INTO; `location` and `file_format` fill in what it leaves open."""
    found = INSERT.match(sql)
    if not found:
        raise QueryError(SYNTAX_ERROR, f"not a load: {sql[:200]}")
    stage = location or found["location"]
    source = selected(found["values"], stage) if has_constants(found["values"]) else stage
    written_format = found["format"] or file_format or "type = csv"
    return f"COPY INTO {found['table']}{found['columns'] or ''} FROM {source} FILE_FORMAT = ({written_format}) {options}"


def has_constants(values: str | None) -> bool:
    """Returns whether the VALUES list holds more than placeholders."""
    return values is not None and values.strip("() ,?\n\t") != ""


def selected(values: str, stage: str) -> str:
    numbers = itertools.count(1)
    columns = re.sub(r"\?", lambda _: f"${next(numbers)}", values[1:-1])
    return f"(SELECT {columns} FROM {stage})"


def format_options(options: dict[str, Any] | None) -> str:
    """Writes a stage attachment's file format as SQL."""
    written = (
        (name, value if name == "type" else "'{}'".format(value.encode("unicode_escape").decode()))
        for name, value in (options or {"type": "csv"}).items()
    )
    return ", ".join(f"{name} = {value}" for name, value in written)
