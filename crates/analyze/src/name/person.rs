//! Names of persons: the form that is compared and the form that is shown.

use super::{fold, head, listed};

/// A person's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName {
    /// Given names and surname as they are compared, with a generation behind them (`john smith jr`): father and
    /// son are two persons.
    pub normal: String,
    /// The name in reading order, without quotes, titles kept: `Dr. Anna Schmidt`.
    pub shown: String,
    /// Titles and degrees as they are compared, in the order of the text; they tell nobody apart.
    pub titles: Vec<String>,
}

/// Titles in front of a name, as [`fold`] writes them. Sorted. Behind a name they are names (`Jack Lord`).
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "administrator", "admiral", "agent", "amb", "ambassador", "archbishop", "attorney", "atty", "baroness", "bishop",
    "brigadier", "brother", "capt", "captain", "cardinal", "chair", "chairman", "chairwoman", "chancellor", "chief",
    "cllr", "cmdr", "col", "colonel", "commander", "commissioner", "congressman", "congresswoman", "councillor", "dame",
    "deputy", "det", "detective", "dipl-ing", "director", "doctor", "dr", "father", "frau", "gen", "general", "gov",
    "governor", "herr", "hon", "honorable", "honourable", "inspector", "judge", "justice", "lady", "lieutenant", "lord",
    "lt", "madam", "madame", "mag", "maitre", "maj", "mayor", "minister", "miss", "mister", "mlle", "mme", "monsieur",
    "mr", "mrs", "ms", "mx", "officer", "prasident", "pres", "president", "prime", "prof", "professor", "rabbi", "rep",
    "representative", "rev", "reverend", "secretary", "sen", "senator", "senor", "senora", "sergeant", "sgt", "sheriff",
    "sir", "sister", "speaker", "superintendent", "supt", "vice",
];

/// Degrees behind a name, as [`fold`] writes them. Sorted. Those that are surnames too (`Ma`) are not among them.
const DEGREES: &[&str] = &["bsc", "cpa", "esq", "esquire", "llb", "llm", "mba", "md", "msc", "phd"];

/// Generations, as [`fold`] writes them. Sorted.
pub(crate) const GENERATIONS: &[&str] = &["ii", "iii", "iv", "jr", "jun", "junior", "sen", "senior", "sr"];

/// Takes a name apart. `None` when nothing that could be a name is left.
///
/// `Last, First` is turned round; what stands in brackets behind the name is left out, and so is a genitive's `'s`.
pub fn person(raw: &str) -> Option<PersonName> {
    let raw = head(raw);
    let quoted = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '‘' | '’' | '“' | '”' | '„' | '«' | '»');
    let raw = raw.trim_matches(quoted);
    let raw = raw.find(['(', '[']).filter(|&at| at > 0).map_or(raw, |at| raw[..at].trim_end_matches(quoted));
    let mut parts: Vec<&str> = raw.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    let mut behind = Vec::new();
    while parts.len() > 1 && parts[parts.len() - 1].split_whitespace().all(is_suffix) {
        behind.extend(parts.pop());
    }
    behind.reverse();
    if parts.len() == 2 {
        parts.swap(0, 1);
    }
    parts.extend(behind);
    let mut words: Vec<&str> = parts.iter().flat_map(|p| p.split_whitespace()).collect();
    if let Some(last) = words.last_mut() {
        let bare = last.strip_suffix("'s").or_else(|| last.strip_suffix("’s"));
        *last = bare.filter(|b| !b.is_empty()).unwrap_or(last);
    }

    // `Vice President`: an office without a name.
    let office = words.len() > 1 && words.iter().all(|word| listed(TITLES, &fold(word)) || fold(word).is_empty());
    let (mut names, mut titles, mut generation) = (Vec::new(), Vec::new(), None);
    for (index, word) in words.iter().enumerate() {
        let folded = fold(word);
        if folded.is_empty() {
            continue;
        }
        // The last word alone is a name whatever it says, and a title before it is that name's when it is one itself.
        let title = if names.is_empty() {
            listed(TITLES, &folded) && index + 1 < words.len() && !office
        } else {
            listed(DEGREES, &folded)
        };
        if title {
            titles.push(folded);
        } else if !names.is_empty() && listed(GENERATIONS, &folded) {
            generation = Some(generation_form(&folded));
        } else {
            names.push(folded);
        }
    }
    names.extend(generation.map(str::to_owned));
    let normal = names.join(" ");
    if !normal.chars().any(char::is_alphabetic) {
        return None;
    }
    Some(PersonName { normal, shown: words.join(" "), titles })
}

/// Whether a word, as [`fold`] writes it, is a title that stands in front of names.
pub(crate) fn is_title(folded: &str) -> bool {
    listed(TITLES, folded)
}

/// Whether a word, as [`fold`] writes it, stands between two persons: `Carrano and Biewener`.
pub(crate) fn is_conjunction(folded: &str) -> bool {
    matches!(folded, "and" | "&" | "und" | "et" | "y")
}

/// What a title says of who bears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Courtesy {
    Man,
    Woman,
}

/// The courtesy of a title, as [`fold`] writes it; most have none.
pub(crate) fn courtesy(title: &str) -> Option<Courtesy> {
    match title {
        "mr" | "mister" | "sir" | "herr" | "monsieur" | "lord" | "senor" => Some(Courtesy::Man),
        "mrs" | "ms" | "miss" | "mme" | "madame" | "madam" | "mlle" | "frau" | "lady" | "dame" | "senora" => {
            Some(Courtesy::Woman)
        }
        _ => None,
    }
}

fn is_suffix(word: &str) -> bool {
    let folded = fold(word);
    listed(GENERATIONS, &folded) || listed(DEGREES, &folded)
}

fn generation_form(folded: &str) -> &'static str {
    match folded {
        "ii" => "ii",
        "iii" => "iii",
        "iv" => "iv",
        "sen" | "senior" | "sr" => "sr",
        _ => "jr",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, normal: &str, shown: &str) {
        let name = person(raw);
        let found = name.as_ref().map(|n| (n.normal.as_str(), n.shown.as_str()));
        assert_eq!(found.unwrap_or_default(), (normal, shown), "name {raw:?}");
    }

    #[test]
    fn spellings_of_one_name_have_one_normal_form() {
        for (raw, normal, shown) in [
            ("Anna Schmidt", "anna schmidt", "Anna Schmidt"),
            ("\"Schmidt, Anna\"", "anna schmidt", "Anna Schmidt"),
            ("  SCHMIDT,   ANNA ", "anna schmidt", "ANNA SCHMIDT"),
            ("Dr. Anna Schmidt", "anna schmidt", "Dr. Anna Schmidt"),
            ("Anna Schmidt, PhD", "anna schmidt", "Anna Schmidt PhD"),
            ("Anna Schmidt (Legal)", "anna schmidt", "Anna Schmidt"),
            ("'Anna Schmidt'", "anna schmidt", "Anna Schmidt"),
            ("José Ángel Núñez", "jose angel nunez", "José Ángel Núñez"),
            ("Jörg Weiß", "jorg weiss", "Jörg Weiß"),
            ("J. R. R. Tolkien", "j r r tolkien", "J. R. R. Tolkien"),
            ("Jack Ma", "jack ma", "Jack Ma"),
            ("Mr. Jack Lord", "jack lord", "Mr. Jack Lord"),
            ("Pat O’Brien", "pat obrien", "Pat O’Brien"),
            ("Anna Schmidt's", "anna schmidt", "Anna Schmidt"),
            ("An\u{200b}na Schmidt", "anna schmidt", "An\u{200b}na Schmidt"),
            ("Vice President Anna Schmidt", "anna schmidt", "Vice President Anna Schmidt"),
            ("Иван Йовков", "иван иовков", "Иван Йовков"),
            ("がく", "がく", "がく"),
            ("हिन्दी", "हिन्दी", "हिन्दी"),
            ("김민수", "김민수", "김민수"),
        ] {
            check(raw, normal, shown);
        }
    }

    #[test]
    fn father_and_son_are_two_persons() {
        for (raw, normal) in [
            ("John Smith Jr.", "john smith jr"),
            ("Smith, John, Jr.", "john smith jr"),
            ("John Smith, Sr., Esq.", "john smith sr"),
            ("John Smith III", "john smith iii"),
            ("Sen. John Smith", "john smith"),
        ] {
            assert_eq!(person(raw).map(|n| n.normal).as_deref(), Some(normal), "name {raw:?}");
        }
    }

    #[test]
    fn what_is_no_name_gives_none() {
        for raw in ["", " \"\" ", "123", ",", "...", "(1)"] {
            assert_eq!(person(raw), None, "name {raw:?}");
        }
    }

    #[test]
    fn the_word_lists_are_sorted() {
        assert!([TITLES, DEGREES, GENERATIONS].iter().all(|list| list.is_sorted()));
    }
}
