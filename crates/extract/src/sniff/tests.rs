use std::io::Write as _;

use docmill_model::MediaType;
use docmill_model::document::OtherType as O;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::sniff;

fn check(bytes: &[u8], expected: MediaType) {
    assert_eq!(sniff(bytes), expected, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
}

fn zip(entries: &[(&str, &str)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A compound file with these names in its root: header, one sector of chains, one or more of directory.
fn ole(names: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    bytes[..8].copy_from_slice(&super::ole::MAGIC);
    bytes[30] = 9;
    bytes[48] = 1;
    let entries = ["Root Entry"].into_iter().chain(names.iter().copied());
    let sectors = (names.len() + 1).div_ceil(4);
    for (index, name) in entries.enumerate() {
        let mut entry = [0; 128];
        for (at, unit) in name.encode_utf16().enumerate() {
            entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64] = 2 * name.len() as u8 + 2;
        let last = index == names.len();
        let next = if last { u32::MAX } else { index as u32 + 1 };
        // The siblings form a list to the right; the root's child is the first of them.
        entry[68..72].copy_from_slice(&u32::MAX.to_le_bytes());
        entry[72..76].copy_from_slice(&if index == 0 { u32::MAX } else { next }.to_le_bytes());
        entry[76..80].copy_from_slice(&if index == 0 { next } else { u32::MAX }.to_le_bytes());
        bytes.extend(entry);
    }
    bytes.resize(1024 + 512 * sectors, 0);
    for sector in 1..=sectors {
        let next = if sector == sectors { 0xFFFF_FFFE } else { sector as u32 + 1 };
        bytes[512 + 4 * sector..516 + 4 * sector].copy_from_slice(&next.to_le_bytes());
    }
    bytes
}

#[test]
fn containers_are_told_by_what_is_in_them() {
    use zip::CompressionMethod::{Deflated, Stored};
    let types = |kind: &str| format!("<Types><Override ContentType=\"application/x.{kind}.main+xml\"/></Types>");
    for method in [Stored, Deflated] {
        for (entries, expected) in [
            (&[("[Content_Types].xml", ""), ("word/document.xml", "")][..], MediaType::Docx),
            (&[("[Content_Types].xml", &types("wordprocessingml.document")), ("a/b.xml", "")], MediaType::Docx),
            (&[("[Content_Types].xml", ""), ("xl/workbook.xml", "")], MediaType::Other(O::Xlsx)),
            (&[("[Content_Types].xml", ""), ("ppt/presentation.xml", "")], MediaType::Other(O::Pptx)),
            (&[("mimetype", "application/vnd.oasis.opendocument.text")], MediaType::Other(O::Odt)),
            (&[("x", ""), ("mimetype", "application/vnd.oasis.opendocument.spreadsheet")], MediaType::Other(O::Ods)),
            (&[("mimetype", "application/epub+zip")], MediaType::Other(O::Epub)),
            (&[("notes.txt", "word/document.xml")], MediaType::Other(O::Zip)),
        ] {
            let bytes = zip(entries, method);
            check(&bytes, expected);
            // Without its directory an archive is told by the headers of its entries.
            check(&bytes[..bytes.len() - 22], expected);
        }
    }
    for (names, expected) in [
        (&["WordDocument", "1Table"][..], O::Doc),
        (&["a", "b", "c", "d", "e", "Workbook"], O::Xls),
        (&["PowerPoint Document"], O::Ppt),
        (&["__substg1.0_0037001F"], O::Msg),
        (&["EncryptedPackage", "EncryptionInfo"], O::Ole),
        (&[], O::Ole),
    ] {
        check(&ole(names), MediaType::Other(expected));
    }
    assert!(super::ole::is_encrypted_package(&ole(&["EncryptionInfo", "EncryptedPackage"])));
    assert!(!super::ole::is_encrypted_package(&ole(&["WordDocument"])));
}

#[test]
fn an_encrypted_package_needs_a_password() {
    let media_type = MediaType::Other(O::Ole);
    let bytes: crate::Bytes = std::sync::Arc::new(ole(&["EncryptionInfo", "ENCRYPTEDPACKAGE"]));
    let result = crate::extract(&bytes, &crate::Options::default(), &mut crate::testing::Kept::default());
    assert_eq!(result, Err(crate::Error::NeedsPassword { media_type }));
}

#[test]
fn numbers_at_fixed_places_tell_binaries() {
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.txt");
    let sum: u32 = tar.iter().map(|&b: &u8| u32::from(b)).sum::<u32>() + 8 * 32;
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let frame = [&[0xFF, 0xFB, 0x90, 0x00][..], &[0; 413]].concat();
    for (bytes, expected) in [
        (&b"\xFF\xD8\xFF\xE0\0"[..], O::Jpeg),
        (b"\x89PNG\r\n\x1A\n\0", O::Png),
        (b"II*\0\x08\0\0\0", O::Tiff),
        (b"RIFF\x04\0\0\0WAVEfmt ", O::Wav),
        (b"RIFF\x04\0\0\0WEBPVP8 ", O::Webp),
        (b"\0\0\0\x18ftypM4A \0\0", O::M4a),
        (b"\0\0\0\x18ftypheic\0\0", O::Heic),
        (b"\0\0\0\x18ftypisom\0\0", O::Video),
        (b"{\\rtf1\\ansi x}", O::Rtf),
        (b"\x1F\x8B\x08\0", O::Gzip),
        (b"\x7FELF\x02", O::Executable),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", O::Bmp),
        (&tar, O::Tar),
        (&frame.repeat(2), O::Mp3),
        (b"\x01\x02\x03\x04\x05\x06\x07", O::Unknown),
    ] {
        check(bytes, MediaType::Other(expected));
    }
    check(b"BMW and Mercedes are cars.", MediaType::Text);
    check(b"MZ is a mark of programs, not of this text.", MediaType::Text);
}

#[test]
fn pdf_may_begin_late() {
    check(b"%PDF-1.7\n1 0 obj", MediaType::Pdf);
    check(b"\r\njunk\x01\x02\n%PDF-1.4\n1 0 obj\n<<>>\nendobj", MediaType::Pdf);
    check(b"A file begins with %PDF-1.4 when it is one.", MediaType::Text);
}

#[test]
fn mail_is_told_by_its_header() {
    for (source, expected) in [
        ("From: a@x.org\nTo: b@x.org\n\nHi", MediaType::Mail),
        ("\r\nReceived: by x\r\n\tid 1\r\nSubject: y\r\n\r\nHi", MediaType::Mail),
        ("X-Spam: no\nMIME-Version: 1.0\nContent-Type: text/plain\n\n<html><body>", MediaType::Mail),
        ("From a@x.org Mon Jun 01 10:00:00 2009\nSubject: x\n\nHi", MediaType::Mail),
        ("From a@x.org Mon Jun 01 10:00:00 2009\nSubject: x\n\nHi\n\nFrom there on Mon we met.", MediaType::Mail),
        ("From a@x.org Mon Jun 01 10:00:00 2009\n\nHi", MediaType::Text),
        ("From Monday on we meet at 10:00 daily.\n", MediaType::Text),
        ("From: here\nto there\n", MediaType::Text),
        ("Subject: only one\n\nTo: whom it may concern", MediaType::Text),
        ("User-agent: *\nDisallow: /\n", MediaType::Text),
    ] {
        check(source.as_bytes(), expected);
    }
}

#[test]
fn a_mailbox_has_two_mails_however_far_apart() {
    let mail = |day: u32, text: &str| format!("From a@x.org Mon Jun {day:02} 10:00:00 2009\nSubject: x\n\n{text}\n\n");
    for text in ["Hi".to_owned(), "words without end ".repeat(20_000)] {
        check((mail(1, &text) + &mail(8, "Bye")).as_bytes(), MediaType::Other(O::Mbox));
        check(format!("\r\n{}", mail(1, &text)).as_bytes(), MediaType::Mail);
    }
}

#[test]
fn markup_is_told_by_its_first_tag() {
    for (source, expected) in [
        ("<!DOCTYPE html><p>x", MediaType::Html),
        ("\u{feff} <!-- note -->\n<HTML lang=en>", MediaType::Html),
        ("<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'><html/>", MediaType::Html),
        ("<?xml version='1.0'?><html xmlns='x'><body/></html>", MediaType::Html),
        ("<div><p>x</p></div>", MediaType::Html),
        ("stray\n<html><head></head><body>x", MediaType::Html),
        ("<?xml version='1.0'?><note>x</note>", MediaType::Other(O::Xml)),
        ("<note><to>x</to></note>", MediaType::Other(O::Xml)),
        ("<!DOCTYPE note SYSTEM 'n.dtd'><note/>", MediaType::Other(O::Xml)),
        ("Write <html> and <body> around it.", MediaType::Text),
        ("<name> stands for a name", MediaType::Text),
        ("a < b and c > d", MediaType::Text),
    ] {
        check(source.as_bytes(), expected);
        let wide: Vec<u8> = source.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&wide, expected);
    }
}

#[test]
fn text_is_told_by_its_look() {
    for (source, expected) in [
        ("{\"a\": [1, 2.5, {\"b\": null}], \"c\": \"\\\"\"}", MediaType::Other(O::Json)),
        ("{\"a\": 1}\n{\"a\": 2}\n", MediaType::Other(O::Json)),
        ("[{\"a\": 1}, {\"a\"", MediaType::Other(O::Json)),
        ("[1] Smith, A.: On Things.", MediaType::Text),
        ("{not json}", MediaType::Text),
        ("# Title\n\nText with a [link](https://x.org).\n", MediaType::Markdown),
        ("# Title\n\n- one\n- two\n", MediaType::Markdown),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", MediaType::Markdown),
        ("## One\n\ntext\n\n## Two\n\ntext\n", MediaType::Markdown),
        ("Use **both** and `code`, see [it](x.md).\n", MediaType::Markdown),
        ("- milk\n- bread\n", MediaType::Text),
        ("#!/bin/sh\n# one\n\n## two\n", MediaType::Text),
        ("# comment\nkey = value\n# other\nkey2 = value\n", MediaType::Text),
        ("a,b,c\n1,2,3\n4,5,6\n", MediaType::Csv),
        ("name\tage\nAnn\t3\n", MediaType::Csv),
        ("Plain words, and more of them.\nA second line, too.\n", MediaType::Text),
        ("x", MediaType::Text),
    ] {
        check(source.as_bytes(), expected);
    }
    let french = encoding_rs::WINDOWS_1252.encode("L’été dernier, nous étions à la plage.").0;
    check(&french, MediaType::Text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_something(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0..6_usize, at in any::<prop::sample::Index>()) {
        sniff(&bytes);
        let whole = match kind {
            0 => ole(&["a", "b", "c", "WordDocument"]),
            1 => zip(&[("mimetype", "application/epub+zip")], zip::CompressionMethod::Deflated),
            2 => b"From: a\nTo: b\n\n".to_vec(),
            3 => b"<?xml version='1.0'?><html>".to_vec(),
            4 => b"{\"a\": [1, \"\\u0041\", {}]}".to_vec(),
            _ => b"# a\n\n|b|c|\n|-|-|\n".to_vec(),
        };
        let mut broken = whole;
        let at = at.index(broken.len());
        for (to, from) in broken[at..].iter_mut().zip(bytes.iter().take(9)) {
            *to = *from;
        }
        sniff(&broken);
        sniff(&broken[..at]);
    }
}
