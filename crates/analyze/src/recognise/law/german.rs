//! German, Austrian and Swiss provisions: `§ 433 Abs. 1 Satz 2 BGB`, `Art. 6 Abs. 1 lit. f DSGVO`.

use docmill_model::ByteSpan;

use super::super::pattern::{Candidate, Reading, Row};

/// Section with its subdivisions.
const ITEM: &str = concat!(
    r"\d{1,4}[a-z]?(?:,?~?(?:Abs(?:atz|\.)~?\d{1,2}[a-z]?|S(?:atz|\.)~?\d{1,2}|U(?:nter)?abs\.~?\d|Nr\.~?\d{1,2}[a-z]?|Nummer~\d{1,2}",
    r"|lit\.~?[a-z]{1,2}\b\)?|Buchst(?:abe|\.)~?[a-z]\b\)?|H(?:alb)?s(?:atz|\.)~?\d|Var\.~?\d|Alt\.~?\d|ff?\.|I{1,3}\b|IV\b|VI{0,3}\b|\d\b)){0,6}"
);

/// Codes whose abbreviation does not end like one (see [`is_code`]).
const CODES: &str = "GG BGB HGB ZGB ABGB StGB EGBGB AO ZPO StPO InsO DSGVO DS-GVO EUV AEUV GRCh EMRK OR StVO VwGO FGO UGB SGB \
    BauNVO UStDV VOB GewO HOAI VgV LugÜ CISG EuGVVO WRV AktG BV";

pub fn rows() -> Vec<Row> {
    let join = r"(?:,~|~und~|~u\.~|~oder~|~bis~|~i\.~?V\.~?m\.~|;~)(?:§§?~?)?";
    vec![Row::many(
        format!(
            r"(?:§§?|\bArt(?:ikeln?|\.)|\bArtt\.)~?(?P<list>{ITEM}(?:{join}{ITEM}){{0,8}})~(?:des~|der~)?(?P<code>[A-ZÄÖÜ][A-Za-zÄÖÜäöü-]{{1,14}}\b(?:~[IVX]{{1,4}}\b)?)"
        ),
        each_provision,
    )]
}

/// Whether a word is the abbreviation of a code: listed, or two capitals at least of which the last closes it as
/// `Gesetz`, `Ordnung`, `Verordnung` or `Buch` would.
fn is_code(word: &str) -> bool {
    let capitals = word.chars().filter(|c| c.is_uppercase()).count();
    let listed = CODES.split_whitespace().any(|code| code == word);
    listed || capitals >= 2 && word.chars().count() >= 3 && word.ends_with(['G', 'O', 'V', 'B']) && !word.contains('-')
}

/// Normal form: code first, then the section and its subdivisions in one spelling (`bgb 433 abs 1 satz 2`).
fn each_provision(c: &Candidate) -> Vec<Reading> {
    let (Some(list), Some(code)) = (c.group_span("list"), c.group_span("code")) else { return Vec::new() };
    let written = &c.text[code.start..code.end];
    let (word, number) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
    if !is_code(word) {
        return Vec::new();
    }
    // A Roman numeral belongs to the books of the social code only.
    let (code_name, end) = match word {
        "SGB" if !number.is_empty() => (format!("sgb {}", number.trim().to_lowercase()), code.end),
        _ => (word.to_lowercase().replace('-', ""), code.start + word.len()),
    };
    let starts = item_starts(c.text, list);
    let mut readings = Vec::with_capacity(starts.len());
    for (index, &start) in starts.iter().enumerate() {
        let stop = starts.get(index + 1).copied().unwrap_or(list.end);
        let item = without_joint(&c.text[start..stop]);
        let first = if index == 0 { c.span().start } else { with_sign(c.text, start) };
        let last = if index + 1 == starts.len() { end } else { start + item.len() };
        readings.push(Reading::new(ByteSpan::new(first, last), format!("{code_name} {}", canonical(item)), 960));
    }
    readings
}

/// Where each section of a list begins: a number behind a joint.
fn item_starts(text: &str, list: ByteSpan) -> Vec<usize> {
    const JOINTS: [&str; 7] = [",", "und", "u.", "oder", "bis", "m.", ";"];
    let slice = &text[list.start..list.end];
    let mut starts = vec![list.start];
    let mut at = 0;
    let mut previous = "";
    for word in slice.split_whitespace() {
        let start = at + slice[at..].find(word).unwrap_or(0);
        at = start + word.len();
        let bare = word.trim_start_matches('§');
        let number = bare.starts_with(|c: char| c.is_ascii_digit());
        let joined = previous.trim_end_matches('§').is_empty() && !previous.is_empty()
            || JOINTS.iter().any(|joint| previous == *joint || joint.len() == 1 && previous.ends_with(joint))
            || previous.ends_with("V.m.");
        if start > 0 && number && joined {
            starts.push(list.start + start + word.len() - bare.len());
        }
        previous = word;
    }
    starts
}

/// Where an item begins with its own section sign, when it has one.
fn with_sign(text: &str, start: usize) -> usize {
    let head = text[..start].trim_end();
    if head.ends_with('§') { head.trim_end_matches('§').len() } else { start }
}

/// An item without the words that join it to the next.
fn without_joint(item: &str) -> &str {
    let mut item = item;
    loop {
        let before = item.len();
        item = item.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '§'));
        for joint in [" und", " u.", " oder", " bis", " i.V.m.", " i. V. m.", " i.V. m."] {
            item = item.strip_suffix(joint).unwrap_or(item);
        }
        if item.len() == before {
            return item;
        }
    }
}

/// Subdivisions in one spelling; a Roman numeral is a paragraph, a lone digit behind it a sentence.
fn canonical(item: &str) -> String {
    let mut out = String::new();
    let spaced = item.replace('.', ". ").replace(',', " ");
    let mut after_roman = false;
    for word in spaced.split_whitespace() {
        let word = word.trim_matches(['.', ')']);
        // `Abs.1` and `Satz1` without a space were parted at the full stop; words in front of digits were not.
        let mapped = match word.to_lowercase().as_str() {
            "abs" | "absatz" => "abs".to_owned(),
            "s" | "satz" => "satz".to_owned(),
            "nr" | "nummer" => "nr".to_owned(),
            "lit" | "buchst" | "buchstabe" => "lit".to_owned(),
            "hs" | "halbs" | "halbsatz" => "hs".to_owned(),
            "uabs" | "unterabs" => "uabs".to_owned(),
            "i" | "ii" | "iii" | "iv" | "v" | "vi" | "vii" | "viii" if word.starts_with(char::is_uppercase) => {
                after_roman = true;
                format!("abs {}", arabic(word))
            }
            digits if after_roman && digits.bytes().all(|b| b.is_ascii_digit()) && ends_with_number(&out) => {
                format!("satz {digits}")
            }
            other => other.to_owned(),
        };
        if !out.is_empty() && !mapped.is_empty() {
            out.push(' ');
        }
        out.push_str(&mapped);
    }
    out
}

fn ends_with_number(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_digit())
}

fn arabic(roman: &str) -> u32 {
    const NUMERALS: [&str; 8] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII"];
    (1..).zip(NUMERALS).find(|(_, numeral)| *numeral == roman).map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Law;

    #[test]
    fn provisions_are_cited_with_their_code() {
        table::check(
            Law,
            &[
                ("nach § 433 Abs. 1 Satz 2 BGB.", &[("§ 433 Abs. 1 Satz 2 BGB", "bgb 433 abs 1 satz 2")]),
                ("§433 Abs.1 S.2 BGB", &[("§433 Abs.1 S.2 BGB", "bgb 433 abs 1 satz 2")]),
                ("§§ 280, 281 BGB", &[("§§ 280", "bgb 280"), ("281 BGB", "bgb 281")]),
                (
                    "§§ 280 Abs. 1, 283 und 286 BGB",
                    &[("§§ 280 Abs. 1", "bgb 280 abs 1"), ("283", "bgb 283"), ("286 BGB", "bgb 286")],
                ),
                ("§ 823 Abs. 2 i.V.m. § 263 StGB", &[("§ 823 Abs. 2", "stgb 823 abs 2"), ("§ 263 StGB", "stgb 263")]),
                ("Art. 5 GG", &[("Art. 5 GG", "gg 5")]),
                ("Art. 6 Abs. 1 lit. f DSGVO", &[("Art. 6 Abs. 1 lit. f DSGVO", "dsgvo 6 abs 1 lit f")]),
                ("Art. 6 DS-GVO", &[("Art. 6 DS-GVO", "dsgvo 6")]),
                ("§ 812 I 1 BGB", &[("§ 812 I 1 BGB", "bgb 812 abs 1 satz 1")]),
                ("§ 1a UWG", &[("§ 1a UWG", "uwg 1a")]),
                ("§ 15 WpÜG", &[("§ 15 WpÜG", "wpüg 15")]),
                ("§ 5 SGB V", &[("§ 5 SGB V", "sgb v 5")]),
                ("§ 626 ff. BGB", &[("§ 626 ff. BGB", "bgb 626 ff")]),
            ],
        );
        table::check_none(
            Law,
            &["§ 5 Kündigung", "§ 5", "Art. 5 Haus", "§ 5 Die", "Artikel 5 der Satzung", "§ BGB", "§ 5 A"],
        );
    }
}
