"""Keeps what the embedded engine holds over a restart of the server.

The engine's catalog lives only as long as its process, so a server that is stopped in order writes its
databases, the definitions of tables and views, and the rows as Parquet; the next one reads them.
Statements under way end before. A server that is killed has nothing to come back with.
"""

from __future__ import annotations

import json
import os
import shutil

from engine import Engine, Session, quoted_name

FOLDER, LIST = "checkpoint", "tables.json"
NOT_OURS = ("system", "information_schema")


def save(engine: Engine) -> None:
    """Waits for the statements under way, lets no other begin, and writes everything."""
    engine.close()
    folder = os.path.join(engine.path, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    session = Session(engine.path)
    databases = [name for name in column(session, "SELECT name FROM system.databases") if name not in NOT_OURS]
    saved = [entry for database in databases for entry in save_database(session, database, folder)]
    with open(os.path.join(folder, LIST), "w") as file:
        json.dump({"databases": databases, "tables": saved}, file)


def save_database(session: Session, database: str, folder: str) -> list[dict[str, str]]:
    session.run(f"USE {quoted_name(database)}")
    listed = session.run(f"SELECT name, engine FROM system.tables WHERE database = '{database}' ORDER BY table_id")
    saved = []
    for name, kind in zip(listed.column(0).to_pylist(), listed.column(1).to_pylist()):
        definition = session.run(f"SHOW CREATE TABLE {quoted_name(name)}").column(1)[0].as_py()
        saved.append({"database": database, "name": name, "definition": definition})
        if kind == "FUSE":
            target = os.path.join(folder, database, name)
            session.run(f"COPY INTO 'fs://{target}/' FROM {quoted_name(name)} FILE_FORMAT = (TYPE = PARQUET)")
    return saved


def restore(engine: Engine) -> None:
    """Makes everything anew that a server before this one wrote, if there was one."""
    folder = os.path.join(engine.path, FOLDER)
    if not os.path.exists(os.path.join(folder, LIST)):
        return
    with open(os.path.join(folder, LIST)) as file:
        written = json.load(file)
    session = Session(engine.path)
    for database in written["databases"]:
        session.run(f"CREATE DATABASE IF NOT EXISTS {quoted_name(database)}")
    for table in written["tables"]:
        session.run(f"USE {quoted_name(table['database'])}")
        session.run(table["definition"])
        source = os.path.join(folder, table["database"], table["name"])
        if os.path.isdir(source):
            session.run(
                f"COPY INTO {quoted_name(table['name'])} FROM 'fs://{source}/' "
                "PATTERN = '.*[.]parquet' FILE_FORMAT = (TYPE = PARQUET)"
            )
    shutil.rmtree(folder)


def column(session: Session, sql: str) -> list[str]:
    return session.run(sql).column(0).to_pylist()
