"""Checks ES|QL with Elastic's parser. Standard input: {"fields": {name: type}, "queries": {id: query}, "stack": "8.19.0"}. Standard output:
{id: what is wrong, or null}."""

import json
import sys

import esql


def problem(query, schema, stack):
    try:
        tree = esql.parse_query(query)
        esql.verify_features(tree, stack)
        esql.analyze(tree, schema)
        esql.validate_detection_rule_query(tree)
        return None
    except esql.EsqlError as error:
        return str(error)


question = json.load(sys.stdin)
schema = esql.Schema(question["fields"])
json.dump({rule: problem(query, schema, question["stack"]) for rule, query in question["queries"].items()}, sys.stdout)
