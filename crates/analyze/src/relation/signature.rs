//! Signatures: the lines under a letter, a mail or a filing that say who signs, as what, and for whom.

use docmill_model::ByteSpan;
use docmill_model::MentionType::{Org, Person};

use super::party::{Caption, captions};
use super::passage::{At, Item, items};
use super::pattern::{Document, Hit};
use super::role::{Role, role, role_or_desk};

/// What the line above a signature begins with, in lower case.
#[rustfmt::skip]
const CLOSINGS: &[&str] = &[
    "yours", "sincerely", "regards", "kind regards", "best", "with best", "with kind", "warm", "many thanks",
    "thanks", "thank you", "cheers", "respectfully", "cordially", "faithfully", "signed", "by:", "--", "__",
    "very truly", "all the best", "love,", "mit freundlichen", "cordialement",
];
/// Bytes of a closing line at most: longer ones are sentences.
const CLOSING: usize = 48;
/// Lines below a closing line that are looked at, those of them below the one who signs, and bytes of each at most.
const LINES: usize = 6;
const BELOW: usize = 3;
const LINE: usize = 120;

/// Ends of filings in one document that are read: a filing has one, and a bundle of them a few.
const FILINGS: usize = 16;

/// A line that is not blank, and the first mention that starts in it or behind it.
#[derive(Clone, Copy)]
struct Line {
    bytes: ByteSpan,
    first: usize,
}

fn lines(document: &Document<'_, '_>) -> Vec<Line> {
    let mut out = Vec::new();
    let mut next = 0;
    for block in document.body {
        let mut at = block.start;
        for line in document.text[block.start..block.end].split_inclusive('\n') {
            let start = at;
            at += line.len();
            let trimmed = line.trim();
            if trimmed.is_empty() {
                continue;
            }
            let start = start + (line.len() - line.trim_start().len());
            while document.named.get(next).is_some_and(|n| n.bytes.start < start) {
                next += 1;
            }
            out.push(Line { bytes: ByteSpan::new(start, start + trimmed.len()), first: next });
        }
    }
    out
}

fn is_closing(text: &str) -> bool {
    let text = text.trim_start_matches(['>', ' ', '*']);
    text.len() <= CLOSING
        && CLOSINGS.iter().any(|c| text.get(..c.len()).is_some_and(|head| head.eq_ignore_ascii_case(c)))
}

/// Who signs, as what: at the start of a line, perhaps behind `/s/` or `By:`.
fn signer(document: &Document<'_, '_>, line: &Line) -> Option<(usize, Option<Role>, Option<usize>)> {
    let items = items(document.text, line.bytes, document.named, line.first);
    let at = At { items: &items, at: 0, named: document.named };
    let at = at.up_to(4, |at| {
        at.mark(&['/', '_', ':', '-', '>', '*', '|']).or_else(|| at.word(&["by", "s", "signed", "name"]))
    });
    let (person, at) = at.name(&[Person])?;
    let mut at = at.maybe(|at| at.mark(&[',', '-', '–', '—', '|', '(']));
    let mut said = None;
    if let Some((role, next)) = role_or_desk(at.article()) {
        said = Some(role);
        at = next.up_to(2, |at| at.mark(&[',', '-', '–', '—', '|', ')']).or_else(|| at.word(&["at", "of"]))).article();
    }
    match at.name(&[Org]) {
        Some((organisation, _)) => Some((person, said, Some(organisation))),
        None => at.item().is_none().then_some((person, said, None)),
    }
}

/// The organisation that a line begins with.
fn organisation(document: &Document<'_, '_>, line: &Line) -> Option<usize> {
    let items = items(document.text, line.bytes, document.named, line.first);
    let at = At { items: &items, at: 0, named: document.named };
    let (organisation, at) = at.up_to(2, |at| at.mark(&['>', '*', '|'])).article().name(&[Org])?;
    (at.is_closed() || matches!(at.item(), Some(Item::Mark(_)))).then_some(organisation)
}

/// The role that a whole line is, and the organisation behind it if there is one.
fn role_line(document: &Document<'_, '_>, line: &Line) -> Option<(Role, Option<usize>)> {
    let items = items(document.text, line.bytes, document.named, line.first);
    let at = At { items: &items, at: 0, named: document.named };
    let (role, at) = role(at.up_to(2, |at| at.mark(&['>', '*', '|'])).article())?;
    let at = at.maybe(|at| at.mark(&[',', '-', '–', '—', '|']).or_else(|| at.word(&["at", "of", "for"]))).article();
    let organisation = at.name(&[Org]).map(|(organisation, _)| organisation);
    (organisation.is_some() || at.is_closed()).then_some((role, organisation))
}

/// Below a closing line: a person, perhaps a role, and an organisation that a line begins with.
pub(super) fn signatures(document: &Document<'_, '_>) -> Vec<Hit> {
    let lines = lines(document);
    let mut out = Vec::new();
    for (index, _) in lines.iter().enumerate().filter(|(_, l)| is_closing(text_of(document, l))) {
        let mut person: Option<(usize, Option<Role>)> = None;
        let mut below = 0;
        for line in lines.iter().skip(index + 1).take(LINES) {
            let text = text_of(document, line);
            if text.len() > LINE || is_closing(text) {
                break;
            }
            let Some((signer, said)) = &mut person else {
                if let Some((found, said, organisation)) = signer(document, line) {
                    if let Some(organisation) = organisation {
                        out.push(told(found, organisation, said));
                        break;
                    }
                    person = Some((found, said));
                }
                continue;
            };
            below += 1;
            if below > BELOW {
                break;
            }
            if let Some(found) = organisation(document, line) {
                out.push(told(*signer, found, said.take()));
                break;
            }
            if said.is_none()
                && let Some((role, organisation)) = role_line(document, line)
            {
                if let Some(organisation) = organisation {
                    out.push(told(*signer, organisation, Some(role)));
                    break;
                }
                *said = Some(role);
            }
        }
    }
    out
}

fn told(person: usize, organisation: usize, role: Option<Role>) -> Hit {
    Hit::new(person, organisation).with("role", role.map(|r| r.text).unwrap_or_default())
}

/// Who signs a filing acts for the party whose filing it is (`PLAINTIFF'S MEMORANDUM`), or for the one that is named
/// below (`Attorneys for Defendant`).
pub(super) fn filing_signatures(document: &Document<'_, '_>) -> Vec<Hit> {
    let captions = captions(document);
    let Some(caption) = captions.first() else { return Vec::new() };
    let lines = lines(document);
    let owner = lines.iter().find_map(|line| filer(document, line, caption));
    let is_end = |line: &Line| {
        let text = text_of(document, line);
        is_closing(text) && text.get(..12).is_some_and(|head| head.eq_ignore_ascii_case("respectfully"))
    };
    let mut out = Vec::new();
    for (index, _) in lines.iter().enumerate().filter(|(_, line)| is_end(line)).take(FILINGS) {
        let mut signers = Vec::new();
        let mut client = None;
        for line in lines.iter().skip(index + 1).take(2 * LINES) {
            let text = text_of(document, line);
            if text.len() > LINE {
                break;
            }
            if let Some((person, ..)) = signer(document, line) {
                signers.push(person);
            } else if let Some(party) = counsel_line(document, line, caption) {
                client = Some(party);
                break;
            }
        }
        // Below the first signer stand others only with a line of their own that says for whom.
        let signers = if client.is_some() { signers } else { signers.into_iter().take(1).collect() };
        if let Some(client) = client.or(owner) {
            out.extend(signers.into_iter().map(|person| Hit::new(person, document.nearest(client, person))));
        }
    }
    out
}

/// The party whose filing a title says it is.
fn filer(document: &Document<'_, '_>, line: &Line, caption: &Caption) -> Option<usize> {
    let text = text_of(document, line);
    if text.len() > LINE || text.chars().any(char::is_lowercase) {
        return None;
    }
    let (owner, rest) = text.split_once(['\'', '’'])?;
    let part = owner.rsplit(' ').next()?.to_lowercase();
    let part = part.strip_suffix('s').filter(|_| !rest.starts_with(['s', 'S'])).unwrap_or(&part);
    let kinds = [
        "memorandum",
        "motion",
        "brief",
        "response",
        "opposition",
        "reply",
        "complaint",
        "answer",
        "petition",
        "application",
        "notice",
    ];
    let rest = rest.to_lowercase();
    let is_title = rest.split(|c: char| !c.is_alphabetic()).take(5).any(|word| kinds.contains(&word));
    caption.party(part).filter(|_| is_title)
}

/// `Attorneys for Plaintiff`.
fn counsel_line(document: &Document<'_, '_>, line: &Line, caption: &Caption) -> Option<usize> {
    let items = items(document.text, line.bytes, document.named, line.first);
    let at = At { items: &items, at: 0, named: document.named };
    let at = at
        .word(&["attorney", "attorneys", "counsel", "lawyer", "lawyers", "solicitor", "solicitors"])?
        .word(&["for"])?
        .article();
    let (word, next) = at.any_word()?;
    let part = word.to_lowercase();
    let part = part.strip_suffix('s').unwrap_or(&part);
    let named = next.maybe(|at| at.mark(&[','])).name(&[Org, Person]).map(|(party, _)| party);
    named.or_else(|| caption.party(part))
}

fn text_of<'d>(document: &Document<'d, '_>, line: &Line) -> &'d str {
    &document.text[line.bytes.start..line.bytes.end]
}
