"""What the cases share that measure against what people marked: `docmill eval` and its figures."""

import json

import measure


class Eval:
    """The report of `docmill eval`."""

    def __init__(self, *arguments):
        used = measure.run(measure.DOCMILL, "eval", *map(str, arguments), "--json")
        self.cpu, self.report = used.cpu, json.loads(used.output)

    def row(self, measured, group="all", kind="all"):
        """A row of figures, shares in thousandths; empty where there is none."""
        rows = self.report["scores"]
        key = (measured, group, kind)
        return next((row for row in rows if (row["measure"], row["group"], row["type"]) == key), {})

    def share(self, measured, group="all", kind="all", figure="f1"):
        """A figure in hundredths."""
        return self.row(measured, group, kind).get(figure, 0) / 10

    def other(self, measured, group="all", kind="all"):
        """The first figure of a row on the other side, in hundredths."""
        rows = self.report["comparison"]["scores"]
        key = (measured, group, kind)
        return next((row["other"] for row in rows if (row["measure"], row["group"], row["type"]) == key), 0) / 10


def shown(folder, *arguments):
    """The tables of `docmill eval`, with the folder of the corpora left out of paths."""
    return measure.run(measure.DOCMILL, "eval", *map(str, arguments)).output.replace(f"{folder}/", "")
