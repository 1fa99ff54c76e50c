//! Mail (RFC 5322 and MIME): the header lines that say who, when and what, then the body. Attachments and
//! forwarded messages become members.
//!
//! The parts are found here and not by the mail library, so that nesting, time and memory stay bounded and a
//! missing end is noticed; the library decodes fields, charsets and base64.

mod attachment;
mod body;
mod header;
mod mime;

use docmill_model::{BlockKind, Code, MediaType, Warning};

use self::body::Use;
use self::mime::{Part, Structure};
use crate::draft::{Draft, Gap, replaced, text_limit};
use crate::member::Names;
use crate::{Bytes, Error, Flow, Member, Options, Sink, Summary, html};

/// Reads a message as one page and gives its attachments as members.
pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let bytes = bytes.as_ref().as_ref();
    let bytes = &bytes[bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()..];
    let structure = mime::split(bytes, options.max_parts, options.max_depth);
    let root = &structure.parts[0];
    if root.fields.is_empty() {
        return Err(Error::Damaged { media_type: MediaType::Mail, what: "the message has no header".into() });
    }
    let uses = body::uses(&structure, bytes);
    let mut warnings = Vec::new();
    let mut draft = Draft::new(options);
    draft.push(Gap::Blank, BlockKind::MailHeader, "header".into(), &header_lines(root));
    if ["From", "To", "Cc", "Date", "Subject"].iter().any(|name| root.fields.is_cut(name)) {
        warnings.push(Warning::new(Code::TEXT_LIMIT, "a header field is too long and was cut"));
    }
    let is_damaged = write_body(&structure, &uses, bytes, options, &mut draft, &mut warnings);
    if structure.is_cut {
        warnings.push(Warning::new(Code::PART_LIMIT, "the message has more parts, or deeper ones, than are read"));
    }
    if structure.is_damaged {
        warnings.push(Warning::new(Code::DAMAGED_PART, "a boundary between parts is missing: the message may be cut"));
    }
    if is_damaged {
        warnings.push(Warning::new(Code::DAMAGED_PART, "the encoding of a text part is damaged"));
    }
    let mut summary = draft.deliver(MediaType::Mail, warnings, options, sink)?;
    give_members(&structure, &uses, bytes, options, sink, &mut summary.warnings)?;
    Ok(summary)
}

/// The lines of the first block.
fn header_lines(root: &Part<'_>) -> String {
    let fields = &root.fields;
    let values = [
        ("From", fields.addresses("From")),
        ("To", fields.addresses("To")),
        ("Cc", fields.addresses("Cc")),
        ("Date", fields.plain("Date")),
        ("Subject", fields.words("Subject")),
    ];
    let lines: Vec<String> =
        values.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value?))).collect();
    lines.join("\n")
}

/// Writes the text parts one behind the other; tells whether the encoding of one is damaged.
fn write_body(
    structure: &Structure<'_>,
    uses: &[Use],
    bytes: &[u8],
    options: &Options,
    draft: &mut Draft,
    warnings: &mut Vec<Warning>,
) -> bool {
    let mut lost = 0;
    let mut is_damaged = false;
    let mut is_cut = false;
    let texts = structure.parts.iter().zip(uses).filter(|(_, use_)| matches!(use_, Use::Plain | Use::Html));
    for (number, (part, use_)) in texts.enumerate() {
        if draft.room() == 0 {
            is_cut |= !part.body.is_empty();
            continue;
        }
        let words = body::decode_text(part, bytes, options.max_chars);
        lost += words.replaced;
        is_damaged |= words.is_damaged;
        is_cut |= words.is_cut;
        let prefix = if number == 0 { "body/".to_owned() } else { format!("body{}/", number + 1) };
        if *use_ == Use::Html {
            // The same of every part, and told once.
            warnings.extend(html::write(&words.text, &prefix, options, draft).filter(|deep| !warnings.contains(deep)));
            continue;
        }
        for (index, paragraph) in body::paragraphs(&body::lines(&words.text, part)).enumerate() {
            draft.push(Gap::Blank, BlockKind::Paragraph, format!("{prefix}p{}", index + 1), paragraph);
        }
    }
    if is_cut && !draft.is_cut() {
        warnings.push(text_limit(options));
    }
    warnings.extend(replaced(lost));
    is_damaged
}

fn give_members(
    structure: &Structure<'_>,
    uses: &[Use],
    bytes: &[u8],
    options: &Options,
    sink: &mut dyn Sink,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let mut names = Names::default();
    for (index, part) in structure.parts.iter().enumerate() {
        if uses[index] != Use::Member {
            continue;
        }
        let mime = part.mime(part.parent.map(|p| &structure.parts[p]));
        let name = names.unique(attachment::name(part, &mime, index + 1));
        if body::decoded_length(part) > options.max_member_bytes {
            warnings
                .push(Warning::new(Code::PART_LIMIT, format!("the attachment {name:?} is too large and was left out")));
            continue;
        }
        let decoded = body::decode_transfer(part, bytes, usize::MAX);
        if decoded.is_damaged {
            warnings
                .push(Warning::new(Code::DAMAGED_PART, format!("the encoding of the attachment {name:?} is damaged")));
        }
        if sink.member(Member { name }, &decoded.bytes) == Flow::Stop {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
