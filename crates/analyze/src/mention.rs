//! Mentions: what the recognisers find in a document's cleaned text, the names in a mail's header, and in English
//! the names that the model finds.

mod header;
mod window;

use std::cmp::Reverse;

use docmill_model::{
    Block, BlockKind, ByteSpan, Chunk, Code, DocumentId, Identifier, Language, MediaType, Mention, MentionId,
    MentionType, Role, Text, Warning,
};

use crate::name;
use crate::names::{self, Names};
use crate::recognise::{Found, first_come, recognise};

/// Names and addresses read from the lines From, To and Cc.
pub(crate) const MAIL_HEADER: &str = "rule/mail_header@1";

/// Thousandths of confidence that a name of two words or more before an address is a person's.
const FULL_NAME: u16 = 950;
/// Thousandths of confidence that a single word before an address is a person's: it may be a company or a machine.
const ONE_WORD: u16 = 700;

/// What was found, and what could not be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub mentions: Vec<Mention>,
    pub warnings: Vec<Warning>,
}

/// Finds the mentions of a document, sorted by span and without overlap. None crosses the edge of a block.
///
/// `blocks` are those of the cleaned text and `chunks` tile it. `names` reads texts in English and those whose
/// language is not known; a warning tells when it could not read one. Where it and a rule find the same place, the
/// rule is right.
///
/// # Errors
/// When `names` cannot be run, which is a fault of the program.
pub fn mentions(
    document: DocumentId,
    media_type: MediaType,
    text: &Text,
    blocks: &[Block],
    chunks: &[Chunk],
    language: Option<&Language>,
    names: Option<&dyn Names>,
) -> Result<Mentions, names::Error> {
    let windows = window::windows(text, blocks);
    let mut found: Vec<(Found, Option<Role>)> = Vec::new();
    for window in &windows {
        let slice = &text.as_str()[window.start..window.end];
        found.extend(recognise(slice).into_iter().map(|f| (Found { span: shift(f.span, window.start), ..f }, None)));
    }
    if let Some(block) = blocks.first().filter(|b| media_type == MediaType::Mail && b.kind == BlockKind::MailHeader) {
        read_header(text, text.bytes_of(block.span), &mut found);
    }
    let mut found: Vec<_> = without_overlap(found).collect();
    let mut warnings = Vec::new();
    if let Some(names) = names {
        match language.filter(|language| language.as_str() != ENGLISH) {
            None => {
                let names = names::find(names, text.as_str(), &windows)?;
                found = beside(found, names);
            }
            Some(language) => warnings.push(Warning::new(
                Code::NAMES_LANGUAGE,
                format!("the language of the text is `{}`", language.as_str()),
            )),
        }
    }
    let mentions = found.into_iter().map(|(found, role)| mention(document, text, chunks, found, role)).collect();
    Ok(Mentions { mentions, warnings })
}

/// The language that the model reads.
const ENGLISH: &str = "en";

/// Adds names that overlap nothing; both are sorted by span and do not overlap.
fn beside(rules: Vec<(Found, Option<Role>)>, names: Vec<Found>) -> Vec<(Found, Option<Role>)> {
    let mut out = Vec::with_capacity(rules.len() + names.len());
    let mut rules = rules.into_iter().peekable();
    for name in names {
        while let Some(rule) = rules.next_if(|(rule, _)| rule.span.end <= name.span.start) {
            out.push(rule);
        }
        if rules.peek().is_none_or(|(rule, _)| name.span.end <= rule.span.start) {
            out.push((name, None));
        }
    }
    out.extend(rules);
    out
}

fn mention(document: DocumentId, text: &Text, chunks: &[Chunk], found: Found, role: Option<Role>) -> Mention {
    let span = text.span_of(found.span);
    let chunk = chunks.partition_point(|c| c.span.start <= span.start).saturating_sub(1);
    Mention {
        id: MentionId::new(document, found.kind, span, found.extractor),
        chunk: chunk as u32,
        span,
        kind: found.kind,
        normal: found.normal,
        name: found.name,
        identifiers: found.identifiers,
        role,
        confidence: found.confidence,
        extractor: found.extractor.to_owned(),
    }
}

/// Gives the addresses of the header their roles, and adds the names and what no recogniser found.
fn read_header(text: &Text, block: ByteSpan, found: &mut Vec<(Found, Option<Role>)>) {
    let header = &text.as_str()[block.start..block.end];
    let roles = header::roles(header);
    let inside = |f: &Found| block.start <= f.span.start && f.span.end <= block.end;
    for (email, role) in found.iter_mut().filter(|(f, _)| f.kind == MentionType::Email && inside(f)) {
        let at = email.span.start - block.start;
        let line = roles.partition_point(|(line, _)| line.end <= at);
        *role = roles.get(line).filter(|(line, _)| line.start <= at).map(|(_, role)| *role);
    }
    let known: Vec<ByteSpan> =
        found.iter().filter(|(f, _)| f.kind == MentionType::Email).map(|(f, _)| f.span).collect();
    for mailbox in header::mailboxes(header) {
        let address = &header[mailbox.address.start..mailbox.address.end];
        let identifier = Identifier { scheme: "email".to_owned(), value: address.to_lowercase() };
        let span = shift(mailbox.address, block.start);
        if known.binary_search(&span).is_err() {
            let email = Found {
                span,
                kind: MentionType::Email,
                normal: identifier.value.clone(),
                name: address.to_owned(),
                identifiers: vec![identifier.clone()],
                confidence: 1000,
                extractor: MAIL_HEADER,
            };
            found.push((email, Some(mailbox.role)));
        }
        let Some(span) = mailbox.name else { continue };
        let Some(person) = name::person(&header[span.start..span.end].replace('\\', "")) else { continue };
        let person = Found {
            span: shift(span, block.start),
            kind: MentionType::Person,
            confidence: if person.normal.contains(' ') { FULL_NAME } else { ONE_WORD },
            normal: person.normal,
            name: person.shown,
            identifiers: vec![identifier],
            extractor: MAIL_HEADER,
        };
        found.push((person, Some(mailbox.role)));
    }
}

/// Of mentions that overlap the longest stays, of equally long ones the one whose type comes first in
/// [`MentionType`], then the one that starts first. Sorted by span.
fn without_overlap(mut found: Vec<(Found, Option<Role>)>) -> impl Iterator<Item = (Found, Option<Role>)> {
    found.sort_by(|(a, _), (b, _)| {
        let key = |f: &Found| (Reverse(f.span.end - f.span.start), f.kind, f.span.start, f.extractor);
        key(a).cmp(&key(b))
    });
    first_come(found, |(f, _)| f.span)
}

fn shift(span: ByteSpan, by: usize) -> ByteSpan {
    ByteSpan::new(span.start + by, span.end + by)
}

#[cfg(test)]
mod tests {
    use docmill_model::{Digest, Span};
    use proptest::prelude::*;

    use super::*;
    use crate::chunk::chunk;

    fn find(media_type: MediaType, text: &str, blocks: &[(BlockKind, u32, u32)]) -> Vec<Mention> {
        let document = DocumentId::new("test", &Digest::of(text.as_bytes()));
        let text = Text::from(text);
        let blocks: Vec<_> = blocks
            .iter()
            .map(|&(kind, start, end)| Block { kind, span: Span::new(start, end), path: String::new() })
            .collect();
        let chunks = chunk(document, &text, &blocks, &[]);
        let found = mentions(document, media_type, &text, &blocks, &chunks, None, None).unwrap().mentions;
        let mut end = 0;
        for mention in &found {
            assert!(mention.span.start >= end && !mention.span.is_empty(), "{mention:?} overlaps the one before");
            end = mention.span.end;
            assert!(chunks[mention.chunk as usize].span.contains(mention.span.start));
            assert!(!text.slice(mention.span).contains("\n\n"));
            let shown = text.slice(mention.span).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(mention.kind == Person || mention.name == shown, "{mention:?} is not {shown:?}");
        }
        assert!(end <= text.chars());
        found
    }

    fn check(found: &[Mention], expected: &[(MentionType, &str, &str, Option<Role>)]) {
        let found: Vec<_> = found.iter().map(|m| (m.kind, m.name.as_str(), m.normal.as_str(), m.role)).collect();
        assert_eq!(found, expected);
    }

    use MentionType::{Date, Email, Person};
    use Role::{Recipient, Sender};

    #[test]
    fn a_mail_header_gives_persons_addresses_and_their_roles() {
        let header = "From: \"Schmidt, Anna\" <Anna@x.org>\nTo: Bo Li <bo@x.org>, root@localhost\nDate: 5 Mar 2024";
        let length = header.chars().count() as u32;
        let text = format!("{header}\n\nWrite to é anna@x.org.");
        let blocks = [(BlockKind::MailHeader, 0, length), (BlockKind::Paragraph, length + 2, length + 24)];
        let found = find(MediaType::Mail, &text, &blocks);
        check(
            &found,
            &[
                (Person, "Anna Schmidt", "anna schmidt", Some(Sender)),
                (Email, "Anna@x.org", "anna@x.org", Some(Sender)),
                (Person, "Bo Li", "bo li", Some(Recipient)),
                (Email, "bo@x.org", "bo@x.org", Some(Recipient)),
                (Email, "root@localhost", "root@localhost", Some(Recipient)),
                (Date, "5 Mar 2024", "2024-03-05", None),
                (Email, "anna@x.org", "anna@x.org", None),
            ],
        );
        assert_eq!(found[0].identifiers, [Identifier { scheme: "email".into(), value: "anna@x.org".into() }]);
        assert_eq!(found[0].extractor, "rule/mail_header@1");
        assert_eq!(found[1].identifiers, found[6].identifiers);
        // The same text is no mail when it is not one.
        assert!(find(MediaType::Text, &text, &blocks).iter().all(|m| m.role.is_none() && m.kind != Person));
    }

    const NAMES: names::Table = names::Table(&[("Anna", 1), ("Schmidt", 2), ("March", 1), ("Acme", 3), ("Paris", 5)]);

    fn with_names(text: &str, language: Option<Language>) -> Mentions {
        let document = DocumentId::new("test", &Digest::of(text.as_bytes()));
        let text = Text::from(text);
        let chunks = chunk(document, &text, &[], &[]);
        mentions(document, MediaType::Text, &text, &[], &chunks, language.as_ref(), Some(&NAMES)).unwrap()
    }

    #[test]
    fn a_name_gives_way_to_what_a_rule_finds_in_its_place() {
        let found = with_names("Anna Schmidt left Acme on 5 March 2024 for Paris.", None);
        let expected = [
            (Person, "Anna Schmidt", "anna schmidt", None),
            (MentionType::Org, "Acme", "acme", None),
            (Date, "5 March 2024", "2024-03-05", None),
            (MentionType::Location, "Paris", "paris", None),
        ];
        check(&found.mentions, &expected);
        assert_eq!(found.mentions[0].extractor, names::MODEL);
        assert_eq!(found.warnings, []);
    }

    #[test]
    fn names_are_looked_for_in_english_and_where_the_language_is_unknown() {
        let text = "Anna Schmidt, 5 March 2024";
        let count = |language: Option<&str>| with_names(text, language.and_then(Language::parse)).mentions.len();
        assert_eq!((count(None), count(Some("en")), count(Some("de"))), (2, 2, 1));
        let warnings = with_names(text, Language::parse("de")).warnings;
        assert_eq!(warnings, [Warning::new(Code::NAMES_LANGUAGE, "the language of the text is `de`")]);
        assert!(!warnings[0].code.is_loss());
    }

    #[test]
    fn no_mention_crosses_the_edge_of_a_block() {
        let cell = BlockKind::Cell;
        check(&find(MediaType::Csv, "5 March\t2024", &[(cell, 0, 7), (cell, 8, 12)]), &[]);
        let whole = find(MediaType::Text, "5 March 2024", &[(BlockKind::Paragraph, 0, 12)]);
        check(&whole, &[(Date, "5 March 2024", "2024-03-05", None)]);
        check(&find(MediaType::Text, "", &[]), &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn mentions_of_any_mail_lie_in_the_text_without_overlap(
            text in "((From|To|Cc|Date): )?([\"<>,;@ \n\\\\]|\\PC|anna@x\\.org|Bo Li|5 March 2024|EUR 12){0,40}",
            ends in prop::collection::vec(0u32..80, 0..4),
        ) {
            let mut ends = ends;
            ends.sort_unstable();
            let mut at = 0;
            let blocks: Vec<_> = ends.iter().map(|&end| { let b = (BlockKind::MailHeader, at, end); at = end; b }).collect();
            // The invariants are asserted inside; texts with empty lines inside a block are not of interest here.
            find(MediaType::Mail, &text.replace('\n', " \t"), &blocks);
        }
    }
}
