"""Runs EQL over events with Elastic's engine. Standard input: {"queries": {id: query}, "cases": {name: [event, ...]}}; events carry a numeric
`timestamp` (microseconds) and an `event_type`. Standard output: {id: [names of the cases in which the query found something]}."""

import json
import sys

from eql import Event, PythonEngine, parse_query

MICROSECONDS = 1_000_000


def found(query, events):
    results = []
    engine = PythonEngine({"time_unit": MICROSECONDS, "flatten": True})
    with_settings = parse_query(query, implied_any=True)
    engine.add_query(with_settings)
    engine.add_output_hook(results.append)
    engine.stream_events(Event(event["event_type"], event["timestamp"], event) for event in events)
    engine.finalize()
    return bool(results)


question = json.load(sys.stdin)
json.dump(
    {rule: [name for name, events in question["cases"][rule].items() if found(query, events)] for rule, query in question["queries"].items()},
    sys.stdout,
)
