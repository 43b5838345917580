"""Tests of how loads are rewritten: `python -m unittest` in this folder."""

import unittest

from engine import QueryError
from loads import copy_statement, format_options, is_insert_from_stage


class Loads(unittest.TestCase):
    def check(self, insert: str, expected: str) -> None:
        self.assertEqual(" ".join(copy_statement(insert, "@~/f").split()), expected, insert)

    def test_every_form_of_an_insert_becomes_a_copy(self) -> None:
        self.check("INSERT INTO t", "COPY INTO t FROM @~/f FILE_FORMAT = (type = csv)")
        self.check("insert into `d`.`t` (a, b) values (?, ?)", "COPY INTO `d`.`t`(a, b) FROM @~/f FILE_FORMAT = (type = csv)")
        self.check("INSERT INTO t VALUES", "COPY INTO t FROM @~/f FILE_FORMAT = (type = csv)")
        self.check(
            "INSERT INTO t FROM @_databend_load FILE_FORMAT = (type = ndjson);",
            "COPY INTO t FROM @~/f FILE_FORMAT = (type = ndjson)",
        )

    def test_constants_stand_between_the_columns_of_the_file(self) -> None:
        self.check(
            "INSERT INTO t (a, b, c) VALUES (?, now(), ?) FROM @_databend_load FILE_FORMAT = (type = csv)",
            "COPY INTO t(a, b, c) FROM (SELECT $1, now(), $2 FROM @~/f) FILE_FORMAT = (type = csv)",
        )

    def test_what_is_no_load_is_refused(self) -> None:
        with self.assertRaises(QueryError) as refused:
            copy_statement("DELETE FROM t", "@~/f")
        self.assertEqual(refused.exception.code, 1005)

    def test_only_an_insert_from_a_stage_is_a_load(self) -> None:
        self.assertTrue(is_insert_from_stage("INSERT INTO t FROM @~/f FILE_FORMAT = (type = csv)"))
        self.assertFalse(is_insert_from_stage("INSERT INTO t SELECT * FROM u"))
        self.assertFalse(is_insert_from_stage("INSERT INTO t VALUES ('x')"))

    def test_a_line_feed_as_a_delimiter_is_written_as_an_escape(self) -> None:
        self.assertEqual(format_options({"type": "CSV", "record_delimiter": "\n"}), "type = CSV, record_delimiter = '\\n'")


if __name__ == "__main__":
    unittest.main()
