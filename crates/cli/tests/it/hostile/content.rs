//! Files whose bytes are not what they should be.

use std::io::{Cursor, Read as _, Write as _};

use docmill_model::Code;
use docmill_testkit::corpus::{FORMATS, document};
use docmill_testkit::pdf::{assemble, stream};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::pit::{Pit, SOUND};

/// Runs over one file beside a sound one. `expected` is its state and its codes.
#[track_caller]
fn check(pit: &Pit, expected: &[(&str, &str)]) {
    let said = pit.run();
    said.is_harmless();
    let found = pit.documents();
    let found: Vec<(&str, &str)> = found.iter().map(|(path, told)| (path.as_str(), told.as_str())).collect();
    assert_eq!(found, expected);
    let fails = expected.iter().any(|(_, told)| told.starts_with("failed"));
    said.ends_with(i32::from(fails));
    for (path, told) in expected {
        let why = pit.say(&["why", path]).ends_with(0);
        why.is_harmless();
        let code = told.split(' ').nth(1);
        let remedy = |code| Code::parse(code).expect("it is a code").remedy();
        assert!(code.is_none_or(|code| why.out.contains(remedy(code))), "{path}: {why:?}");
        // The same file alone: its text, or the same code.
        let failed = told.starts_with("failed") || told.starts_with("skipped");
        let alone = pit.say(&["extract", &format!("in/{path}")]).ends_with(i32::from(failed));
        assert!(code.is_none_or(|code| alone.err.contains(&format!("[{code}]"))), "{path}: {alone:?}");
    }
}

#[test]
fn half_of_a_file_is_read_as_far_as_it_goes() {
    let pit = Pit::new();
    for format in FORMATS {
        let whole = document(format, 1, 4000, 3);
        pit.put(format!("half.{format}"), &whole[..whole.len() / 2]);
        pit.put(format!("stub.{format}"), &whole[..8]);
    }
    check(
        &pit,
        &[
            ("half.csv", "done"),
            ("half.docx", "failed damaged"),
            ("half.eml", "partial damaged_part"),
            ("half.html", "done"),
            ("half.md", "done"),
            ("half.pdf", "partial damaged_part damaged_part"),
            ("half.txt", "done"),
            ("stub.csv", "done"),
            ("stub.docx", "skipped unsupported"),
            ("stub.eml", "done"),
            ("stub.html", "done"),
            ("stub.md", "done"),
            ("stub.pdf", "failed damaged"),
            ("stub.txt", "done"),
        ],
    );
}

#[test]
fn content_decides_and_not_the_name() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";
    let pit = Pit::with(&[
        ("a-mail.pdf", &document("eml", 2, 300, 1)),
        ("a-pdf.txt", &document("pdf", 3, 300, 1)),
        ("a-picture.docx", png),
        ("a-text.docx", SOUND.as_bytes()),
        ("empty.pdf", b""),
        ("noise.txt", &noise(4096)),
        ("nul.txt", format!("{SOUND}A\0B\n").as_bytes()),
        ("only-nul.txt", &[0; 4096]),
        ("white.txt", b" \n\t\n"),
    ]);
    check(
        &pit,
        &[
            ("a-mail.pdf", "done"),
            ("a-pdf.txt", "done"),
            ("a-picture.docx", "skipped unsupported"),
            ("a-text.docx", "done"),
            ("empty.pdf", "skipped empty_file"),
            ("noise.txt", "skipped unsupported"),
            ("nul.txt", "partial replaced_characters"),
            ("only-nul.txt", "skipped unsupported"),
            ("white.txt", "done no_text"),
        ],
    );
}

/// Bytes without any order.
fn noise(length: usize) -> Vec<u8> {
    let mut dice = docmill_testkit::corpus::Dice::new(7);
    (0..length).map(|_| dice.roll(256) as u8).collect()
}

#[test]
fn what_expands_loops_or_nests_without_end_is_cut_off() {
    let deep = 100_000;
    let html = format!("<html><body>{}<p>{SOUND}</p>{}", "<div>".repeat(deep), "</div>".repeat(deep));
    let arrays = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    let catalogue = "<< /Type /Catalog /Pages 2 0 R >>";
    let tree = assemble(&[catalogue, "<< /Type /Pages /Count 1 /Kids [2 0 R] >>"], "");
    let kids = "<< /Type /Pages /Count 1 /Kids [3 0 R] >>";
    let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /X {arrays} >>");
    let deep_pdf = assemble(&[catalogue, kids, &page, &stream("", &format!("{arrays} TJ"))], "");
    let pit = Pit::with(&[
        ("bomb.docx", &bomb()),
        ("deep.eml", &nested_mail(deep)),
        ("deep.html", html.as_bytes()),
        ("deep.pdf", &deep_pdf),
        ("loop.pdf", &tree),
        ("sound.txt", SOUND.as_bytes()),
    ]);
    check(
        &pit,
        &[
            ("bomb.docx", "partial part_limit"),
            ("deep.eml", "partial part_limit"),
            ("deep.html", "partial part_limit"),
            ("deep.pdf", "failed damaged"),
            ("loop.pdf", "failed damaged"),
            ("sound.txt", "done"),
        ],
    );
}

/// A sound Word document with a comment of 64 MB in the middle of its body.
fn bomb() -> Vec<u8> {
    let mut source = ZipArchive::new(Cursor::new(document("docx", 5, 100, 1))).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut member = source.by_index(index).unwrap();
        let (name, mut text) = (member.name().unwrap().into_owned(), String::new());
        member.read_to_string(&mut text).unwrap();
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        let (head, tail) = text.split_once("</w:p>").unwrap_or((&text, ""));
        out.write_all(head.as_bytes()).unwrap();
        if !tail.is_empty() {
            out.write_all(b"</w:p><!--").unwrap();
            let piece = vec![b'a'; 1 << 20];
            (0..64).for_each(|_| out.write_all(&piece).unwrap());
            out.write_all(format!("-->{tail}").as_bytes()).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

/// Parts within parts, each with a boundary of its own.
fn nested_mail(depth: usize) -> Vec<u8> {
    let mut mail = String::from("From: a@example.org\r\nTo: b@example.org\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n");
    for level in 0..depth {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n"));
    }
    mail.push_str(&format!("Content-Type: text/plain\r\n\r\n{SOUND}"));
    mail.into_bytes()
}
