#!/usr/bin/env python3
"""Makes a pile of documents to measure with: `bench/corpus.py FOLDER COUNT [--kinds txt,eml,...]`.

The same seed gives the same bytes on every machine, and the first documents of a large pile are those of a small
one. Documents are 2 to 20 KB as stored, PDFs aside, which have pages instead. Needs nothing but the standard library.
"""

import argparse
import html
import io
import os
import random
import zipfile
import zlib
from email import policy
from email.message import EmailMessage
from pathlib import Path

import prose

#: The formats of the case `overhead`; each is as frequent as the others.
FLOW = ("txt", "md", "eml", "html", "csv")
#: All formats that are read.
ALL = (*FLOW, "docx", "pdf")
LOW, HIGH = 2_000, 20_000
#: Long ago: a file as young as its reading is hashed again by the next run.
MTIME = 1_600_000_000


def txt(rng, length):
    tongue = prose.language(rng)
    text = "\r\n\r\n".join([prose.title(rng), *prose.paragraphs(rng, length - 40, tongue)])
    # Old machines did not write UTF-8.
    return text.encode("cp1252" if tongue != "en" and rng.random() < 0.5 else "utf-8")


def md(rng, length):
    out = [f"# {prose.title(rng)}"]
    for index, paragraph in enumerate(prose.paragraphs(rng, int(length * 0.95), prose.language(rng))):
        if index % 4 == 0:
            out.append(f"## {prose.title(rng)}")
        shape = rng.randrange(8)
        if shape == 0:
            out.append("\n".join(f"* {sentence}" for sentence in paragraph.split(". ")))
        elif shape == 1:
            rows = [f"| {prose.name(rng)} | {prose.amount(rng)} | {prose.date(rng)} |" for _ in range(4)]
            out.append("\n".join(["| Name | Sum | Date |", "|---|---|---|", *rows]))
        else:
            out.append(paragraph.replace("the file", "**the file**"))
    return ("\n\n".join(out) + "\n").encode()


def mail(rng, length):
    sender, to, copy = prose.name(rng), prose.name(rng), prose.name(rng)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"{sender} <{prose.address(sender)}>"
    message["To"] = f"{to} <{prose.address(to)}>"
    if rng.random() < 0.3:
        message["Cc"] = f"{copy} <{prose.address(copy)}>"
    day, hour, minute = rng.randint(1, 28), rng.randint(7, 19), rng.randint(0, 59)
    month, year = rng.choice("Jan Mar May Jul Aug Oct Dec".split()), rng.randint(2001, 2024)
    message["Date"] = f"{day} {month} {year} {hour:02}:{minute:02}:00 +0100"
    message["Subject"] = prose.title(rng)
    message["Message-ID"] = f"<{rng.getrandbits(64):016x}@example.org>"
    return message, [f"Dear {to.split()[0]},", *prose.paragraphs(rng, length, prose.language(rng)), f"Regards\n{sender}"]


def eml(rng, length):
    both = rng.random() < 0.4
    message, parts = mail(rng, (length - 500) // (2 if both else 1))
    message.set_content("\n\n".join(parts))
    if both:
        body = "".join(f"<p>{html.escape(part)}</p>\n" for part in parts)
        message.add_alternative(f"<html><body>{body}</body></html>", subtype="html")
        message.set_boundary(f"=={rng.getrandbits(64):016x}==")
    return message.as_bytes()


def html_page(rng, length):
    rows = "".join(
        f"<tr><td>{prose.name(rng)}</td><td>{html.escape(prose.amount(rng))}</td></tr>\n" for _ in range(rng.randint(0, 6))
    )
    head = (
        f"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>{prose.title(rng)}</title>\n"
        "<style>body { font: 11pt serif } td { padding: 2px }</style><script>var seen = [1, 2, 3];</script></head>\n"
        "<body><nav><a href='/'>Home</a> <a href='/files'>Files</a></nav>\n"
    )
    body = [f"<h1>{prose.title(rng)}</h1>"]
    for index, paragraph in enumerate(prose.paragraphs(rng, length - len(head) - len(rows) - 200, prose.language(rng))):
        if index % 5 == 4:
            body.append(f"<h2>{prose.title(rng)}</h2>")
        body.append(f"<p>{html.escape(paragraph).replace('the file', '<b>the file</b>')}</p>")
    return f"{head}{chr(10).join(body)}\n<table>{rows}</table></body></html>\n".encode()


def csv(rng, length):
    out = ["date,payer,payee,amount,remark"]
    size = 0
    while size < length:
        remark = prose.paragraphs(rng, 160)[0]
        who = f'{prose.name(rng)},"{rng.choice(prose.COMPANIES)}"'
        row = f'"{prose.date(rng)}",{who},"{prose.amount(rng)}","{remark}"'
        out.append(row)
        size += len(row) + 2
    return "\r\n".join(out).encode()


def docx(rng, length):
    def paragraph(text, style=None):
        properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{html.escape(text, quote=False)}</w:t></w:r></w:p>'

    # Text shrinks to about a third in the package.
    body = [paragraph(prose.title(rng), "Heading1")]
    body += [paragraph(text) for text in prose.paragraphs(rng, length * 2, prose.language(rng))]
    cells = lambda: "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in (prose.name(rng), prose.amount(rng)))
    body.append(f"<w:tbl>{''.join(f'<w:tr>{cells()}</w:tr>' for _ in range(4))}</w:tbl>")
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{kind}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/relationships/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles {word}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>'
        '<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>',
        "word/document.xml": f"<w:document {word}><w:body>{''.join(body)}</w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # Without a time of its own each member would carry that of the machine.
            archive.writestr(zipfile.ZipInfo(name), '<?xml version="1.0" encoding="UTF-8"?>\n' + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def pdf(rng, pages):
    """Pages as a word processor prints them: a running head, headings, 46 lines of justified text, a page number.

    Lines are set word by word in two of the standard fonts, with the kerning and the compression that real files have.
    """
    fonts = ("Times-Roman", "Helvetica-Bold")
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", None]
    objects += [f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>" for font in fonts]
    head = prose.title(rng)
    kids = []
    for number in range(1, pages + 1):
        stream = _page(rng, head, number)
        packed = zlib.compress(stream.encode("cp1252", "replace"))
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects) + 2} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects.append((f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode(), packed, b"\nendstream"))
    objects[1] = f"<< /Type /Pages /Count {pages} /Kids [{' '.join(kids)}] >>"
    out, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode()
        out += body.encode() if isinstance(body, str) else b"".join(body)
        out += b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start, size = len(out), len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


#: Characters of a line of 10 point Times between margins of 25 mm, and the lines of a page.
COLUMNS, LINES = 92, 46


def _page(rng, head, number):
    shown = lambda text: text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    out = [f"BT /F2 8 Tf 72 800 Td ({shown(head)}) Tj ET", f"BT /F1 8 Tf 290 40 Td ({number}) Tj ET", "BT", "12 TL 72 770 Td"]
    lines = 0
    while lines < LINES:
        out.append(f"/F2 11 Tf ({shown(prose.title(rng))}) Tj T* /F1 10 Tf T*")
        lines += 2
        for paragraph in prose.paragraphs(rng, rng.randint(600, 1800)):
            line, wrapped = "", []
            for word in paragraph.split():
                if len(line) + len(word) >= COLUMNS:
                    wrapped.append(line)
                    line = word
                else:
                    line = f"{line} {word}".lstrip()
            for line in [*wrapped, line][: max(0, LINES - lines)]:
                pieces = " ".join(f"({shown(word)} ) {rng.randint(-40, 20)}" for word in line.split())
                out.append(f"[{pieces}] TJ T*")
                lines += 1
            out.append("T*")
            lines += 1
    return "\n".join([*out, "ET"])


WRITERS = {"txt": txt, "md": md, "eml": eml, "html": html_page, "csv": csv, "docx": docx, "pdf": pdf}


def make(folder, count, kinds=FLOW, pages=None, seed="docmill"):
    """Writes `count` documents, a thousand in a folder, with `pages` pages to each PDF (1 to 5 when not given)."""
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        kind = kinds[index % len(kinds)]
        size = (pages or rng.randint(1, 5)) if kind == "pdf" else rng.randint(LOW, HIGH)
        path = Path(folder, f"{index // 1000:03}", f"{index:06}.{kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WRITERS[kind](rng, size))
        os.utime(path, (MTIME, MTIME))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--kinds", default=",".join(FLOW), help=f"of {','.join(ALL)}")
    parser.add_argument("--pages", type=int, help="pages of each PDF")
    parser.add_argument("--seed", default="docmill")
    options = parser.parse_args()
    kinds = tuple(options.kinds.split(","))
    if unknown := set(kinds) - set(ALL):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    make(options.folder, options.count, kinds, options.pages, options.seed)


if __name__ == "__main__":
    main()
