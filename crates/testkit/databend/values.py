"""Results of the embedded engine as what Databend's HTTP protocol carries: texts, or Arrow as it is.

The engine answers in Arrow; the protocol's JSON bodies name each column's type in Databend's words
and carry each value as a string (or null), which costs this program thirty times what the question did.
Running statements is `engine`'s concern.
"""

from __future__ import annotations

import datetime
import json
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa

# What the engine calls its Arrow extension types, by the metadata key it writes them under.
EXTENSION_KEY = b"Extension"

PLAIN_TYPES = {
    pa.null(): "NULL",
    pa.bool_(): "Boolean",
    pa.int8(): "Int8",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.uint8(): "UInt8",
    pa.uint16(): "UInt16",
    pa.uint32(): "UInt32",
    pa.uint64(): "UInt64",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
    pa.date32(): "Date",
}

EXTENSION_TYPES = {
    "EmptyArray": "Array(Nothing)",
    "EmptyMap": "Map(Nothing)",
    "TimestampTz": "Timestamp_Tz",
}


def extension(field: pa.Field) -> str:
    """Returns the engine's name of an extension type, or nothing."""
    return (field.metadata or {}).get(EXTENSION_KEY, b"").decode()


def type_name(field: pa.Field) -> str:
    """Returns a column's type as Databend writes it: `Nullable(Decimal(18, 4))`."""
    name = bare_type_name(field)
    return f"Nullable({name})" if field.nullable and name != "NULL" else name


def bare_type_name(field: pa.Field) -> str:
    arrow = field.type
    marked = extension(field)
    if marked:
        return EXTENSION_TYPES.get(marked, marked)
    if arrow in PLAIN_TYPES:
        return PLAIN_TYPES[arrow]
    if pa.types.is_timestamp(arrow):
        return "Timestamp"
    if pa.types.is_decimal(arrow):
        return f"Decimal({arrow.precision}, {arrow.scale})"
    if pa.types.is_map(arrow):
        return f"Map({type_name(arrow.key_field)}, {type_name(arrow.item_field)})"
    if pa.types.is_struct(arrow):
        return "Tuple({})".format(", ".join(type_name(inner) for inner in arrow))
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return f"Array({type_name(arrow.value_field)})"
    if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow) or pa.types.is_binary_view(arrow):
        return "Binary"
    return "String"


def rows(table: pa.Table, timezone: datetime.tzinfo) -> list[list[str | None]]:
    """Returns a table's rows as the texts of a JSON body."""
    columns = [
        [top_level(value, field, timezone) for value in column.to_pylist()]
        for field, column in zip(table.schema, table.columns)
    ]
    return [list(row) for row in zip(*columns)]


def arrow_stream(table: pa.Table, metadata: dict[str, str]) -> bytes:
    """Returns a table as an Arrow stream whose schema carries `metadata`, compressed as Databend does."""
    table, sink = table.replace_schema_metadata(metadata), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def top_level(value: Any, field: pa.Field, timezone: datetime.tzinfo) -> str | None:
    """Writes one value of a row; SQL NULL is None."""
    return None if value is None else text(value, field, timezone)


def nested(value: Any, field: pa.Field, timezone: datetime.tzinfo) -> str:
    """Writes a value inside an array, a map or a tuple, where texts and times stand in quotes."""
    if value is None:
        return "NULL"
    shown = text(value, field, timezone)
    return quoted(shown) if isinstance(value, (str, datetime.date)) else shown


def text(value: Any, field: pa.Field, timezone: datetime.tzinfo) -> str:
    """Writes one value that is not NULL."""
    arrow, marked = field.type, extension(field)
    if marked == "Variant":
        return json.dumps(decode_jsonb(value), ensure_ascii=False, separators=(",", ":"))
    if marked == "Interval":
        return interval(int(value))
    if marked in ("EmptyArray", "EmptyMap"):
        return "[]" if marked == "EmptyArray" else "{}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime):
        # The engine's timestamps are UTC; the session's time zone is how they are shown.
        shown = value.replace(tzinfo=datetime.timezone.utc).astimezone(timezone)
        return shown.replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        # Never with an exponent, which `str` would use for 0.0000000.
        return format(value, "f")
    if pa.types.is_map(arrow):
        pairs = (
            f"{nested(key, arrow.key_field, timezone)}:{nested(item, arrow.item_field, timezone)}"
            for key, item in value
        )
        return "{" + ",".join(pairs) + "}"
    if pa.types.is_struct(arrow):
        return "(" + ",".join(nested(value[inner.name], inner, timezone) for inner in arrow) + ")"
    if isinstance(value, list):
        return "[" + ",".join(nested(item, arrow.value_field, timezone) for item in value) + "]"
    return str(value)


def quoted(shown: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(character, character) for character in shown) + '"'


def interval(packed: int) -> str:
    """Writes an INTERVAL, which the engine packs into 128 bits: months, days, microseconds."""
    months = signed(packed >> 96, 32)
    days = signed(packed >> 64, 32)
    micros = signed(packed, 64)
    parts = [f"{months} months"] if months else []
    parts += [f"{days} days"] if days else []
    parts += [f"{micros} microseconds"] if micros or not parts else []
    return " ".join(parts)


def signed(bits: int, width: int) -> int:
    low = bits & ((1 << width) - 1)
    return low - (1 << width) if low >> (width - 1) else low


# Databend's binary JSON (JSONB): a header word per container, an entry word per item, then the items.
# https://github.com/databendlabs/jsonb describes it.
CONTAINER_KIND, CONTAINER_LENGTH = 0xE0000000, 0x0FFFFFFF
SCALAR, OBJECT, ARRAY = 0x20000000, 0x40000000, 0x80000000
ENTRY_KIND, ENTRY_LENGTH = 0x70000000, 0x0FFFFFFF
ENTRY_STRING, ENTRY_NUMBER, ENTRY_FALSE, ENTRY_TRUE, ENTRY_CONTAINER = (
    0x10000000,
    0x20000000,
    0x30000000,
    0x40000000,
    0x50000000,
)


def decode_jsonb(encoded: bytes, at: int = 0) -> Any:
    """Reads the container that starts at byte `at`."""
    (header,) = struct.unpack_from(">I", encoded, at)
    kind, length = header & CONTAINER_KIND, header & CONTAINER_LENGTH
    count = {SCALAR: 1, ARRAY: length, OBJECT: 2 * length}[kind]
    entries = struct.unpack_from(f">{count}I", encoded, at + 4)
    items, position = [], at + 4 + 4 * count
    for entry in entries:
        size = entry & ENTRY_LENGTH
        items.append(decode_entry(entry & ENTRY_KIND, encoded, position, size))
        position += size
    if kind == SCALAR:
        return items[0]
    return dict(zip(items[:length], items[length:])) if kind == OBJECT else items


def decode_entry(kind: int, encoded: bytes, position: int, size: int) -> Any:
    if kind == ENTRY_STRING:
        return encoded[position : position + size].decode("utf-8", "replace")
    if kind == ENTRY_NUMBER:
        return decode_number(encoded[position : position + size])
    if kind == ENTRY_CONTAINER:
        return decode_jsonb(encoded, position)
    return {ENTRY_FALSE: False, ENTRY_TRUE: True}.get(kind)


def decode_number(encoded: bytes) -> Any:
    kind = encoded[0] & 0xF0
    if kind == 0x00:
        return 0
    if kind in (0x40, 0x50):
        return int.from_bytes(encoded[1:], "big", signed=kind == 0x40)
    if kind == 0x60:
        return struct.unpack(">d", encoded[1:9])[0]
    if kind == 0x70:  # a decimal: a big-endian integer, then its scale
        return float(Decimal(int.from_bytes(encoded[1:-1], "big", signed=True)).scaleb(-encoded[-1]))
    return {0x10: "NaN", 0x20: "Infinity", 0x30: "-Infinity"}.get(kind)
