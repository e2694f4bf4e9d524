"""Runs Sigma over events with pySigma's SQLite backend. Standard input: {"rules": {id: yaml}, "cases": {id: {name: [row, ...]}}}; a row is a flat
event with `timestamp` (ISO 8601). Standard output: {id: [names of the cases in which the rule found something]}."""

import ipaddress
import json
import sqlite3
import sys

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

TABLE = "logs"


def cidr_match(address, network):
    return address is not None and ipaddress.ip_address(address) in ipaddress.ip_network(network)


def queries_of(yaml):
    # The backend answers for every rule that is not only counted by another.
    return sqliteBackend(table=TABLE).convert(SigmaCollection.from_yaml(yaml))


def found(queries, columns, rows):
    database = sqlite3.connect(":memory:")
    database.create_function("CIDRMATCH", 2, cidr_match)
    names = ", ".join(f"`{column}`" for column in columns)
    database.execute(f"CREATE TABLE {TABLE} ({names})")
    marks = ", ".join("?" for _ in columns)
    database.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", [[row.get(column) for column in columns] for row in rows])
    return any(database.execute(query).fetchone() is not None for query in queries)


question = json.load(sys.stdin)
answer = {}
for rule, yaml in question["rules"].items():
    queries = queries_of(yaml)
    cases = question["cases"][rule]
    columns = sorted({column for rows in cases.values() for row in rows for column in row} | set(question["columns"][rule]))
    answer[rule] = [name for name, rows in cases.items() if found(queries, columns, rows)]
json.dump(answer, sys.stdout)
