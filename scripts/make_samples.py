#!/usr/bin/env python3
"""Makes those documents of `samples/` that cannot be typed: PDF, DOCX, PNG, old encodings, mail with attachments.

The others (Markdown, HTML, CSV, plain mail) are written by hand and read here where a mail encloses one.
The same versions of Python, zlib and the packages of requirements-samples.txt give the same bytes:

    python3 -m venv venv && venv/bin/pip install -r scripts/requirements-samples.txt
    venv/bin/python scripts/make_samples.py

The story, and what each file is expected to give, is in docs/samples.md. Everything is invented; addresses,
telephone numbers and account numbers are from ranges that are set aside for examples.
"""

import base64
import io
import quopri
import zipfile
from email.header import Header
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
# Bitstream Vera comes with reportlab; its licence allows embedding.
FONTS = Path(reportlab.__file__).parent / "fonts"


def write(name: str, data: bytes) -> None:
    path = SAMPLES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# ---------------------------------------------------------------------------------------------- PDF


class Sheet:
    """A PDF that is filled from the top. In texts, `~` is a space at which no line ends, and `¬` is where a word
    may be parted with a hyphen."""

    def __init__(self, title: str, size=letter, margin=72, body="Times-Roman", bold="Times-Bold", footer=None):
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=size, invariant=1, pageCompression=1)
        self.canvas.setTitle(title)
        self.canvas.setAuthor("Docmill samples")
        self.width, self.height = size
        self.margin, self.body, self.bold, self.footer = margin, body, bold, footer
        self.left, self.right = margin, self.width - margin
        self.y = self.height - margin
        self.page = 1

    def lines(self, text: str, font: str, size: float, width: float) -> list[str]:
        """Breaks a text into lines of at most `width` points; a line feed in the text always breaks."""

        def fits(line: str) -> bool:
            return pdfmetrics.stringWidth(line.replace("~", " "), font, size) <= width

        result = []
        for piece in text.split("\n"):
            line = ""
            for word in piece.split():
                whole = word.replace("¬", "")
                longer = f"{line} {whole}" if line else whole
                if not line or fits(longer):
                    line = longer
                    continue
                head, parted, tail = word.partition("¬")
                if parted and fits(f"{line} {head}-"):
                    result.append(f"{line} {head}-")
                    line = tail
                else:
                    result.append(line)
                    line = whole
            result.append(line)
        return [line.replace("~", " ") for line in result]

    def text(self, text: str, font=None, size=11.0, indent=0.0, align="left", after=8.0, leading=1.3) -> None:
        font = font or self.body
        for line in self.lines(text, font, size, self.right - self.left - indent):
            if self.y - size * leading < self.margin:
                self.break_page()
            self.y -= size * leading
            self.canvas.setFont(font, size)
            if align == "center":
                self.canvas.drawCentredString((self.left + self.right) / 2, self.y, line)
            elif align == "right":
                self.canvas.drawRightString(self.right, self.y, line)
            else:
                self.canvas.drawString(self.left + indent, self.y, line)
        self.y -= after

    def heading(self, text: str, size=14.0, align="left") -> None:
        # A heading does not stand alone at the foot of a page.
        if self.y - size * 4 < self.margin:
            self.break_page()
        self.y -= 6
        self.text(text, self.bold, size, align=align, after=4)

    def row(self, cells: list[str], columns: list[float], font=None, size=10.0) -> None:
        """One table row: `columns` are offsets from the left edge, a negative one aligns to the right at it."""
        self.y -= size * 1.5
        self.canvas.setFont(font or self.body, size)
        for cell, x in zip(cells, columns):
            if x < 0:
                self.canvas.drawRightString(self.left - x, self.y, cell)
            else:
                self.canvas.drawString(self.left + x, self.y, cell)

    def rule(self) -> None:
        self.y -= 5
        self.canvas.line(self.left, self.y, self.right, self.y)

    def break_page(self) -> None:
        if self.footer:
            self.canvas.setFont(self.body, 9)
            self.canvas.drawCentredString(self.width / 2, self.margin / 2, self.footer(self.page))
        self.canvas.showPage()
        self.page += 1
        self.y = self.height - self.margin

    def finish(self) -> bytes:
        self.break_page()
        self.canvas.save()
        return self.buffer.getvalue()


CONTRACT = [
    ("1. The work", """\
The Conservator restores the third-order Fresnel lens of the Harrow Point light (the "Lens"), built in 1867, so that it
can be lit again. The work covers the twenty-four panels, the brass frame and the clockwork. Seven panels (numbers 3, 7,
8, 12, 15, 19 and 22) are cracked and are to be made good with glass of the same index of refraction.

The Conservator keeps a record of each panel before and after the work, with photographs, and hands the record over with
the Lens. Glass that is replaced stays the property of the Museum."""),
    ("2. Time", """\
The panels are handed over in Berlin on 2~October 2023. The work is to be finished by 30~April~2024 and the Lens is to be
back at Harrow Point by 30~June~2024. A delay that is nobody's fault, and of which the other party is told within five
days, moves these days by the same time."""),
    ("3. Price and payment", """\
The price is EUR~184,500.00. It is paid in three instalments of EUR~61,500.00 each: the first on 1~October~2023, the second
on 15~January~2024 and the third on 30~June~2024. Each is due upon an invoice.

Payment is made to Linsenwerkstatt Morgenroth GmbH, IBAN~DE89~3704~0044~0532~013000, BIC~MRGNDEBBXXX. A change of the
account is valid only if a managing director of the Conservator has confirmed it by telephone, from +49~30~23125~014, to
the director of the Museum at (207)~555-0142.

An instalment that is late bears interest under §~288~Abs.~2~BGB. Prices are without value added tax; the Conservator's
VAT~ID is DE999999147."""),
    ("4. Transport", """\
The Museum pays for seven crates, at most CHF~4'250.00, and for the carriage: by lorry from Berlin to Le~Havre and by the
motor vessel "Corrie Light" (IMO~1234567) from there to Harrow Point. The risk passes to the Museum when the seals
are put on in Berlin. A surveyor named by the insurer looks at the crates before they are loaded."""),
    ("5. Insurance", """\
The Museum insures the Lens for USD~950,000 with Pellworm & Stagg Underwriting Ltd of London, Policy~No.~PSU-2023-0088, from
2~October~2023 to 31~December~2024. The Conservator keeps its own liability insured for at least EUR~500,000.

Whoever learns of a loss tells the insurer without delay at claims@example.com or +44~20~7946~0118."""),
    ("6. Warranty", """\
The Conservator warrants the work for five years from delivery, until 30~June~2029. It does not warrant glass that it has
not touched. The Museum inspects the Lens within thirty days of delivery and tells the Conservator of what it finds.

The Conservator's liability for slight negligence is limited to the price of EUR~184,500.00; for intent, gross
negligence and injury to persons it is not limited (§~276~Abs.~3~BGB)."""),
    ("7. Records and pictures", """\
Each party may publish pictures of the work with the name of the other. The Museum's page about the Lens is
https://example.org/harrow-point/lens and the Conservator's is https://example.net/werkstatt/harrow-point. Personal data
are used only for this agreement (Article~6 of Regulation~(EU)~2016/679)."""),
    ("8. Persons", """\
Notices go to the following persons, and in writing. An e-mail is writing, except for a change of the account under
section 3.

For the Museum: Eleanor Whitcombe, director, eleanor.whitcombe@example.org, (207)~555-0142; and Daniel Okafor, registrar,
daniel.okafor@example.org, (207)~555-0143.

For the Conservator: Jörg Morgenroth, managing director, joerg.morgenroth@example.net, +49~30~23125~014; and Annika Vogt,
accounts, annika.vogt@example.net, +49~30~23125~017."""),
    ("9. Ending the agreement", """\
The Museum may end this agreement at any time; it then pays for what was done, and at least EUR~20,000.00. The Conservator
may end it when an instalment is more than sixty days late and a further fourteen days, set in writing, have passed.

Either may end it for good cause (§~648a~BGB). What has been paid for work not done is paid back within thirty days."""),
    ("10. Law and courts", """\
This agreement is governed by German law without its rules on conflicts. The United Nations Convention on Contracts for
the International Sale of Goods does not apply. The Museum may sue at the place of its seat as well as in Berlin, and the
Conservator accepts that the courts in Maine may hear such a suit (28~U.S.C.~§~1332(a)(2))."""),
    ("11. Last provisions", """\
There are no side agreements. Changes are in writing and carry the signatures of both parties. If a part of this agreement
is void the rest stands. It is made in two copies in English; each party keeps one.

It takes effect on the day of the second signature, 14~September~2023."""),
]


def contract() -> bytes:
    sheet = Sheet("Restoration agreement HP-2023-014",
                  footer=lambda page: f"Restoration agreement, Contract No. HP-2023-014, page {page}")
    sheet.text("RESTORATION AGREEMENT", "Times-Bold", 20, align="center", after=2)
    sheet.text("Contract No. HP-2023-014", size=12, align="center", after=16)
    sheet.text("This agreement is made on 14~September~2023 between")
    sheet.text("Harrow Point Museum of Navigation, 1~Lighthouse Road, Harrow Point, Maine, LEI~999900HARROWPT000132 "
               "(the \"Museum\"), and", indent=24)
    sheet.text("Linsenwerkstatt Morgenroth GmbH, Sophienufer~14, 10115~Berlin, Germany, LEI~999900MORGENROTH0183 "
               "(the \"Conservator\").", indent=24, after=12)
    for title, body in CONTRACT:
        sheet.heading(title)
        for paragraph in body.split("\n\n"):
            sheet.text(paragraph.replace("\n", " "))
        sheet.y -= 4
    sheet.heading("Signatures")
    sheet.y -= 22
    sheet.row(["____________________________", "____________________________"], [0, 250])
    sheet.row(["Eleanor Whitcombe", "Jörg Morgenroth"], [0, 250])
    sheet.row(["Harrow Point, 12 September 2023", "Berlin, 14 September 2023"], [0, 250])
    return sheet.finish()


def invoice() -> bytes:
    sheet = Sheet("Invoice 2024-0117", size=A4, body="Helvetica", bold="Helvetica-Bold",
                  footer=lambda _: "Linsenwerkstatt Morgenroth GmbH, VAT ID DE999999147, HRB 999014 B")
    sheet.text("Linsenwerkstatt Morgenroth GmbH", "Helvetica-Bold", 16, after=2)
    sheet.text("Sophienufer 14, 10115 Berlin, Germany", size=9, after=2)
    sheet.text("Tel. +49 30 23125 017, annika.vogt@example.net, https://example.net/werkstatt", size=9, after=30)
    sheet.text("Harrow Point Museum of Navigation\nDaniel Okafor\n1 Lighthouse Road\nHarrow Point, Maine", after=30)
    sheet.heading("Invoice No. 2024-0117", 15)
    sheet.text("Date: 8 January 2024\nContract No. HP-2023-014\nDue: 15 January 2024", after=16)
    sheet.row(["Item", "Amount"], [0, -451], "Helvetica-Bold")
    sheet.rule()
    sheet.row(["Second instalment for the restoration of the lens", "EUR 61,500.00"], [0, -451])
    sheet.row(["Value added tax: reverse charge", "EUR 0.00"], [0, -451])
    sheet.rule()
    sheet.row(["Total", "EUR 61,500.00"], [0, -451], "Helvetica-Bold")
    sheet.y -= 24
    sheet.text("Please pay to our account:\nIBAN DE89 3704 0044 0532 013000\nBIC MRGNDEBBXXX", after=16)
    sheet.text("The first instalment of EUR~61,500.00 was received on 29~September~2023, with thanks.")
    return sheet.finish()


FILING = [
    ("INTRODUCTION", """\
This case asks who bears the loss when a thief, writing in the name of a party's bookkeeper, diverts a payment. Plaintiff paid
€61,500.00 on January~22,~2024, to an account that a false message of January~15,~2024, had named. Defendant says that it
was never paid and moves to dismiss under Fed.~R.~Civ.~P.~12(b)(2) and Fed.~R.~Civ.~P.~12(b)(6). The motion should be denied."""),
    ("BACKGROUND", """\
On September~14,~2023, the parties signed a contract for the restoration of a lighthouse lens at a price of EUR~184,500.00
(Ex.~A, HPM-000101). On January~8,~2024, Defendant's bookkeeper, Annika Vogt, sent Invoice~No.~2024-0117 for the second
instalment of EUR~61,500.00. A week later a message from annika.vogt@example.com, an address that is not Defendant's,
named a new account, IBAN~LT12~1000~0111~0100~1000. Plaintiff's registrar paid into it (HPM-000187). The fraud was discovered
on February~14,~2024, and reported to the police the same day (Ex.~C, HPM-000230).

Plaintiff alleges that the thief had read Defendant's mail: the false message answered the true one of the week before,
under the same subject, and knew the sum, the date and the number of the invoice."""),
    ("ARGUMENT", ""),
    ("I. The Court has jurisdiction.", """\
The parties are a citizen of Maine and a company of a foreign state, and more than $75,000 is in controversy: the price is
EUR~184,500.00 and the Lens is insured for USD~950,000. 28~U.S.C.~§~1332(a)(2). A real dispute about the debt supports a
declaration. 28~U.S.C.~§~2201(a); MedImmune, Inc. v. Genentech, Inc., 549~U.S.~118, 127~(2007).

Defendant agreed in section~10 of the contract to be sued here. Apart from that, who reaches out to a forum and makes a
lasting contract there must expect its courts. Burger King Corp. v. Rudzewicz, 471~U.S.~462, 475~(1985); Int'l Shoe Co. v.
Washington, 326~U.S.~310, 316~(1945); see Cossaboon v. Maine Med. Ctr., 600~F.3d~25 (1st~Cir.~2010)."""),
    ("II. The complaint states a claim.", """\
A complaint needs facts that make the claim plausible, and no more. Bell Atl. Corp. v. Twombly, 550~U.S.~544, 570~(2007);
Ashcroft v. Iqbal, 556~U.S.~662, 678~(2009). The standard of Conley v. Gibson, 355~U.S.~41 (1957), which Defendant still quotes,
is gone.

State law decides the substance. Erie R.R. Co. v. Tompkins, 304~U.S.~64 (1938). By the choice of the parties that is German
law. Money is sent at the debtor's risk (§~270~Abs.~1~BGB), and a debt is discharged when the creditor has received what is
owed (§~362~Abs.~1~BGB). But a creditor whose own carelessness let the thief in owes damages (§~280~Abs.~1~BGB), and the two
claims are set off."""),
    ("III. The bank is not the answer.", """\
Defendant says that Plaintiff should have sued its bank. A bank that follows the account number need not compare the name.
Case~C-245/18, ECLI:EU:C:2019:242. The thief's crime is wire fraud, 18~U.S.C.~§~1343, but the thief has not been found. When
two innocent parties are deceived, the loss falls on the one who could best have prevented it, or on both. Beau Townsend
Ford Lincoln, Inc. v. Don Hinds Ford, Inc., 759~F.~App'x~348 (6th~Cir.~2018)."""),
    ("CONCLUSION", """\
The motion to dismiss should be denied."""),
]


def filing() -> bytes:
    sheet = Sheet("Memorandum in opposition to the motion to dismiss",
                  footer=lambda page: f"No. 2:24-cv-99017, page {page}")
    sheet.text("UNITED STATES DISTRICT COURT\nDISTRICT OF MAINE", "Times-Bold", 16, align="center", after=18)
    sheet.text("HARROW POINT MUSEUM OF NAVIGATION, Plaintiff,\nv.\nLINSENWERKSTATT MORGENROTH GMBH, Defendant.", size=12)
    sheet.text("Case No. 2:24-cv-99017", size=12, align="right", after=18)
    sheet.text("PLAINTIFF'S MEMORANDUM IN OPPOSITION TO THE MOTION TO DISMISS", "Times-Bold", 16, align="center", after=14)
    for title, body in FILING:
        sheet.heading(title, 15, "center" if title.isupper() else "left")
        for paragraph in filter(None, body.split("\n\n")):
            sheet.text(paragraph.replace("\n", " "), size=12, leading=1.5)
    sheet.text("Dated: July~12,~2024", size=12)
    sheet.text("Respectfully submitted,\nPriya Raman\nRaman Ellery LLP\npriya.raman@example.com\n(207) 555-0164", size=12,
               indent=230)
    return sheet.finish()


NEWSLETTER = [
    ("The light comes back", """\
On 5 October 2024, at dusk, Eleanor Whitcombe will turn a switch and the light of Harrow Point will sweep the bay again.
It was put out in 1961. The lens behind it, a light¬house lens of the third order, built in 1867, has spent seven months in a work¬shop in
Berlin and six weeks on the road and at sea.

"I did not sleep until the last crate was open," says Daniel Okafor, our regis¬trar. Of the twenty-four panels,
twenty-four arrived whole."""),
    ("What was done", """\
Linsenwerkstatt Morgenroth GmbH took the lens apart, cleaned 1,128 prisms and made good seven cracked panels. The price was
EUR~184,500.00. Panel 7 was the hardest: a chip of 4 mm, older than any¬one remem¬bers, took three weeks.

The work is described by Claire Ostry in a paper, doi:10.5555/12345678, and in her book "Lenses of the North"
(ISBN~978-3-16-148410-0), which our shop sells for $39.50."""),
    ("A theft, and a handshake", """\
Members have read in the papers that a thief took EUR~61,500.00 from us on 22~January~2024 by pre¬tending to be our
partner's book¬keeper. We went to court over it. On 30~September~2024 both sides agreed to share the loss:
EUR~30,750.00 each. We will drink to that on the gallery."""),
    ("How you helped", """\
2,314 of you gave. The cam¬paign reached its goal of $1.5~million in June 2024. The books for Q3~2024 are open to every
member; ask Daniel at daniel.okafor@example.org."""),
    ("Come and see", """\
The relighting begins at 17:30. Places on the gal¬lery are few: please book by 27~September~2024 at
https://example.org/harrow-point/relighting or on (207)~555-0142.

From spring 2025 the tower is open on Sundays."""),
]


def newsletter() -> bytes:
    sheet = Sheet("The Keeper, autumn 2024", margin=54)
    sheet.text("The Keeper", "Times-Bold", 34, align="center", after=8, leading=1.1)
    sheet.text("Newsletter of the Harrow Point Museum of Navigation, No. 61, 1 October 2024", size=10, align="center", after=2)
    sheet.rule()
    top = sheet.y - 6
    gutter = 24
    column = (sheet.right - sheet.left - gutter) / 2
    sheet.right = sheet.left + column
    sheet.y = top
    for index, (title, body) in enumerate(NEWSLETTER):
        if index == 2:
            sheet.left += column + gutter
            sheet.right += column + gutter
            sheet.y = top
        sheet.heading(title, 15)
        for paragraph in body.split("\n\n"):
            sheet.text(paragraph.replace("\n", " "), size=12.5, leading=1.35)
    return sheet.finish()


ZEITUNG = [
    """\
HARROW POINT/BERLIN. Seit Sonnabend, dem 5.~Oktober~2024, leuchtet es wieder über der Bucht von Harrow Point im
US-Bundesstaat Maine. Die Linse des Leucht¬turms, gebaut im Jahr 1867, wurde in der Linsen¬werkstatt Morgenroth in
Berlin instand gesetzt.""",
    """\
Jörg Morgenroth, 58, erinnert sich an die ersten Risse: »Sieben Scheiben waren ge¬sprungen, die Nummer sieben
doppelt.« Am 2.~Oktober~2023 kamen die Kisten an, am 30.~April~2024 gingen sie versiegelt nach Le~Havre.
Wert des Auf¬trags: 184.500,00~€.""",
    """\
Beinahe wäre die Freude an einem Betrug zerbrochen. Am 22.~Januar~2024 überwies das Museum 61.500,00~€ auf ein
Konto, das ein Unbekannter in einer ge¬fälschten Nach¬richt genannt hatte. Die Polizei er¬mittelt wegen Be¬trugs
(§~263~Abs.~1~StGB), bisher ohne Ergebnis. »Geld reist auf Gefahr des Schuldners«, sagt Rechtsanwalt Matthias
Grünwald und verweist auf §~270~Abs.~1~BGB. Am Ende stand doch ein Vergleich: Jede Seite trägt 30.750,00~€.""",
    """\
Wer die Werkstatt besuchen will, meldet sich an: Tel.~030~23125~014 oder joerg.morgenroth@example.net. Die
nächste Führung ist am 9.11.2024, der Eintritt kostet 12,50~EUR.""",
]


def zeitung() -> bytes:
    pdfmetrics.registerFont(TTFont("Vera", str(FONTS / "Vera.ttf")))
    pdfmetrics.registerFont(TTFont("Vera-Bold", str(FONTS / "VeraBd.ttf")))
    sheet = Sheet("Hafenblatt, 7. Oktober 2024", size=A4, body="Vera", bold="Vera-Bold",
                  footer=lambda _: "Hafenblatt, Nr. 231, https://example.net/hafenblatt")
    sheet.text("Hafenblatt, Montag, 7. Oktober 2024, Lokales", size=9, after=14)
    sheet.heading("Berliner Glas für ein amerikanisches Licht", 17)
    for paragraph in ZEITUNG:
        sheet.text(paragraph.replace("\n", " "), size=10.5, leading=1.5, after=10)
    return sheet.finish()


PANELS = [
    ("1", "north-east", "sound", "3 October 2023", "EUR 310.00"),
    ("3", "east", "crack of 61 mm", "3 October 2023", "EUR 4,120.00"),
    ("7", "south-east", "crack of 88 mm, chip of 4 mm", "4 October 2023", "EUR 9,880.00"),
    ("8", "south-east", "crack of 12 mm", "4 October 2023", "EUR 2,240.00"),
    ("12", "south", "crack of 47 mm", "5 October 2023", "EUR 3,675.00"),
    ("15", "south-west", "crack of 33 mm", "5 October 2023", "EUR 3,015.00"),
    ("19", "west", "crack of 70 mm", "6 October 2023", "EUR 4,480.00"),
    ("22", "north-west", "crack of 9 mm", "6 October 2023", "EUR 1,960.00"),
]


def panels() -> bytes:
    """A landscape table, stored as a portrait page that is turned a quarter for display."""
    sheet = Sheet("Exhibit B: panel condition report", size=A4, body="Helvetica", bold="Helvetica-Bold")
    canvas = sheet.canvas
    canvas.setPageRotation(90)
    # reportlab takes the size of a turned page as it is displayed.
    canvas.setPageSize((sheet.height, sheet.width))
    # The turned page's left lower corner is the unturned one's right lower corner.
    canvas.translate(sheet.width, 0)
    canvas.rotate(90)
    sheet.width, sheet.height = sheet.height, sheet.width
    sheet.right = sheet.width - sheet.margin
    sheet.y = sheet.height - sheet.margin
    columns = [0, 60, 170, 390, -690]
    sheet.text("EXHIBIT B", "Helvetica-Bold", 11, align="right", after=0)
    sheet.heading("Panel condition report, Contract No. HP-2023-014", 16)
    sheet.text("Linsenwerkstatt Morgenroth GmbH, Berlin, 9 October 2023", size=10, after=10)
    sheet.row(["Panel", "Position", "Condition", "Examined", "Estimate"], columns, "Helvetica-Bold", 11)
    sheet.rule()
    for panel in PANELS:
        sheet.row(list(panel), columns, size=11)
        sheet.rule()
    sheet.row(["", "", "", "Total of the eight panels", "EUR 29,680.00"], columns, "Helvetica-Bold", 11)
    sheet.y -= 24
    sheet.text("The other sixteen panels are sound and are not listed. Examined by Jörg Morgenroth.", size=10)
    sheet.text("HPM-000214", size=9, align="right")
    return sheet.finish()


# ---------------------------------------------------------------------------------------------- pictures

POLICE = """\
Der Polizeipräsident in Berlin
Bestätigung einer Strafanzeige

Eingang:      14. Februar 2024, 16:20 Uhr
Vorgang:      240214-1620-990017
Anzeigender:  Jörg Morgenroth, Sophienufer 14, 10115 Berlin
Verdacht:     Betrug (§ 263 Abs. 1 StGB)
Schaden:      61.500,00 EUR

Die Zahlung ging am 22. Januar 2024 auf das Konto
IBAN LT12 1000 0111 0100 1000.

Diese Bestätigung ist ohne Unterschrift gültig."""

DELIVERY = """\
DELIVERY NOTE

To:      Harrow Point Museum of Navigation
From:    Linsenwerkstatt Morgenroth GmbH
Ship:    Corrie Light, IMO 1234567

Seven crates, sealed in Berlin on 30 April 2024.
Seals unbroken on arrival, 14 June 2024.

Received:  Daniel Okafor"""


def picture_of(text: str, width: int, height: int, size: int, turn: float) -> Image.Image:
    """A typed sheet as a flatbed scanner sees it: grey, and a little askew."""
    image = Image.new("L", (width, height), 247)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(FONTS / "Vera.ttf"), size, layout_engine=ImageFont.Layout.BASIC)
    y = height // 10
    for line in text.split("\n"):
        # The columns of the form stand below each other in the proportional font.
        label, gap, value = line.partition("  ")
        draw.text((width // 10, y), label, font=font, fill=30)
        draw.text((width // 10 + width // 5, y), value.strip() if gap else "", font=font, fill=30)
        y += size * 2
    draw.ellipse((width * 6 // 10, height * 6 // 10, width * 8 // 10, height * 6 // 10 + width // 5), outline=110, width=4)
    return image.rotate(turn, resample=Image.Resampling.BICUBIC, fillcolor=247)


def police() -> bytes:
    """A cover sheet with text, and behind it a page that is a picture only."""
    sheet = Sheet("Exhibit C", size=A4, footer=lambda page: "HPM-000230" if page == 1 else "")
    sheet.y -= 150
    sheet.text("EXHIBIT C", "Times-Bold", 28, align="center", after=20)
    sheet.text("Receipt of the Berlin police for the report of 14~February~2024", size=14, align="center")
    sheet.text("Harrow Point Museum of Navigation v. Linsenwerkstatt Morgenroth GmbH\nNo. 2:24-cv-99017 (D. Me.)", size=12,
               align="center")
    sheet.break_page()
    jpeg = io.BytesIO()
    picture_of(POLICE, 992, 1403, 20, 0.6).save(jpeg, "JPEG", quality=45)
    sheet.canvas.drawImage(ImageReader(jpeg), 0, 0, sheet.width, sheet.height)
    return sheet.finish()


def delivery_note() -> bytes:
    """One page, black on white as a fax machine sends it (CCITT group 4), without any text."""
    image = picture_of(DELIVERY, 1240, 1754, 30, -0.4).convert("1", dither=Image.Dither.NONE)
    tiff = io.BytesIO()
    # One strip for the whole page, so that it can stand in the PDF as it is.
    image.save(tiff, "TIFF", compression="group4", tiffinfo={278: image.height})
    saved = Image.open(io.BytesIO(tiff.getvalue()))
    offset, length = saved.tag_v2[273][0], saved.tag_v2[279][0]
    black_is_one = "true" if saved.tag_v2[262] == 1 else "false"
    fax = tiff.getvalue()[offset:offset + length]
    content = b"q 595 0 0 842 0 0 cm /Scan Do Q"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /XObject << /Scan 5 0 R >> >> >>"),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        (f"<< /Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceGray "
         f"/BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {image.width} "
         f"/Rows {image.height} /BlackIs1 {black_is_one} >> /Length {len(fax)} >>\nstream\n").encode()
        + fax + b"\nendstream",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def panel_picture() -> bytes:
    """A panel of the lens: rings of prisms around a bull's eye, and the crack."""
    image = Image.new("RGB", (480, 480), (18, 26, 38))
    draw = ImageDraw.Draw(image)
    for step in range(14):
        inset = 20 + step * 15
        shade = 90 + step * 11
        draw.ellipse((inset, inset, 480 - inset, 480 - inset), outline=(shade // 2, shade, shade), width=5)
    draw.line((120, 330, 190, 280, 230, 300, 330, 190), fill=(235, 240, 240), width=2)
    out = io.BytesIO()
    image.quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()


# ---------------------------------------------------------------------------------------------- DOCX

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PART = "application/vnd.openxmlformats-officedocument.wordprocessingml."
# What was written by hand in a document has this moment on it.
STAMP = "2023-11-20T10:00:00Z"

STYLES = f"""<w:styles {W}>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>
<w:pPr><w:spacing w:after="140"/></w:pPr><w:rPr><w:rFonts w:ascii="Georgia" w:hAnsi="Georgia"/><w:sz w:val="22"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>
<w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/>
<w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style>
</w:styles>"""

NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>
<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/><w:pPr><w:ind w:left="567" w:hanging="567"/></w:pPr></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>"""


def run(text: str, tag="t") -> str:
    return f'<w:r><w:{tag} xml:space="preserve">{escape(text)}</w:{tag}></w:r>'


def paragraph(*runs: str, style="", numbered=False) -> str:
    """Runs are texts, or XML when they begin with `<w:`."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if numbered:
        properties += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    inner = "".join(r if r.startswith("<w:") else run(r) for r in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def table(rows: list[list[str]]) -> str:
    border = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="808080"/>'
                     for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    grid = "".join('<w:gridCol w:w="3000"/>' for _ in rows[0])
    body = "".join("<w:tr>" + "".join(f'<w:tc><w:tcPr><w:tcW w:w="3000" w:type="dxa"/></w:tcPr>{paragraph(cell)}</w:tc>'
                                      for cell in row) + "</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr><w:tblBorders>{border}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"


def docx(title: str, body: str, extra: dict[str, str]) -> bytes:
    """A DOCX of the body and the extra parts (`header1`, `footer1`, `footnotes`, `comments`)."""
    kinds = {name: name.rstrip("0123456789") for name in extra}
    relations = [("styles", "styles", "styles.xml"), ("numbering", "numbering", "numbering.xml")]
    relations += [(name, kind, f"{name}.xml") for name, kind in kinds.items()]
    section = "".join(f'<w:{kind}Reference w:type="default" r:id="{name}"/>'
                      for name, kind in kinds.items() if kind in ("header", "footer"))
    types = [("/word/document.xml", PART + "document.main+xml"), ("/word/styles.xml", PART + "styles+xml"),
             ("/word/numbering.xml", PART + "numbering+xml"),
             ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml")]
    types += [(f"/word/{name}.xml", f"{PART}{kind}+xml") for name, kind in kinds.items()]
    parts = {
        "[Content_Types].xml":
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            + "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in types) + "</Types>",
        "_rels/.rels":
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
            '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
            'core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml":
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
        "word/_rels/document.xml.rels":
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            + "".join(f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
                      for name, kind, target in relations) + "</Relationships>",
        "word/styles.xml": STYLES,
        "word/numbering.xml": NUMBERING,
        "word/document.xml": f'<w:document {W} {R}><w:body>{body}<w:sectPr>{section}<w:pgSz w:w="11906" w:h="16838"/>'
                             '<w:pgMar w:top="1701" w:right="1417" w:bottom="1417" w:left="1417" w:header="708" '
                             'w:footer="708" w:gutter="0"/></w:sectPr></w:body></w:document>',
    }
    parts |= {f"word/{name}.xml": xml for name, xml in extra.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, xml in parts.items():
            # The least date that a ZIP can hold, and Unix as the system, so that the bytes do not depend on the day or place.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + xml)
    return out.getvalue()


def amendment() -> bytes:
    body = "".join([
        paragraph("Harrow Point Museum of Navigation"),
        paragraph("Eleanor Whitcombe, 1 Lighthouse Road, Harrow Point, Maine"),
        paragraph("Berlin, 20 November 2023"),
        paragraph("Amendment No. 1 to Contract No. HP-2023-014", style="Heading1"),
        paragraph("Dear Eleanor,"),
        paragraph("as we agreed on the telephone on 17 November 2023, the instalments stay as they are and the day of the "
                  "third is tied to the delivery. The agreement of 14 September 2023 is amended as follows."),
        paragraph("1. Instalments", style="Heading2"),
        table([
            ["Instalment", "Due", "Amount"],
            ["First (paid)", "1 October 2023", "EUR 61,500.00"],
            ["Second", "15 January 2024", "EUR 61,500.00"],
            ["Third", "on delivery, at the latest 30 June 2024", "EUR 61,500.00"],
            ["Total", "", "EUR 184,500.00"],
        ]),
        paragraph("2. Late payment", style="Heading2"),
        paragraph("No reminder is needed",
                  '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>',
                  ". The lump sum for a late payment is ",
                  f'<w:del w:id="10" w:author="Annika Vogt" w:date="{STAMP}">{run("EUR 400.00", "delText")}</w:del>',
                  f'<w:ins w:id="11" w:author="Annika Vogt" w:date="{STAMP}">{run("EUR 40.00")}</w:ins>',
                  "."),
        paragraph("3. Account", style="Heading2"),
        paragraph('<w:commentRangeStart w:id="0"/>', "Our account is unchanged: IBAN DE89 3704 0044 0532 013000.",
                  '<w:commentRangeEnd w:id="0"/>', '<w:r><w:commentReference w:id="0"/></w:r>',
                  " We never announce a new one by e-mail."),
        paragraph("Yours sincerely"),
        paragraph("Jörg Morgenroth"),
    ])
    separators = "".join(f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>'
                         for number, (kind, mark) in enumerate([("separator", "separator"),
                                                                ("continuationSeparator", "continuationSeparator")]))
    return docx("Amendment No. 1", body, {
        "header1": f"<w:hdr {W}>{paragraph('Linsenwerkstatt Morgenroth GmbH, Sophienufer 14, 10115 Berlin')}</w:hdr>",
        "footer1": f"<w:ftr {W}>"
                   + paragraph("Tel. +49 30 23125 014, joerg.morgenroth@example.net, VAT ID DE999999147") + "</w:ftr>",
        "footnotes": f'<w:footnotes {W}>{separators}<w:footnote w:id="2">'
                     + paragraph("§ 286 Abs. 2 Nr. 1 BGB; the lump sum is that of § 288 Abs. 5 BGB.")
                     + "</w:footnote></w:footnotes>",
        "comments": f'<w:comments {W}><w:comment w:id="0" w:author="Daniel Okafor" w:date="{STAMP}" w:initials="DO">'
                    + paragraph("Confirmed with the bank on 21 November 2023. If it ever changes: call +49 30 23125 014 first.")
                    + "</w:comment></w:comments>",
    })


def declaration() -> bytes:
    statements = [
        ("I keep the accounts of Linsenwerkstatt Morgenroth GmbH in Berlin. My e-mail address is annika.vogt@example.net; "
        "I have no other, and my telephone number is +49 30 23125 017."),
        ("On 8 January 2024 I sent Invoice No. 2024-0117 for EUR 61,500.00 to Daniel Okafor, with copies to Eleanor Whitcombe "
        "and Jörg Morgenroth. The invoice names the account with the IBAN DE89 3704 0044 0532 013000."),
        ("I did not write the message of 15 January 2024 that came from annika.vogt@example.com. That address is not ours. "
        "I saw the message for the first time on 14 February 2024."),
        "The account LT12 1000 0111 0100 1000 is unknown to me. No payment of January 22, 2024 has reached us.",
        ("On 19 January 2024 our mail service told us that somebody had read my mailbox since 4 January 2024. I changed my "
        "password on the same day and told nobody. I regret that."),
    ]
    body = "".join([
        paragraph("Declaration of Annika Vogt", style="Heading1"),
        paragraph("Harrow Point Museum of Navigation v. Linsenwerkstatt Morgenroth GmbH, No. 2:24-cv-99017 (D. Me.)"),
        paragraph("I, Annika Vogt, declare:"),
        *(paragraph(statement, numbered=True) for statement in statements),
        paragraph("I declare under penalty of perjury under the laws of the United States of America that the foregoing is "
                  "true and correct (28 U.S.C. § 1746)."),
        paragraph("Executed on 9 August 2024 in Berlin."),
        paragraph("Annika Vogt"),
    ])
    return docx("Declaration of Annika Vogt", body, {"footer1": f"<w:ftr {W}>{paragraph('HPM-000312')}</w:ftr>"})


# ---------------------------------------------------------------------------------------------- old encodings

AKTENVERMERK = """\
Aktenvermerk

Kanzlei Grünwald, Berlin, 16. Februar 2024
Mandantin: Linsenwerkstatt Morgenroth GmbH
Bearbeiter: RA Matthias Grünwald, Tel. 030 23125 140, matthias.gruenwald@example.com

1. Sachverhalt

Die Mandantin restauriert für ein Museum in Maine eine Leuchtturmlinse (Vertrag Nr. HP-2023-014 vom
14. September 2023, Preis 184.500,00 €). Die zweite Rate über 61.500,00 € war am 15.01.2024 fällig
(Rechnung Nr. 2024-0117). Bis heute ist kein Geld auf dem Konto DE89 3704 0044 0532 013000 eingegangen.
Am 14. Februar 2024 stellte sich heraus, dass das Museum am 22. Januar 2024 auf das Konto
LT12 1000 0111 0100 1000 gezahlt hat, das ihm ein Unbekannter genannt hatte. Strafanzeige ist erstattet.

2. Rechtslage

Geldschulden sind im Zweifel Schickschulden; die Gefahr trägt der Schuldner (§ 270 Abs. 1 BGB). Erfüllung
nach § 362 Abs. 1 BGB ist nicht eingetreten. Verzug besteht ohne Mahnung (§ 286 Abs. 2 Nr. 1 BGB). Zinsen:
neun Prozentpunkte über dem Basiszinssatz (§ 288 Abs. 2 BGB), vom 16. Januar bis zum 12. Februar 2024
also 593,76 €. Zur Zurechnung fremder Schäden vgl. BGHZ 40, 91.

Risiko: Das Postfach von Frau Vogt war seit dem 4. Januar 2024 ausgespäht. Daraus kann das Museum einen
Anspruch aus § 280 Abs. 1 BGB herleiten. Meldung nach Art. 33 Abs. 1 DSGVO prüfen!

3. Nächste Schritte

– Wiedervorlage am 1. März 2024
– Vergleichsrahmen: höchstens die Hälfte, also 30.750,00 €
"""

DEPOSITION = """\
UNITED STATES DISTRICT COURT
DISTRICT OF MAINE

Harrow Point Museum of Navigation v. Linsenwerkstatt Morgenroth GmbH
Case No. 2:24-cv-99017

DEPOSITION OF DANIEL OKAFOR
June 28, 2024, 10:05 a.m.

Examination by Mr. Grünwald

Q. Please state your name and your work.
A. Daniel Okafor. I am the registrar of the museum.

Q. What is your e-mail address?
A. daniel.okafor@example.org.

Q. Did you receive an invoice on January 8, 2024?
A. Yes. Invoice No. 2024-0117, for sixty-one thousand five hundred euros. It said EUR 61,500.00.

Q. Which account did it name?
A. The Berlin one, DE89 3704 0044 0532 013000.

Q. And where did you send the money on January 22, 2024?
A. To LT12 1000 0111 0100 1000. A message of January 15, 2024 had told me to.

Q. From which address did that message come?
A. annika.vogt@example.com. Hers ends in .net. I did not see it.

Q. Section 3 of the contract asks for a call. Did you call?
A. Once, on January 16, 2024, +49 30 23125 014. Nobody answered. It was half past three in the afternoon there.

Q. Did you call again?
A. No.

MS. RAMAN: Objection, asked and answered. Fed. R. Civ. P. 30(c)(2).

Q. How much left your account?
A. $67,035.00.

(The deposition ended at 11:40 a.m.)

I, the undersigned, certify that the foregoing is a correct transcript.
Portland, July 3, 2024
"""


def with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


# ---------------------------------------------------------------------------------------------- mail


def in_base64(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii")


def invoice_mail(pdf: bytes) -> bytes:
    schedule = ("Instalment,Invoice,Due,Amount\n"
                '1,2023-0894,2023-10-01,"EUR 61,500.00"\n'
                '2,2024-0117,2024-01-15,"EUR 61,500.00"\n'
                '3,,2024-06-30,"EUR 61,500.00"\n')
    return with_crlf(f"""\
From: "Vogt, Annika" <annika.vogt@example.net>
To: Daniel Okafor <daniel.okafor@example.org>
Cc: Eleanor Whitcombe <eleanor.whitcombe@example.org>,
 =?iso-8859-1?Q?J=F6rg_Morgenroth?= <joerg.morgenroth@example.net>
Date: Mon, 8 Jan 2024 11:20:05 +0100
Subject: Invoice No. 2024-0117: second instalment
Message-ID: <20240108112005.2b6d@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="morgenroth-mixed"

--morgenroth-mixed
Content-Type: text/plain; charset=us-ascii

Dear Daniel,

please find enclosed Invoice No. 2024-0117 of 8 January 2024 for the second
instalment of EUR 61,500.00 under Contract No. HP-2023-014, and the schedule of
payments. It is due on 15 January 2024.

Our account is the known one: IBAN DE89 3704 0044 0532 013000, BIC MRGNDEBBXXX.

Kind regards
Annika Vogt
Linsenwerkstatt Morgenroth GmbH, Tel. +49 30 23125 017

--morgenroth-mixed
Content-Type: application/pdf; name="invoice-2024-0117.pdf"
Content-Disposition: attachment; filename="invoice-2024-0117.pdf"
Content-Transfer-Encoding: base64

{in_base64(pdf)}
--morgenroth-mixed
Content-Type: text/csv; charset=utf-8; name="payment-schedule.csv"
Content-Disposition: attachment; filename="payment-schedule.csv"
Content-Transfer-Encoding: base64

{in_base64(schedule.encode())}
--morgenroth-mixed--
""").encode("ascii")


def german_mail() -> bytes:
    body = """\
Liebe Eleanor,

die zweite Rate über 61.500,00 € (Rechnung Nr. 2024-0117 vom 8. Januar 2024, fällig am 15. Januar 2024) ist bei
uns noch nicht eingegangen. Unser Konto ist unverändert: IBAN DE89 3704 0044 0532 013000.

Bitte überweisen Sie den Betrag bis zum 26. Februar 2024; sonst müssten wir nach § 288 Abs. 2 BGB Zinsen
berechnen. Sie erreichen mich unter Tel. 030 23125 014.

Die Scheibe 7 ist übrigens fertig. Sie ist wunderschön geworden.

Herzliche Grüße
Jörg Morgenroth
""".encode("windows-1252")
    head = "\n".join([
        f'From: {Header("Jörg Morgenroth", "utf-8").encode()} <joerg.morgenroth@example.net>',
        "To: Eleanor Whitcombe <eleanor.whitcombe@example.org>",
        'Cc: "Vogt, Annika" <annika.vogt@example.net>',
        "Date: Mon, 12 Feb 2024 10:15:30 +0100",
        f'Subject: {Header("Zahlung der zweiten Rate – Vertrag Nr. HP-2023-014", "utf-8", header_name="Subject").encode()}',
        "Message-ID: <20240212101530.0a77@example.net>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=windows-1252",
        "Content-Transfer-Encoding: quoted-printable",
    ])
    return head.encode("ascii") + b"\n\n" + quopri.encodestring(body)


def forwarded_mail(enclosed: bytes) -> bytes:
    return b"""\
From: Daniel Okafor <daniel.okafor@example.org>
To: Priya Raman <priya.raman@example.com>
Cc: Eleanor Whitcombe <eleanor.whitcombe@example.org>
Date: Wed, 14 Feb 2024 11:02:48 -0500
Subject: Fwd: Re: Invoice No. 2024-0117: second instalment
Message-ID: <20240214110248.5d3a@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="harrow-point-forward"

--harrow-point-forward
Content-Type: text/plain; charset=us-ascii

Dear Priya,

we have been deceived. The message that I enclose did not come from Annika Vogt.
She writes from annika.vogt@example.net; this one came from annika.vogt@example.com,
and I paid EUR 61,500.00 on 22 January 2024 to the account that it names.

Joerg is reporting it to the Berlin police today, 14 February 2024. What can we do?
I am at (207) 555-0143 all day.

Daniel

--harrow-point-forward
Content-Type: message/rfc822
Content-Disposition: attachment; filename="new-bank-details.eml"
Content-Transfer-Encoding: 8bit

""" + enclosed + b"""
--harrow-point-forward--
"""


def settlement_mail() -> bytes:
    body = """\
Dear Mr Grünwald,

subject to Fed. R. Evid. 408, this confirms what our clients agreed this morning, 30 September 2024:

1. My client pays a further €30,750.00, one half of the instalment, by 4 October 2024 to
   IBAN DE89 3704 0044 0532 013000. Your client bears the other half.
2. No interest is owed under § 288 Abs. 2 BGB.
3. Both sides file a stipulation of dismissal in No. 2:24-cv-99017 under
   Fed. R. Civ. P. 41(a)(1)(A)(ii) by 11 October 2024.
4. If the thief is found, what comes back is shared equally.

The account was confirmed by telephone today, from +49 30 23125 014 to (207) 555-0142.

Yours sincerely
Priya Raman
Raman Ellery LLP, (207) 555-0164
"""
    return (f"""\
From: Priya Raman <priya.raman@example.com>
To: {Header("Matthias Grünwald", "utf-8").encode()} <matthias.gruenwald@example.com>
Cc: Eleanor Whitcombe <eleanor.whitcombe@example.org>,
 {Header("Jörg Morgenroth", "utf-8").encode()} <joerg.morgenroth@example.net>
Date: Mon, 30 Sep 2024 14:31:16 -0400
Subject: Settlement, No. 2:24-cv-99017
Message-ID: <20240930143116.9e02@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

""" + in_base64(body.encode())).encode("ascii")


def main() -> None:
    pdf = invoice()
    write("finance/invoice-2024-0117.pdf", pdf)
    write("finance/aktenvermerk.txt", with_crlf(AKTENVERMERK).encode("windows-1252"))
    write("contract/restoration-agreement.pdf", contract())
    write("contract/amendment-1.docx", amendment())
    write("court/memorandum-in-opposition.pdf", filing())
    write("court/okafor-deposition.txt", b"\xff\xfe" + with_crlf(DEPOSITION).encode("utf-16-le"))
    write("court/vogt-declaration.docx", declaration())
    write("court/exhibit-c.pdf", police())
    write("survey/exhibit-b-panels.pdf", panels())
    write("survey/delivery-note.pdf", delivery_note())
    write("survey/panel-7.png", panel_picture())
    write("press/the-keeper-autumn-2024.pdf", newsletter())
    write("press/hafenblatt-2024-10-07.pdf", zeitung())
    write("mail/2024-01-08-invoice.eml", invoice_mail(pdf))
    write("mail/2024-02-12-zahlung.eml", german_mail())
    write("mail/2024-02-14-fwd-new-bank-details.eml",
          forwarded_mail((SAMPLES / "mail/2024-01-15-new-bank-details.eml").read_bytes()))
    write("mail/2024-09-30-settlement.eml", settlement_mail())


if __name__ == "__main__":
    main()
