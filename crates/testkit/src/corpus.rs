//! Made-up documents of every format that is read: the same ones for the same seed, no two alike.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::pdf::{PdfPage, pdf};

/// The formats, by the extension that people give them.
pub const FORMATS: [&str; 7] = ["txt", "md", "eml", "html", "csv", "docx", "pdf"];

/// A sequence of numbers that looks random and is not (xorshift64*).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Never zero, which the sequence would not leave.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`, which is at least 1.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    /// Puts a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.roll(end as u64 + 1) as usize);
        }
    }
}

const PEOPLE: [(&str, &str); 6] = [
    ("Anna Schmidt", "anna@example.org"),
    ("Ben Carter", "ben.carter@example.com"),
    ("Cleo Diaz", "cleo@example.net"),
    ("Dora Lind", "dora@example.org"),
    ("Emil Novak", "emil@example.com"),
    ("Fay O'Neil", "fay@example.net"),
];
const MONTHS: [&str; 6] = ["January", "March", "May", "July", "October", "December"];
const LAWS: [&str; 4] = ["42 U.S.C. § 1983", "17 C.F.R. § 240.10b-5", "§ 433 Abs. 1 BGB", "Fed. R. Civ. P. 12(b)(6)"];
const CASES: [&str; 3] = ["Brown v. Board, 347 U.S. 483 (1954)", "No. 1:19-cv-01234", "[2019] EWHC 123 (Ch)"];
const WORDS: [&str; 16] = [
    "the", "tenant", "agreed", "delivery", "of", "goods", "before", "which", "notice", "remains", "due", "and",
    "payable", "under", "this", "schedule",
];

/// A sentence, one in three with something to find in it.
pub fn sentence(dice: &mut Dice) -> String {
    let mut out = String::from("In");
    for _ in 0..6 + dice.roll(8) {
        out.push(' ');
        out.push_str(dice.pick(&WORDS));
    }
    let (year, day, sum) = (2000 + dice.roll(25), 1 + dice.roll(28), 100 + dice.roll(90_000));
    match dice.roll(12) {
        0 => _ = write!(out, " on {day} {} {year}", dice.pick(&MONTHS)),
        1 => _ = write!(out, " for EUR {sum}.50"),
        2 => _ = write!(out, " under {}", dice.pick(&LAWS)),
        3 => _ = write!(out, " (see {})", dice.pick(&CASES)),
        4 => _ = write!(out, " by {}", dice.pick(&PEOPLE).1),
        5 => _ = write!(out, " paid ${sum}"),
        _ => {}
    }
    out.push('.');
    out
}

fn paragraph(dice: &mut Dice) -> String {
    (0..3 + dice.roll(4)).map(|_| sentence(dice)).collect::<Vec<_>>().join(" ")
}

/// A document of about `size` bytes of text; a PDF has `pages` pages with that many bytes on each, as far as they fit.
///
/// # Panics
///
/// When `format` is none of [`FORMATS`].
pub fn document(format: &str, seed: u64, size: usize, pages: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut paragraphs = vec![format!("Document number {seed} of {}.", dice.pick(&PEOPLE).0)];
    let mut bytes = 0;
    while bytes < size {
        paragraphs.push(paragraph(&mut dice));
        bytes += paragraphs.last().map_or(0, String::len);
    }
    match format {
        "md" => format!("# Report {seed}\n\n{}\n\n* one **point**\n* another\n", paragraphs.join("\n\n")).into_bytes(),
        "eml" => mail(&mut dice, seed, &paragraphs),
        "html" => format!(
            "<!DOCTYPE html><html><head><title>Page {seed}</title></head><body><p>{}</p></body></html>",
            paragraphs.join("</p><p>")
        )
        .into_bytes(),
        "csv" => table(&mut dice, seed, size),
        "docx" => docx(&paragraphs),
        "pdf" => {
            let mut all = vec![pdf_page(&paragraphs)];
            for number in 1..pages {
                let mut own = vec![format!("Page {} of document {seed}.", number + 1)];
                while own.iter().map(String::len).sum::<usize>() < size {
                    own.push(paragraph(&mut dice));
                }
                all.push(pdf_page(&own));
            }
            pdf(&all)
        }
        "txt" => paragraphs.join("\n\n").into_bytes(),
        _ => panic!("no format is called {format}"),
    }
}

fn mail(dice: &mut Dice, seed: u64, paragraphs: &[String]) -> Vec<u8> {
    let (from, to) = (dice.pick(&PEOPLE), dice.pick(&PEOPLE));
    let note = sentence(dice);
    format!(
        "From: {} <{}>\r\nTo: {} <{}>\r\nDate: Tue, {} Mar 2024 10:00:00 +0000\r\nSubject: Matter {seed}\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"part\"\r\n\r\n--part\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n--part\r\n\
         Content-Type: text/plain\r\nContent-Disposition: attachment; filename=\"note.txt\"\r\n\r\nNote {seed}. {note}\r\n--part--\r\n",
        from.0,
        from.1,
        to.0,
        to.1,
        1 + dice.roll(28),
        paragraphs.join("\r\n\r\n")
    )
    .into_bytes()
}

fn table(dice: &mut Dice, seed: u64, size: usize) -> Vec<u8> {
    let mut out = String::from("date,payee,amount,reference\n");
    let mut row = 0;
    while out.len() < size.max(200) {
        let (day, cents) = (1 + dice.roll(28), dice.roll(100));
        let person = dice.pick(&PEOPLE).1;
        _ = writeln!(
            out,
            "2024-03-{day:02},{person},\"EUR {}.{cents:02}\",INV-{seed:05}-{row:03}",
            10 + dice.roll(9000)
        );
        row += 1;
    }
    out.into_bytes()
}

/// Lines of 80 characters on A4.
fn pdf_page(paragraphs: &[String]) -> PdfPage {
    let mut page = PdfPage::new(595, 842);
    let mut y = 790;
    for paragraph in paragraphs {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if line.len() + word.len() > 80 {
                page = page.text(50, y, 10, &line);
                y -= 13;
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        page = page.text(50, y, 10, &line);
        y -= 26;
        if y < 60 {
            break;
        }
    }
    page
}

fn docx(paragraphs: &[String]) -> Vec<u8> {
    let mut body = String::new();
    for paragraph in paragraphs {
        let text = paragraph.replace('&', "&amp;").replace('<', "&lt;");
        _ = write!(body, "<w:p><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>");
    }
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{body}</w:body></w:document>"
    );
    let types = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    let relations = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
    zip_of(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", relations.as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

/// A zip archive whose members are stored as they are.
pub fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("members are few and small");
        writer.write_all(bytes).expect("a vector takes what is written");
    }
    writer.finish().expect("a vector takes what is written").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_document_and_another_seed_another_one() {
        for format in FORMATS {
            assert_eq!(document(format, 7, 500, 2), document(format, 7, 500, 2), "{format}");
            assert_ne!(document(format, 7, 500, 2), document(format, 8, 500, 2), "{format}");
        }
    }
}
