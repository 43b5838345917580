"""Who is a member of each rule at the end of the workload, computed by DuckDB from all events at once.

Independent of the engine: it reads the events and rules as the other peers do, and turns a rule into SQL
by itself. Prints one {"count", "ids"} per rule: how many users, and the sum of their ids.

What the language decides and the workload leaves open holds here too: of events at the same instant the
one with the greater id is the later one, and an id counts again after a day.
"""

import json
import sys

import duckdb

END_MS = 1769817600000
DAY_MS = 86_400_000
COLUMNS = {
    "event_id": "varchar",
    "user_id": "ubigint",
    "activity_type": "varchar",
    "region": "varchar",
    "country": "varchar",
    "device_type": "varchar",
    "created_at": "varchar",
    "payload": "struct(url varchar, element_id varchar, order_id varchar, order_total decimal(18, 4))",
}


def load(database, path):
    database.execute(
        f"""create table sent as
        select *, max(ts) over (order by seq rows unbounded preceding) as received
        from (
          select row_number() over () as seq, event_id, user_id, activity_type, region, country, device_type,
            epoch_ms(created_at::timestamp) as ts, payload.url as url, payload.element_id as element_id,
            payload.order_total as order_total
          from read_json(?, format = 'newline_delimited', columns = {COLUMNS})
        )""",
        [path],
    )
    database.execute("create table surplus (seq bigint)")
    surplus = list(duplicates(database))
    for at in range(0, len(surplus), 10_000):
        values = ",".join(f"({seq})" for seq in surplus[at : at + 10_000])
        database.execute(f"insert into surplus values {values}")
    database.execute(
        """create table events as
        select *, ts::varchar || event_id as place from sent anti join surplus using (seq) order by user_id, ts"""
    )


def duplicates(database):
    """The events that came within a day of an equal one that counted."""
    repeated = database.execute(
        """select event_id, seq, received from sent
        where event_id in (select event_id from sent group by event_id having count(*) > 1) order by event_id, seq"""
    )
    counted_id, counted_at = None, None
    for event_id, seq, received in repeated.fetchall():
        if event_id == counted_id and received - counted_at <= DAY_MS:
            yield seq
        else:
            counted_id, counted_at = event_id, received


class Questions:
    """The aggregates that rules ask for, each once."""

    def __init__(self):
        self.aggregates = {}

    def aggregate(self, sql):
        return self.aggregates.setdefault(sql, f"a{len(self.aggregates)}")

    def condition(self, rule):
        ((kind, body),) = [(kind, rule[kind]) for kind in ("and", "or", "not", "attr", "cnt", "sum", "since") if kind in rule]
        if kind in ("and", "or"):
            return "(" + f" {kind} ".join(self.condition(part) for part in body) + ")"
        if kind == "not":
            return f"(not {self.condition(body)})"
        if kind == "attr":
            return f"{self.aggregate(f'arg_max({body}, place)')} = '{rule['eq']}'"
        if kind == "cnt":
            equal = {"activity_type": body["act"], body["field"]: body["val"]}
            counted = self.aggregate(f"count(*) filter (where {rows(equal, body['w'])})")
            return f"{counted} {rule['cmp']} {rule['n']}"
        if kind == "sum":
            bought = rows({"activity_type": body["act"]}, body["w"])
            return f"{self.aggregate(f'coalesce(sum(order_total) filter (where {bought}), 0)')} {rule['cmp']} {rule['x_cents']} / 100"
        cart, purchase = (self.aggregate(f"coalesce(max(ts) filter (where activity_type = '{body[which]}'), 0)") for which in "ab")
        return f"({cart} > {END_MS - body['w'] * 1000} and {purchase} <= {cart})"


def rows(equal, seconds):
    conditions = [f"{column} = '{value}'" for column, value in equal.items() if column and value]
    if seconds:
        conditions.append(f"ts > {END_MS - seconds * 1000}")
    return " and ".join(conditions) or "true"


def main():
    events, rules, spill = sys.argv[1:]
    database = duckdb.connect()
    database.execute(f"set temp_directory = '{spill}'")
    database.execute("set memory_limit = '8GB'")
    load(database, events)
    questions = Questions()
    with open(rules) as file:
        conditions = [questions.condition(rule["expr"]) for rule in json.load(file)]
    aggregates = ", ".join(f"{sql} as {name}" for sql, name in questions.aggregates.items())
    asked = ", ".join(
        f"count(*) filter (where {condition}), coalesce(sum(user_id) filter (where {condition}), 0)::bigint"
        for condition in conditions
    )
    answer = database.execute(f"select {asked} from (select user_id, {aggregates} from events group by user_id)").fetchone()
    print(json.dumps([{"count": count, "ids": ids} for count, ids in zip(answer[::2], answer[1::2])]))


if __name__ == "__main__":
    main()
