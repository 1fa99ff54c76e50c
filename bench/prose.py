"""Sentences as business mail and court files have them, drawn from a seeded generator.

One sentence in ten states a fact that the recognisers look for: a date, a sum, an address, a law, a case. That gives
about two mentions in a thousand characters, as many as were found in 230 real documents. Most sentences come from a
pool that is made once, which is what keeps a corpus of 20,000 documents a matter of seconds; the facts are made for
each document.
"""

import random

FIRST = "Anna Bruno Carla David Elena Frank Greta Henry Irene Jonas Karin Lukas Maria Nora Oscar Paula Robert Simon".split()
LAST = (
    "Adler Berger Castillo Dietrich Eastwood Fischer Grant Hoffmann Ivanov Jensen Keller Lambert Moreau Novak Olsen "
    "Peters Quinn Richter Sanders Thornton Ullmann Vogel Walker Young Zimmermann"
).split()
COMPANIES = (
    "Acme Holdings Ltd|Northwind Trading Inc.|Kessler & Sons GmbH|Meridian Capital LLC|Baltic Freight AG|"
    "Société Lumière SA|Harbor Insurance Corp.|Oakfield Partners LLP"
).split("|")
MONTHS = "January February March April May June July August September October November December".split()
GERMAN_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()

OPENERS = (
    "The parties|Our client|The tenant|The board|Counsel for the buyer|The auditor|The carrier|The committee|"
    "Neither side|The landlord|The witness|The registrar|Her predecessor|The seller|Both experts|The insurer"
).split("|")
VERBS = (
    "confirmed|rejected|discussed|postponed|recorded|examined|questioned|accepted|summarised|forwarded|withdrew|"
    "amended|disclosed|overlooked|repeated|reviewed"
).split("|")
OBJECTS = (
    "the draft of the second agreement|the delivery schedule|the terms of payment|the remaining objections|"
    "the minutes of the last meeting|a list of open questions|the report on the warehouse|the notice of defects|"
    "the valuation of the property|the order of the exhibits|the translation of the letter|the budget for repairs|"
    "the insurance certificate|the summary of the interviews|the inventory of spare parts|the proposed amendment"
).split("|")
CLOSERS = (
    "without further comment|before the hearing was closed|although nobody had asked for it|as had been agreed earlier|"
    "and asked for an answer within the week|while the other matters were left open|after a long discussion|"
    "because the originals could not be found|so that the work could go on|in the presence of both managers|"
    "which surprised most of those who were there|and returned the file to the archive|under the usual reservations"
).split("|")

GERMAN = (
    "Die Parteien haben den Entwurf des Vertrags geprüft und keine weiteren Einwände erhoben.|"
    "Der Mieter wurde gebeten, die ausstehenden Unterlagen bis zum Ende der Woche vorzulegen.|"
    "Über die Höhe der Kosten konnte in der Sitzung keine Einigung erzielt werden.|"
    "Das Gutachten liegt dem Gericht vor und wird in der nächsten Verhandlung erörtert.|"
    "Die Geschäftsführung weist darauf hin, dass die Frist nicht verlängert werden kann.|"
    "Für Rückfragen stehen wir Ihnen jederzeit gerne zur Verfügung."
).split("|")
FRENCH = (
    "Les parties ont examiné le projet de contrat et n'ont pas soulevé d'autres objections.|"
    "Le locataire a été prié de fournir les documents manquants avant la fin de la semaine.|"
    "Aucun accord n'a pu être trouvé sur le montant des frais lors de la réunion.|"
    "Le rapport de l'expert a été remis au tribunal et sera discuté à la prochaine audience.|"
    "La direction rappelle que le délai ne pourra pas être prolongé."
).split("|")


def name(rng):
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def address(person):
    return person.lower().replace(" ", ".") + "@example.org"


def date(rng):
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1998, 2025)
    return rng.choice((f"{day} {MONTHS[month - 1]} {year}", f"{MONTHS[month - 1]} {day}, {year}", f"{year}-{month:02}-{day:02}"))


def amount(rng):
    whole = rng.randint(120, 4_000_000)
    return rng.choice((f"${whole:,}.{rng.randint(0, 99):02}", f"EUR {whole:,}", f"£{whole:,}", f"USD {rng.randint(2, 90)} million"))


def _english_fact(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return f"On {date(rng)} {name(rng)} signed for {rng.choice(COMPANIES)}."
    if kind == 1:
        return f"The sum of {amount(rng)} is due no later than {date(rng)}."
    if kind == 2:
        return f"Questions go to {address(name(rng))} or by telephone to +1 212 555 01{rng.randint(10, 99)}."
    if kind == 3:
        return f"The claim rests on 42 U.S.C. § {rng.randint(1200, 1999)} and is disputed."
    if kind == 4:
        volume, page = rng.randint(300, 580), rng.randint(1, 900)
        return f"See {rng.choice(LAST)} v. {rng.choice(LAST)}, {volume} U.S. {page}, {page + 4} ({rng.randint(1950, 2019)})."
    if kind == 5:
        return f"{rng.choice(COMPANIES)} paid {amount(rng)} into the account of {rng.choice(COMPANIES)}."
    if kind == 6:
        return f"The notice is kept at https://www.example.org/files/{rng.randint(1000, 9999)}.html for inspection."
    return f"Between {date(rng)} and {date(rng)} nothing was delivered."


def _german_fact(rng):
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1998, 2025)
    return rng.choice(
        (
            f"Der Betrag von {rng.randint(2, 900)}.{rng.randint(100, 999)},{rng.randint(10, 99)} € ist am "
            f"{day}. {GERMAN_MONTHS[month - 1]} {year} fällig.",
            f"Nach § {rng.randint(100, 900)} Abs. {rng.randint(1, 4)} BGB ist die Klage zulässig.",
            f"Die Rechnung vom {day:02}.{month:02}.{year} wurde von {name(rng)} bezahlt.",
        )
    )


def _french_fact(rng):
    return rng.choice(
        (
            f"La somme de {rng.randint(2, 900)} {rng.randint(100, 999)},00 € est due.",
            f"Le contrat a été signé par {name(rng)} le {rng.randint(2, 28)} mars {rng.randint(1998, 2025)}.",
        )
    )


def _pool():
    rng = random.Random("sentences")
    draw = lambda: f"{rng.choice(OPENERS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)} {rng.choice(CLOSERS)}."
    return [draw() for _ in range(5000)]


_POOLS = {"en": _pool(), "de": GERMAN, "fr": FRENCH}
_FACTS = {"en": _english_fact, "de": _german_fact, "fr": _french_fact}


def language(rng):
    """English, now and then German or French."""
    return rng.choices(("en", "de", "fr"), (90, 6, 4))[0]


def paragraphs(rng, length, tongue="en"):
    """Paragraphs of three to seven sentences with `length` characters or a few more in all."""
    pool, fact = _POOLS[tongue], _FACTS[tongue]
    out, left = [], length
    while left > 0:
        sentences = rng.choices(pool, k=rng.randint(3, 7))
        sentences = [fact(rng) if rng.random() < 0.1 else sentence for sentence in sentences]
        paragraph = " ".join(sentences)
        out.append(paragraph[:left].rsplit(" ", 1)[0] if 40 < left < len(paragraph) else paragraph)
        left -= len(paragraph)
    return out


def title(rng):
    return f"{rng.choice(('Notes on', 'Memorandum about', 'Record of', 'Comments on'))} {rng.choice(OBJECTS)}"
