"""Known-item queries: what someone types who has seen a passage and wants it back.

Each query is made from one passage of one document and has that passage's document for its answer, with every document
that says the same. A seed draws passages and words, so that the same texts give the same queries. Kinds:

  phrase      four to six words one behind the other, in quotes
  rare        the three to five rarest words of a passage, in any order
  dropped     a sentence of which two in five words were dropped and the others' order was lost
  changed     a sentence of which every fourth word is another one of the pile: what someone remembers wrongly
  common      three or four words of a passage that are neither rare nor everywhere
  inflected   four to six words of a passage with an `s` added or taken away
  name        words of the document's name and a common word of the passage
  named       a name in the passage (two capitalised words) and two rare words
"""

import math
import random
import re
import unicodedata
from collections import Counter

KINDS = ("phrase", "rare", "dropped", "changed", "common", "inflected", "name", "named")
#: Words of a passage: enough to choose from, few enough that a person could have it in mind.
LEAST, MOST = 40, 250
#: Runs of five words that two documents must share, as a share of the lesser's, to say the same.
SAME = 0.5
#: Documents that a run may stand in: one in more is boilerplate, and its pairs grow with the square.
MOST_OWNERS = 50


def words(text):
    """Words as an index cuts them: runs of letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFD", text.casefold())
    plain = unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))
    return re.findall(r"[^\W_]+", plain)


class Passage:
    def __init__(self, document, text):
        self.document, self.text = document, text
        self.words = words(text)


class Pile:
    """Documents with their names, texts and passages: `documents` maps an id to (name, text)."""

    def __init__(self, documents, passages):
        self.documents = documents
        self.passages = [p for p in passages if LEAST <= len(p.words) <= MOST]
        self.frequency = Counter(word for p in passages for word in set(p.words))
        self.vocabulary = sorted(word for word, count in self.frequency.items() if count > 1 and word.isalpha())
        self.same = self._same()

    def _same(self):
        """For each document those that say the same, itself among them."""
        runs = {}
        for id, (_, text) in self.documents.items():
            w = words(text)
            runs[id] = {hash(tuple(w[i : i + 5])) for i in range(max(1, len(w) - 4))}
        owners = {}
        for id, of in runs.items():
            for run in of:
                owners.setdefault(run, []).append(id)
        shared = Counter()
        for ids in owners.values():
            if len(ids) <= MOST_OWNERS:
                shared.update((a, b) for a in ids for b in ids if a < b)
        same = {id: {id} for id in self.documents}
        for (a, b), count in shared.items():
            if count >= SAME * min(len(runs[a]), len(runs[b])):
                same[a].add(b)
                same[b].add(a)
        return same

    def queries(self, kind, count, seed=7):
        """At most `count` pairs of a query and its passage, at most two of a document."""
        draw = random.Random(f"{seed} {kind}")
        passages = self.passages[:]
        draw.shuffle(passages)
        out, of = [], Counter()
        for passage in passages:
            if len(out) == count:
                break
            if of[passage.document] < 2 and (query := getattr(self, f"_{kind}")(passage, draw)):
                of[passage.document] += 1
                out.append((query, passage))
        return out

    def _rarest(self, passage, count, draw):
        known = [w for w in sorted(set(passage.words)) if w.isalpha() and len(w) > 3]
        known.sort(key=lambda w: (self.frequency[w], w))
        chosen = known[: 2 * count]
        draw.shuffle(chosen)
        return chosen[:count]

    def _commonest(self, passage, count, draw):
        """Words of the middle third by frequency."""
        known = [w for w in sorted(set(passage.words)) if w.isalpha() and len(w) > 3]
        known.sort(key=lambda w: (self.frequency[w], w))
        middle = known[len(known) // 3 : 2 * len(known) // 3]
        return draw.sample(middle, count) if len(middle) >= count else []

    @staticmethod
    def _sentence(passage, draw):
        sentences = [s for s in re.split(r"(?<=[.!?])\s+|\n\s*\n", passage.text) if 8 <= len(words(s)) <= 30]
        return draw.choice(sentences) if sentences else None

    def _phrase(self, passage, draw):
        runs = re.findall(r"\b[^\W\d_]+(?: [^\W\d_]+){3,}\b", passage.text)
        if not runs:
            return None
        run = draw.choice(runs).split()
        length = min(len(run), draw.randint(4, 6))
        start = draw.randrange(len(run) - length + 1)
        return '"' + " ".join(run[start : start + length]) + '"'

    def _rare(self, passage, draw):
        chosen = self._rarest(passage, draw.randint(3, 5), draw)
        return " ".join(chosen) if len(chosen) >= 3 else None

    def _dropped(self, passage, draw):
        sentence = self._sentence(passage, draw)
        if not sentence:
            return None
        kept = [w for w in words(sentence) if draw.random() < 0.6]
        draw.shuffle(kept)
        return " ".join(kept) if len(kept) >= 4 else None

    def _changed(self, passage, draw):
        sentence = self._sentence(passage, draw)
        if not sentence:
            return None
        w = words(sentence)
        for at in range(draw.randrange(4), len(w), 4):
            w[at] = draw.choice(self.vocabulary)
        return " ".join(w)

    def _common(self, passage, draw):
        return " ".join(self._commonest(passage, draw.randint(3, 4), draw)) or None

    def _inflected(self, passage, draw):
        chosen = self._commonest(passage, draw.randint(4, 6), draw)
        return " ".join(w[:-1] if w.endswith("s") else w + "s" for w in chosen) or None

    def _name(self, passage, draw):
        name = [w for w in words(self.documents[passage.document][0].rsplit(".", 1)[0]) if len(w) > 2]
        common = self._commonest(passage, 1, draw)
        return " ".join(name[:4] + common) if name and common else None

    def _named(self, passage, draw):
        names = re.findall(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b", passage.text)
        rare = self._rarest(passage, 2, draw)
        return " ".join([draw.choice(names)] + rare) if names and len(rare) == 2 else None


class Ranks:
    """Where the answer of each query stood among the first ten documents."""

    def __init__(self, ranks=()):
        self.ranks = list(ranks)

    def add(self, answers, ranked):
        self.ranks.append(next((i + 1 for i, id in enumerate(ranked[:10]) if id in answers), math.inf))

    def success(self, at):
        return 100 * sum(rank <= at for rank in self.ranks) / max(1, len(self.ranks))

    def reciprocal(self):
        return 100 * sum(1 / rank for rank in self.ranks) / max(1, len(self.ranks))

    def line(self):
        return f"{len(self.ranks):5}{self.success(1):7.1f}{self.success(5):7.1f}{self.success(10):7.1f}{self.reciprocal():7.1f}"
