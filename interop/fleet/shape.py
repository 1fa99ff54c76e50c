"""Shapes of work, made from a seed, as signatures of Celery.

At most one task of a shape fails: with two of them it is chance which of them a chord names.
"""
import itertools
import random

from celery import chain, chord, group

import tasks

DEPTH = 3


class Maker:
    """Makes one shape. `key` is the list that its links and errbacks note themselves in."""

    def __init__(self, seed, key):
        self.random, self.key, self.numbers = random.Random(seed), key, itertools.count()
        self.may_fail = self.random.random() < 0.4

    def tag(self):
        return f"t{next(self.numbers)}"

    def leaf(self, first):
        """A task that takes what came before it; the first one of a chain is given something."""
        kind = self.random.choices(["wrap", "retry", "replace", "fail", "exhaust"], [10, 2, 2, 2, 1])[0]
        if kind in ("fail", "exhaust"):
            if not self.may_fail:
                kind = "wrap"
            self.may_fail = False
        given = [self.random.randrange(10)] if first else []
        rest = {"retry": [self.random.randint(1, 2)],
                "replace": [self.random.choice(["task", "task", "chain", "group", "chord"])]}.get(kind, [])
        made = getattr(tasks, kind).s(*given, self.tag(), *rest)
        if not first and kind == "wrap" and self.random.random() < 0.1:
            made = tasks.wrap.si(self.random.randrange(10), self.tag())
        return self.linked(made)

    def linked(self, made):
        if self.random.random() < 0.15:
            made.link(tasks.note.s(self.key, self.tag()))
        if self.random.random() < 0.3:
            made.link_error(self.random.choice([tasks.broken, tasks.failed]).s(key=self.key, tag=self.tag()))
        return made

    def make(self, depth=DEPTH, first=True):
        kind = self.random.choices(["leaf", "chain", "group", "chord"], [1, 3, 2, 3] if depth else [1, 0, 0, 0])[0]
        if kind == "leaf":
            return self.leaf(first)
        size = self.random.randint(2, 3)
        if kind == "chain":
            return self.linked(chain(*[self.make(depth - 1, first and n == 0) for n in range(size)]))
        parts = [self.make(depth - 1, first) for _ in range(size)]
        if kind == "group":
            return group(*parts)
        body = self.leaf(False) if depth < 2 else self.make(depth - 2, False)
        return self.linked(chord(parts, body))


def make(seed, key):
    return Maker(seed, key).make()
