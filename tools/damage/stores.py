"""Specifications of sweeps, results of prune, and stores of trials."""

import json
import os
import re
import shutil
import sqlite3

from . import extremes

SPECIFICATION = """seed = 7
trials = 3
dimension = [1, 2]
count = [6, 8]
candidates = "nsn"
target = { uniform = 0.5 }
epsilon = [0.1, 0.01]
solver = ["exact", "greedy"]
norm = "max"
size = "any"
work_limit = 100000
"""


def toml_damaged(rng, text):
    """A specification with other numbers, texts, lines and tables."""
    if rng.random() < 0.25:
        return extremes.bytes_damaged(rng, text.encode())
    lines = text.splitlines()
    for _ in range(rng.choice([1, 1, 2])):
        place = rng.randrange(len(lines))
        kind = rng.randrange(10)
        if kind < 4:
            numbers = list(re.finditer(r"\d+(\.\d+)?", lines[place]))
            if numbers:
                number = rng.choice(numbers)
                new = rng.choice(
                    extremes.WIDE_INTEGERS[:-1]
                    + extremes.FLOATS
                    + ["nan", "inf", "-inf", "0x10", "1e400", "true"]
                )
                lines[place] = (
                    lines[place][: number.start()] + str(new) + lines[place][number.end() :]
                )
        elif kind == 4:
            key = lines[place].split("=")[0]
            lines[place] = (
                key
                + "= "
                + rng.choice(
                    [
                        "[]",
                        "[[1], [2]]",
                        '""',
                        '"x"',
                        '["nsn", 1]',
                        "{from = 1, to = 1000000000, step = 1}",
                        "1979-05-27",
                        "{}",
                        "[" * 3000 + "]" * 3000,
                        "[" + "1, " * 20_000 + "1]",
                        '"' + "a" * 10_000 + '"',
                        "{from = 1, to = 5, step = 0}",
                    ]
                )
            )
        elif kind == 5:
            del lines[place]
            lines.append("")
        elif kind == 6:
            lines.append(lines[place])
        elif kind == 7:
            lines.append(
                rng.choice(
                    [
                        "[" + "a." * 5000 + "b]",
                        "unknown = 1",
                        "= 3",
                        "key",
                        "'''",
                        "a.b.c = {d = {e = 1}}",
                    ]
                )
            )
        elif kind == 8:
            lines[place] = lines[place].replace('"', rng.choice(["'", "", '"""', '"\\u0000']))
        else:
            lines[place] = lines[place].replace(
                rng.choice(["=", "[", "e", "n", "m", "s"]), rng.choice(["", "é", "\t", "#"])
            )
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def figures_damaged(rng, text):
    """What `prune --json` printed, damaged as JSON or as bytes."""
    if rng.random() < 0.25:
        return extremes.bytes_damaged(rng, text.encode())
    return extremes.json_damaged(rng, json.loads(text)).encode("utf-8", "surrogatepass")


VALUES = [
    None,
    "",
    "abc",
    "1",
    "NaN",
    "inf",
    b"",
    b"\xff\x00",
    0,
    1,
    -1,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    0.5,
    float("inf"),
    -float("inf"),
    1e300,
    1e-320,
    "a" * 100_000,
    "exact",
    "greedy",
]


def store_damaged(rng, source, path):
    """A store with damaged pages, values of other types, or tables that are gone, renamed, doubled
    or views."""
    shutil.copyfile(source, path)
    if rng.random() < 0.35:
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(extremes.bytes_damaged(rng, data))
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]
        for _ in range(rng.choice([1, 1, 2])):
            table = rng.choice(tables)
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            if not columns:
                continue
            column = rng.choice(columns)
            statements = {
                0: [
                    f'UPDATE "{table}" SET "{column}" = ? '
                    f'WHERE rowid IN (SELECT rowid FROM "{table}" LIMIT ?)'
                ],
                1: [f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}_"'],
                2: [f'ALTER TABLE "{table}" DROP COLUMN "{column}"'],
                3: [f'DROP TABLE "{table}"'],
                4: [f'DELETE FROM "{table}" WHERE random() % 2 = 0'],
                5: [
                    f'ALTER TABLE "{table}" RENAME TO "{table}_old"',
                    f'CREATE VIEW "{table}" AS WITH RECURSIVE r(i) AS '
                    f'(SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT o.* FROM r, "{table}_old" o',
                ],
                6: [f"PRAGMA user_version = {rng.choice([0, 1, 99, -1, 2**31 - 1])}"],
                7: [
                    f'CREATE TABLE "copy" AS SELECT * FROM "{table}"',
                    f'DROP TABLE "{table}"',
                    f'ALTER TABLE "copy" RENAME TO "{table}"',
                ],
                8: [f'ALTER TABLE "{table}" ADD COLUMN "more" TEXT DEFAULT \'x\''],
                9: [
                    f'CREATE TRIGGER IF NOT EXISTS "t" BEFORE INSERT ON "{table}" '
                    "BEGIN SELECT RAISE(ABORT, 'no'); END"
                ],
            }[rng.choice([0] * 12 + list(range(1, 10)))]
            for statement in statements:
                parameters = (
                    (rng.choice(VALUES), rng.choice([1, 1, 1000])) if "?" in statement else ()
                )
                try:
                    connection.execute(statement, parameters)
                except sqlite3.Error:
                    if parameters:
                        try:
                            connection.execute(
                                f'UPDATE "{table}" SET "{column}" = ?', parameters[:1]
                            )
                        except sqlite3.Error:
                            pass
    finally:
        connection.close()
        for suffix in ("-journal", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
