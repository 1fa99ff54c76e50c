#!/usr/bin/env python3
"""Names that spaCy finds in the texts that `docmill eval names --texts` writes.

usage: docmill eval names --texts FILE... | spacy.py MODEL WHOLE.jsonl TRIMMED.jsonl

MODEL is the name of an installed package, such as en_core_web_sm. Its labels PERSON, ORG and GPE, LOC, FAC become
PERSON, ORG and LOCATION; the rest is dropped. WHOLE has the spans as they come; TRIMMED is without the leading article
and the trailing possessive that OntoNotes puts inside a span and the corpora that we measure with do not. Both are read
by `docmill eval names --raw --against`. Nothing of spaCy is needed to build or to run docmill.
"""

import json
import sys
import time

KINDS = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION"}
ARTICLES = ("the", "a", "an")
POSSESSIVES = ("'s", "’s", "'")


def trimmed(name):
    first, end = name.start, name.end
    while first + 1 < end and name.doc[first].lower_ in ARTICLES:
        first += 1
    while end - 1 > first and name.doc[end - 1].text in POSSESSIVES:
        end -= 1
    return name.doc[first:end]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    # This file has the package's name, so its folder must not come first where modules are looked for.
    sys.path.pop(0)
    import spacy

    # What the recogniser does not look at is left out, as it only takes time.
    pipe = spacy.load(sys.argv[1], disable=["tagger", "parser", "lemmatizer", "attribute_ruler"])
    rows = [json.loads(line) for line in sys.stdin]
    started = time.process_time()
    documents = list(pipe.pipe(row["text"] for row in rows))
    seconds = time.process_time() - started
    with open(sys.argv[2], "w") as whole, open(sys.argv[3], "w") as trim:
        for row, document in zip(rows, documents):
            for name in document.ents:
                if name.label_ not in KINDS:
                    continue
                for out, span in ((whole, name), (trim, trimmed(name))):
                    found = {
                        "file": row["file"], "sentence": row["sentence"], "start": span.start_char, "end": span.end_char,
                        "type": KINDS[name.label_],
                    }
                    out.write(json.dumps(found) + "\n")
    words = sum(len(row["text"].split()) for row in rows)
    version = f"spaCy {spacy.__version__}, {pipe.meta['lang']}_{pipe.meta['name']} {pipe.meta['version']}"
    print(f"{version}: {len(rows)} texts, {words / seconds:.0f} words between blanks a second of processor time")


if __name__ == "__main__":
    main()
