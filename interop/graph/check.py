"""Reads a graph that docmill wrote with the library that other programs read it with, and says what is wrong with it.

    check.py ftm < FILE        FollowTheMoney, one JSON object a line
    check.py graphml < FILE    GraphML

Prints what it read as one JSON object: counts by schema or kind.
"""

import collections
import json
import sys


def ftm(lines):
    from followthemoney import model
    from followthemoney.exc import InvalidData

    schemata, counts, links = {}, collections.Counter(), []
    for number, line in enumerate(lines, 1):
        data = json.loads(line)
        assert set(data) == {"id", "schema", "properties"}, f"line {number}: {sorted(data)}"
        schema = model.get(data["schema"])
        assert schema is not None and not schema.abstract, f"line {number}: no schema {data['schema']}"
        assert data["id"] not in schemata, f"line {number}: {data['id']} comes twice"
        schemata[data["id"]] = schema
        counts[schema.name] += 1
        try:
            schema.validate(data)
        except InvalidData as error:
            raise SystemExit(f"line {number}: {error} {error.errors}: {line}")
        for name, values in data["properties"].items():
            prop = schema.get(name)
            assert not prop.stub, f"line {number}: {name} is the other end of a property"
            if prop.range is not None:
                links.extend((number, prop, value) for value in values)
        # What the library makes of it when it is told to trust nothing.
        proxy = model.get_proxy(data, cleaned=False)
        for name, values in data["properties"].items():
            if schema.get(name).type.name not in ("phone", "identifier", "language"):
                kept = proxy.get(name)
                assert len(kept) == len(values), f"line {number}: of {name} {values} it keeps {kept}"
    for number, prop, value in links:
        assert value in schemata, f"line {number}: {prop.name} leads to nothing"
        end = schemata[value]
        assert end.is_a(prop.range), f"line {number}: {prop.name} leads to a {end.name} and not a {prop.range.name}"
    return counts


def graphml(source):
    import networkx

    graph = networkx.parse_graphml(source, force_multigraph=True)
    counts = collections.Counter()
    for node, data in graph.nodes(data=True):
        assert "kind" in data, f"{node} was only spoken of"
        counts[data["kind"]] += 1
    for _, _, data in graph.edges(data=True):
        counts[data["kind"]] += 1
    return counts


if __name__ == "__main__":
    # Line ends as they are: they are part of what is checked.
    text = sys.stdin.buffer.read().decode("utf-8")
    readers = {"ftm": lambda: ftm(text.split("\n")[:-1]), "graphml": lambda: graphml(text)}
    counts = readers[sys.argv[1]]()
    print(json.dumps(counts))
