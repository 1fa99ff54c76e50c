use proptest::prelude::*;

use super::*;
use crate::testing::{Kept, codes, extract_as, paths};
use std::sync::Arc;

/// A message with CR LF, from text with LF.
fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn read(bytes: &[u8], options: &Options) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let bytes: Bytes = Arc::new(bytes.to_vec());
    let summary = extract(&bytes, options, &mut kept).expect("a message");
    kept.pages.iter().for_each(crate::invariant::check);
    (kept, summary)
}

/// Text, names and sizes of the members, codes of the warnings; with LF and with CR LF.
#[track_caller]
fn check(message: &str, text: &str, members: &[&str], warnings: &[Code]) {
    for bytes in [message.as_bytes().to_vec(), wire(message)] {
        let (kept, summary) = read(&bytes, &Options::default());
        assert_eq!(kept.pages[0].text, text);
        let names: Vec<&str> = kept.members.iter().map(|m| m.0.name.as_str()).collect();
        assert_eq!(names, members);
        assert_eq!(codes(&summary), warnings);
    }
}

#[test]
fn the_header_lines_come_in_one_order() {
    check(
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nX-Other: 1\nDate: Mon, 2 Jan 2023\n 10:00:00 +0000\n\
         Cc: c@x.example\nTo: Bo <b@x.example>\nTo: d@x.example\nFrom: \"Lee, Ann\" <a@x.example>\n\nHello\n\nBo,\nhi.\n",
        "From: \"Lee, Ann\" <a@x.example>\nTo: Bo <b@x.example>, d@x.example\nCc: c@x.example\n\
         Date: Mon, 2 Jan 2023 10:00:00 +0000\nSubject: Grüße\n\nHello\n\nBo,\nhi.\n",
        &[],
        &[],
    );
    let (page, _) = extract_as(extract, b"From: a@x.example\nSubject: s\n\none\n\n\n> two\n", &Options::default());
    assert_eq!(paths(&page), ["header: From: a@x.example\nSubject: s", "body/p1: one", "body/p2: > two"]);
    assert_eq!(page.blocks[0].kind, BlockKind::MailHeader);
}

#[test]
fn what_stands_before_the_first_field_is_no_part_of_the_mail() {
    let expected = "From: a@x.example\nSubject: s\n\nbody\n";
    for head in ["From a@x.example Mon Jun 01 10:00:00 2009\n", ">From a@x.example\n", "\n\n", "\nFrom a@x.example\n"] {
        check(&format!("{head}From: a@x.example\nSubject: s\n\nbody\n"), expected, &[], &[]);
    }
}

#[test]
fn one_form_of_an_alternative_is_read() {
    let alternative = |plain: &str, html: &str| {
        format!(
            "Subject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n{plain}\n--b\n\
             Content-Type: text/html\n\n{html}\n--b--\n"
        )
    };
    check(&alternative("plain", "<p>rich"), "Subject: s\n\nplain\n", &[], &[]);
    check(&alternative(" \n", "<p>rich</p>"), "Subject: s\n\nrich\n", &[], &[]);
    check(
        "Subject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\n\
         Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>rich\n--c\n\
         Content-Type: application/pdf; name=a.pdf\n\n%PDF\n--c--\n--b--\n",
        "Subject: s\n\nplain\n",
        &["a.pdf"],
        &[],
    );
}

#[test]
fn attachments_and_messages_become_members() {
    let message = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n\
         --b\nContent-Disposition: attachment; filename=\"dir/re\\\"port.pdf\"\nContent-Transfer-Encoding: base64\n\nAAEC\n\
         --b\nContent-Disposition: attachment; filename=a.txt\n\nsecond\n\
         --b\nContent-Type: text/plain; name=a.txt\n\nthird\n\
         --b\nContent-Type: image/png\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\niVBORw==\n\
         --b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--i--\n\
         --b\nContent-Disposition: attachment;\n filename*=utf-8''%e2%82%ac%20rates.csv\n\n1\n\
         --b\n\nmore body\n--b--\n";
    check(
        message,
        "Subject: s\n\nbody\n\nmore body\n",
        &["re\"port.pdf", "a.txt", "a.txt (2)", "part-6.png", "forwarded.eml", "€ rates.csv"],
        &[],
    );
    let (kept, _) = read(message.as_bytes(), &Options::default());
    let bytes: Vec<&[u8]> = kept.members.iter().map(|m| m.1.as_slice()).collect();
    assert_eq!(bytes[0], [0, 1, 2]);
    assert_eq!(bytes[1], b"second");
    assert!(bytes[4].starts_with(b"Subject: inner\n") && bytes[4].ends_with(b"--i--"));
}

#[test]
fn a_single_part_is_body_or_member_by_its_type() {
    check("Subject: s\nContent-Type: text/plain; name=x.txt\n\nhi\n", "Subject: s\n\nhi\n", &[], &[]);
    check("Subject: s\nContent-Type: application/pdf\n\n%PDF\n", "Subject: s\n", &["part-1.pdf"], &[]);
    check(
        "Subject: s\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n=E9t=E9",
        "Subject: s\n\nété\n",
        &[],
        &[],
    );
    check("Subject: s\nContent-Type: text/plain; charset=utf-7\n\n+AOk-t+AOk-", "Subject: s\n\nété\n", &[], &[]);
    check(
        "Subject: s\nContent-Type: text/plain; format=flowed; delsp=no\n\none \ntwo\n> three \n> four\n",
        "Subject: s\n\none two\n> three four\n",
        &[],
        &[],
    );
}

#[test]
fn damage_is_told_and_the_rest_is_kept() {
    let mixed = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n";
    check(&format!("{mixed}--b\n\nbody, cut"), "Subject: s\n\nbody, cut\n", &[], &[Code::DAMAGED_PART]);
    check(&format!("{mixed}never a boundary"), "Subject: s\n\nnever a boundary\n", &[], &[Code::DAMAGED_PART]);
    check(
        "Subject: s\nContent-Transfer-Encoding: base64\n\naGVs*bG8=\n",
        "Subject: s\n\nhello\n",
        &[],
        &[Code::DAMAGED_PART],
    );
    check(
        "Subject: s\n\nsome text\0 here\n",
        "Subject: s\n\nsome text\u{FFFD} here\n",
        &[],
        &[Code::REPLACED_CHARACTERS],
    );
    check("Subject: s\n", "Subject: s\n", &[], &[]);
    check("Subject: s\nContent-Transfer-Encoding: quoted-printable\n\n1=2\n", "Subject: s\n\n1=2\n", &[], &[]);
    check("X-Mailer: only\n\n", "", &[], &[Code::NO_TEXT]);
    let bytes: Bytes = Arc::new(b"\nno header".to_vec());
    assert!(matches!(extract(&bytes, &Options::default(), &mut Kept::default()), Err(Error::Damaged { .. })));
}

#[test]
fn limits_are_told() {
    let attached = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n\
         --b\nContent-Disposition: attachment; filename=a\n\n0123456789\n--b\n\nend\n--b--\n";
    let check = |options: Options, text: &str, members: usize, warnings: &[Code]| {
        let (kept, summary) = read(attached.as_bytes(), &options);
        assert_eq!((kept.pages[0].text.as_str(), kept.members.len()), (text, members));
        assert_eq!(codes(&summary), warnings);
    };
    let default = Options::default;
    check(default(), "Subject: s\n\nbody\n\nend\n", 1, &[]);
    check(Options { max_member_bytes: 9, ..default() }, "Subject: s\n\nbody\n\nend\n", 0, &[Code::PART_LIMIT]);
    check(Options { max_member_bytes: 10, ..default() }, "Subject: s\n\nbody\n\nend\n", 1, &[]);
    check(Options { max_parts: 2, ..default() }, "Subject: s\n\nbody\n", 0, &[Code::PART_LIMIT]);
    check(Options { max_depth: 0, ..default() }, "Subject: s\n", 0, &[Code::PART_LIMIT]);
    check(Options { max_chars: 14, ..default() }, "Subject: s\n\nb\n", 1, &[Code::TEXT_LIMIT]);
}

#[test]
fn a_hundred_thousand_levels_neither_overflow_nor_hang() {
    let mut deep = "Subject: deep\n".to_owned();
    for level in 0..100_000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    let (kept, summary) = read(deep.as_bytes(), &Options::default());
    assert_eq!(kept.pages[0].text, "Subject: deep\n");
    assert_eq!(codes(&summary), [Code::PART_LIMIT]);

    let nested = format!("Subject: s\n{}", "Content-Type: message/rfc822\n\n".repeat(100_000));
    let (kept, summary) = read(nested.as_bytes(), &Options::default());
    assert_eq!((kept.members.len(), codes(&summary)), (1, vec![]));
}

#[test]
fn a_receiver_that_stops_is_obeyed() {
    struct Deaf;
    impl Sink for Deaf {
        fn page(&mut self, _: docmill_model::Page) -> Flow {
            Flow::Continue
        }
        fn member(&mut self, _: Member, _: &[u8]) -> Flow {
            Flow::Stop
        }
    }
    let bytes: Bytes = Arc::new(b"Subject: s\nContent-Type: application/pdf\n\nx".to_vec());
    assert_eq!(extract(&bytes, &Options::default(), &mut Deaf), Err(Error::Stopped));
}

const SAMPLE: &str = "From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\nTo: A: b@x.example;\nSubject: s\n\
     Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n\
     --c\nContent-Type: text/plain; format=flowed; charset=iso-2022-jp\n\n> a \n> b\n--c\nContent-Type: text/html\n\
     Content-Transfer-Encoding: quoted-printable\n\n<p>a=C3=A9=\n</p>\n--c--\n--b\nContent-Type: image/png;\n\
     name*0*=utf-8''%e2%82; name*1=x.png\nContent-Transfer-Encoding: base64\n\niVBORw==\n--b--\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn mutated_mail_neither_panics_nor_breaks_a_page(
        edits in prop::collection::vec((0..SAMPLE.len(), any::<u8>()), 0..12),
        end in 0..=SAMPLE.len(),
        max_chars in prop::sample::select(vec![0, 1, 2, 60, 1 << 20]),
    ) {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        bytes.truncate(end);
        let mut kept = Kept::default();
        let bytes: Bytes = Arc::new(bytes);
        let options = Options { max_chars, ..Options::default() };
        if extract(&bytes, &options, &mut kept).is_ok() {
            crate::invariant::check(&kept.pages[0]);
            prop_assert!(kept.pages[0].text.chars().count() <= max_chars as usize);
        }
    }
}
