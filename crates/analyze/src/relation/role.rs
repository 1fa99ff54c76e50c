//! The words for what people are to an organisation.

use super::passage::{At, Item};

/// Words that name an office or a place in an organisation. Lower case, sorted.
#[rustfmt::skip]
const HEADS: &[&str] = &[
    "accountant", "actuary", "administrator", "adviser", "advisor", "agent", "ambassador", "analyst",
    "anthropologist", "archbishop", "architect", "archivist", "assistant", "associate", "astronomer",
    "attorney-general", "auditor", "biologist", "bishop", "board-member", "bookkeeper", "boss", "broker", "buyer",
    "captain", "cashier", "ceo", "cfo", "chair", "chairman", "chairperson", "chairwoman", "chancellor", "chef",
    "chemist", "chief", "cio", "clerk", "cmo", "co-ceo", "co-chair", "co-chairman", "co-director", "co-editor",
    "co-founder", "co-president", "coach", "cofounder", "columnist", "commander", "commissioner", "comptroller",
    "conductor", "congressman", "congresswoman", "consultant", "controller", "coo", "coordinator", "correspondent",
    "cto", "curator", "dean", "deputy", "designer", "detective", "developer", "director", "directors", "economist",
    "editor", "editor-in-chief", "educator", "employee", "engineer", "envoy", "epidemiologist", "ex-ceo", "executive",
    "expert", "fellow", "founder", "geologist", "governor", "head", "historian", "inspector", "instructor", "intern",
    "investigator", "journalist", "judge", "king", "leader", "lecturer", "librarian", "lieutenant", "lobbyist",
    "manager", "mathematician", "mayor", "md", "member", "meteorologist", "minister", "officer", "operator",
    "organizer", "paralegal", "partner", "physician", "physicist", "planner", "pollster", "premier", "presenter",
    "president", "principal", "producer", "professor", "programmer", "promoter", "prosecutor", "provost",
    "psychologist", "publisher", "queen", "rector", "registrar", "reporter", "representative", "researcher",
    "salesman", "scholar", "scientist", "secretary", "secretary-general", "senator", "sheriff", "sociologist",
    "specialist", "spokesman", "spokesperson", "spokeswoman", "staffer", "statistician", "strategist",
    "superintendent", "supervisor", "surveyor", "teacher", "technician", "trader", "treasurer", "trustee",
    "underwriter", "vice-chairman", "vice-president", "vp", "warden", "webmaster", "worker",
];

/// Offices that a state or a town has: their holder serves a place. Sorted.
#[rustfmt::skip]
const PUBLIC: &[&str] = &[
    "ambassador", "chancellor", "congressman", "congresswoman", "governor", "king", "mayor", "minister", "premier",
    "president", "queen", "senator",
];

/// Words that stand before them. Sorted.
#[rustfmt::skip]
const MODIFIERS: &[&str] = &[
    "account", "acting", "adjunct", "administrative", "advertising", "art", "artistic", "assistant", "associate",
    "board", "branch", "business", "chief", "club", "commercial", "communications", "compliance", "corporate",
    "country", "creative", "current", "deputy", "design", "development", "digital", "district", "editorial",
    "education", "emeritus", "engineering", "executive", "finance", "financial", "first", "foreign", "former",
    "founding", "fundraising", "general", "global", "group", "head", "honorary", "human", "incoming", "information",
    "interim", "investment", "joint", "junior", "lead", "legal", "long-time", "longtime", "managing", "marketing",
    "media", "medical", "music", "musical", "national", "new", "news", "non-executive", "office", "operating",
    "operations", "outgoing", "personnel", "planning", "policy", "political", "press", "prime", "principal",
    "product", "production", "program", "programme", "project", "public", "purchasing", "quality", "regional",
    "relations", "research", "resources", "retired", "safety", "sales", "science", "security", "senior", "site",
    "software", "sporting", "staff", "strategy", "support", "supreme", "systems", "team", "technical", "technology",
    "then", "trade", "training", "vice", "visiting", "web",
];

/// Parts of an organisation that stand for an office where people are listed: `Annika Vogt, accounts`. Sorted.
#[rustfmt::skip]
const DESKS: &[&str] = &[
    "accounting", "accounts", "billing", "claims", "finance", "legal", "marketing", "purchasing", "sales", "support",
];

/// Words that a role has at most.
const LONGEST: usize = 6;

/// A role that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// In lower case but for abbreviations: `vice president`, `CEO`.
    pub text: String,
    /// Whether a place may have it.
    pub is_public: bool,
}

/// Reads a role: words before an office, the office, perhaps `and` another one.
pub(super) fn role<'s, 'a>(start: At<'s, 'a>) -> Option<(Role, At<'s, 'a>)> {
    let mut at = start;
    let mut text: Vec<String> = Vec::new();
    let mut found = None;
    while text.len() < LONGEST {
        if found.is_some()
            && let Some(next) = at.word(&["and"]).or_else(|| at.mark(&['&']))
        {
            // `founder and director`, but not `director and John`.
            if head(next).is_none() && modifier(next).is_none() {
                break;
            }
            text.push("and".to_owned());
            at = next;
        }
        if let Some((word, next)) = head(at) {
            text.push(shown(word));
            found = Some((text.len(), word, next));
            at = next;
        } else if let Some((word, next)) = modifier(at) {
            text.push(shown(word));
            at = next;
        } else {
            break;
        }
    }
    let (words, last, at) = found?;
    text.truncate(words);
    Some((Role { text: text.join(" "), is_public: listed(PUBLIC, last) }, at))
}

/// A role, or the part of an organisation that stands for one.
pub(super) fn role_or_desk<'s, 'a>(at: At<'s, 'a>) -> Option<(Role, At<'s, 'a>)> {
    role(at).or_else(|| {
        let (word, next) = at.any_word().filter(|(word, _)| listed(DESKS, word))?;
        Some((Role { text: word.to_lowercase(), is_public: false }, next))
    })
}

fn head<'s, 'a>(at: At<'s, 'a>) -> Option<(&'a str, At<'s, 'a>)> {
    at.any_word()
        .filter(|(word, _)| listed(HEADS, word) || word.strip_suffix(['s', 'S']).is_some_and(|w| listed(HEADS, w)))
}

fn modifier<'s, 'a>(at: At<'s, 'a>) -> Option<(&'a str, At<'s, 'a>)> {
    at.any_word().filter(|(word, _)| listed(MODIFIERS, word))
}

fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

/// Abbreviations as they are, all else in lower case.
fn shown(word: &str) -> String {
    let is_short = word.len() <= 4 && word.chars().all(char::is_uppercase);
    if is_short { word.to_owned() } else { word.to_lowercase() }
}

/// Words behind which what was said before is no longer about the same thing. Sorted.
#[rustfmt::skip]
const OTHER: &[&str] = &[
    "and", "but", "he", "or", "she", "that", "they", "when", "where", "which", "while", "who", "whose",
];

/// Reads from a role to the organisation: `of`, `for the`, `of marketing at`, `of the software company`.
pub(super) fn to_organisation<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    let next = at.word(&["of", "for", "at", "with", "from"])?.article();
    if let Some(Item::Name(_)) = next.item() {
        return Some(next);
    }
    let plain = |at: At<'s, 'a>| {
        let (word, next) = at.any_word()?;
        let is_plain = word.chars().next().is_some_and(char::is_lowercase) && !listed(OTHER, word);
        is_plain.then_some(next)
    };
    // `director of research and development at X`: words up to another preposition, then the name.
    let mut here = next;
    for _ in 0..5 {
        if let Some(Item::Name(_)) = here.item() {
            return Some(here);
        }
        here = match here.word(&["of", "for", "at", "with", "and"]) {
            Some(there) => there.article(),
            None => plain(here)?,
        };
    }
    matches!(here.item(), Some(Item::Name(_))).then_some(here)
}

#[cfg(test)]
mod tests {
    use docmill_model::ByteSpan;

    use super::super::passage::items;
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let items = items(text, ByteSpan::new(0, text.len()), &[], 0);
        let found = role(At { items: &items, at: 0, named: &[] });
        let found = found.map(|(role, at)| {
            let rest: Vec<_> = items[at.at..].iter().map(|i| if let Item::Word(w) = i { *w } else { "" }).collect();
            (role.text, rest.join(" "))
        });
        assert_eq!(found, expected.map(|(r, t)| (r.to_owned(), t.to_owned())), "role at the start of {text:?}");
    }

    #[test]
    fn a_role_is_an_office_with_the_words_before_it() {
        for (text, expected) in [
            ("director of X", Some(("director", "of X"))),
            ("Managing Director of X", Some(("managing director", "of X"))),
            ("CEO and co-founder at X", Some(("CEO and co-founder", "at X"))),
            ("chairman and chief executive officer", Some(("chairman and chief executive officer", ""))),
            ("senior vice president and others", Some(("senior vice president", "and others"))),
            ("directors of X", Some(("directors", "of X"))),
            ("former head of state", Some(("former head", "of state"))),
            ("financial markets", None),
            ("wife of X", None),
            ("", None),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn the_word_lists_are_sorted() {
        for list in [HEADS, PUBLIC, MODIFIERS, DESKS, OTHER] {
            assert!(list.is_sorted_by(|a, b| a < b), "{:?}", list.windows(2).find(|w| w[0] >= w[1]));
        }
    }
}
