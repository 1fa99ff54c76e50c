//! Law of the European Union, the United Kingdom and France.

use docmill_model::ByteSpan;

use super::super::fold;
use super::super::pattern::{Candidate, Reading, Row};
use super::super::proper::start_of_name;
use super::SECTION;

/// Treaties and acts that are named by an abbreviation in any language.
const TREATIES: &str = r"TFEU|TEU|TFUE|TUE|ECHR|CEDH|GDPR|RGPD|EC~Treaty|EC|CISG";

/// French codes by the words behind `Code`, and by abbreviation.
const FRENCH_CODES: &str = concat!(
    r"civil|pénal|de~commerce|du~travail|de~la~consommation|de~procédure~civile|de~procédure~pénale|général~des~impôts|",
    r"de~la~propriété~intellectuelle|monétaire~et~financier|de~la~santé~publique|de~la~sécurité~sociale|des~assurances|",
    r"de~justice~administrative|de~l['’]environnement|de~l['’]urbanisme|de~la~route|électoral|rural|forestier|",
    r"général~des~collectivités~territoriales|de~l['’]organisation~judiciaire|de~la~construction~et~de~l['’]habitation"
);
const FRENCH_ABBREVIATIONS: &[(&str, &str)] = &[
    ("c civ", "code civil"),
    ("c com", "code de commerce"),
    ("c pén", "code pénal"),
    ("c trav", "code du travail"),
    ("c consom", "code de la consommation"),
    ("cpc", "code de procédure civile"),
    ("cpp", "code de procédure pénale"),
    ("cgi", "code général des impôts"),
    ("cpi", "code de la propriété intellectuelle"),
];

pub fn rows() -> Vec<Row> {
    let act = r"(?P<w>Act(?:~of)?~(?P<y>1[3-9]\d{2}|20\d{2}))";
    let section = format!(r"(?P<s>{SECTION})");
    vec![
        Row::one(
            format!(
                r"\b[Aa]rt(?:icles?|\.)~(?P<n>\d{{1,3}}[a-z]?(?:\((?:\d{{1,2}}|[a-z]{{1,3}})\)){{0,4}})~?(?:of~(?:the~)?|du~|de~la~|,~)?(?P<t>{TREATIES})\b"
            ),
            treaty,
        ),
        Row::one(
            concat!(
                r"(?:\b[Aa]rt(?:icle|ikel|\.)~(?P<n>\d{1,3}[a-z]?(?:\((?:\d{1,2}|[a-z]{1,3})\)){0,4})~(?:of~(?:the~)?|der~|du~|de~la~))?",
                r"\b(?P<k>(?:Commission~|Council~)?(?:Implementing~|Delegated~)?(?:Regulation|Directive|Decision)|Verordnung|Richtlinie|Beschluss|[Rr]èglement|[Dd]irective)",
                r"~(?:\((?:EU|EC|EEC|EG|EWG|CE|CEE|UE|Euratom)(?:,~?Euratom)?\)~)?(?:[Nn]o\.?~|Nr\.~|n°~?)?",
                r"(?P<a>\d{1,4})/(?P<b>\d{1,4})(?:/(?:EU|EC|EEC|EG|EWG|CE|CEE|UE|JHA|JI|GASP))?\b"
            ),
            act_of_union,
        ),
        Row::one(format!(r"\b{act}(?:,?~(?:s\.?|ss\.?|[Ss]ections?|§)~?{section})?"), act_with_year),
        Row::one(
            format!(
                r"\b(?:[Ss]ections?|[Ss]ec\.|s\.?|§)~?{section}~of~the~(?P<a>(?:[A-Z][A-Za-z'’&-]{{1,20}}~(?:and~|of~|for~|on~|to~|in~|&~|the~|\(){{0,2}}){{1,8}})Act\b(?:(?:~of)?~(?P<y>1[3-9]\d{{2}}|20\d{{2}}))?"
            ),
            section_of_act,
        ),
        Row::one(r"\bS\.?I\.?~(?:[Nn]o\.?~)?(?P<a>(?:19|20)\d{2})/(?P<b>\d{1,4})\b", |c| {
            Some(Reading::new(c.span(), format!("si {}/{}", c.group("a"), c.group("b")), 850))
        }),
        Row::one(
            format!(
                concat!(
                    r"\b[Aa]rt(?:icles?|\.)~(?P<p>[LRDA]\.?(?:~|\*)?)?(?P<n>\d{{1,4}}(?:-\d{{1,4}}){{0,4}})(?:,?~al(?:inéa|\.)~?\d{{1,2}})?,?~?",
                    r"(?:du~|de~ce~)?(?P<code>[Cc]ode~(?:{})|C\.~?(?:civ|com|pén|trav|consom)\.|CPC|CPP|CGI|CPI)"
                ),
                FRENCH_CODES
            ),
            french_article,
        ),
    ]
}

fn treaty(c: &Candidate) -> Option<Reading> {
    let treaty = fold(c.group("t")).to_lowercase();
    let treaty = match treaty.as_str() {
        "tfue" => "tfeu",
        "tue" => "teu",
        "cedh" => "echr",
        "rgpd" => "gdpr",
        "ec" => "ec treaty",
        other => other,
    };
    Some(Reading::new(c.span(), format!("{treaty} {}", c.group("n")), 950))
}

/// `Article 6(1) of Regulation (EU) 2016/679` as `regulation 2016/679 art 6(1)`.
fn act_of_union(c: &Candidate) -> Option<Reading> {
    let word = fold(c.group("k")).to_lowercase();
    let kind = match word.rsplit(' ').next()? {
        "regulation" | "verordnung" | "règlement" => "regulation",
        "directive" | "richtlinie" => "directive",
        _ => "decision",
    };
    let article = c.group("n");
    let article = if article.is_empty() { String::new() } else { format!(" art {article}") };
    Some(Reading::new(c.span(), format!("{kind} {}/{}{article}", c.group("a"), c.group("b")), 950))
}

/// `Companies Act 2006, s 172` as `companies act 2006 s 172`.
fn act_with_year(c: &Candidate) -> Option<Reading> {
    let act = c.group_span("w")?;
    let start = start_of_name(c.text, act.start, 10);
    let name = c.text[start..act.start].trim();
    if name.is_empty() || name.contains(',') && name.split(',').count() > 3 {
        return None;
    }
    let span = ByteSpan::new(start, c.span().end);
    Some(Reading::new(span, act_form(name, c.group("y"), c.group("s")), 920))
}

fn section_of_act(c: &Candidate) -> Option<Reading> {
    let name = c.group("a").trim();
    Some(Reading::new(c.span(), act_form(name, c.group("y"), c.group("s")), 920))
}

fn act_form(name: &str, year: &str, section: &str) -> String {
    let mut form = format!("{} act", fold(name).to_lowercase());
    for (word, value) in [("", year), ("s ", section)] {
        if !value.is_empty() {
            form.push_str(&format!(" {word}{value}"));
        }
    }
    form
}

/// `article L. 121-1 du Code de commerce` as `code de commerce l121-1`.
fn french_article(c: &Candidate) -> Option<Reading> {
    let code = fold(c.group("code")).to_lowercase().replace('’', "'");
    let short = code.replace(". ", " ").replace('.', " ");
    let code =
        FRENCH_ABBREVIATIONS.iter().find(|(name, _)| *name == short.trim()).map_or(code.as_str(), |(_, full)| full);
    let part = c.group("p").trim_end_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    Some(Reading::new(c.span(), format!("{code} {part}{}", c.group("n")), 950))
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Law;

    #[test]
    fn acts_of_the_union_are_cited_by_number() {
        table::check(
            Law,
            &[
                ("Article 101 TFEU", &[("Article 101 TFEU", "tfeu 101")]),
                ("Article 101(1) of the TFEU", &[("Article 101(1) of the TFEU", "tfeu 101(1)")]),
                ("Article 6(1)(f) GDPR", &[("Article 6(1)(f) GDPR", "gdpr 6(1)(f)")]),
                ("l'article 6 du RGPD", &[("article 6 du RGPD", "gdpr 6")]),
                ("Regulation (EU) 2016/679", &[("Regulation (EU) 2016/679", "regulation 2016/679")]),
                ("Verordnung (EU) Nr. 575/2013", &[("Verordnung (EU) Nr. 575/2013", "regulation 575/2013")]),
                ("Directive 95/46/EC.", &[("Directive 95/46/EC", "directive 95/46")]),
                (
                    "Article 17(1) of Regulation (EU) 2016/679",
                    &[("Article 17(1) of Regulation (EU) 2016/679", "regulation 2016/679 art 17(1)")],
                ),
            ],
        );
        table::check_none(Law, &["Regulation 5", "Directive 1", "the Regulation (EU)", "Article 5 of this"]);
    }

    #[test]
    fn acts_are_cited_by_title() {
        table::check(
            Law,
            &[
                ("under the Companies Act 2006, the", &[("Companies Act 2006", "companies act 2006")]),
                ("Companies Act 2006, s 172", &[("Companies Act 2006, s 172", "companies act 2006 s 172")]),
                (
                    "section 172 of the Companies Act 2006",
                    &[("section 172 of the Companies Act 2006", "companies act 2006 s 172")],
                ),
                ("The Civil Rights Act of 1964", &[("Civil Rights Act of 1964", "civil rights act 1964")]),
                (
                    "Section 10(b) of the Securities Exchange Act of 1934",
                    &[("Section 10(b) of the Securities Exchange Act of 1934", "securities exchange act 1934 s 10(b)")],
                ),
                ("Section 5 of the FTC Act", &[("Section 5 of the FTC Act", "ftc act s 5")]),
                ("SI 2019/419", &[("SI 2019/419", "si 2019/419")]),
            ],
        );
        table::check_none(
            Law,
            &["this Act 2006", "Act 2006", "an act of 1964", "Section 5 of the Act", "he will Act 2006"],
        );
    }

    #[test]
    fn french_articles_are_cited_with_their_code() {
        table::check(
            Law,
            &[
                (
                    "article L. 121-1 du Code de commerce",
                    &[("article L. 121-1 du Code de commerce", "code de commerce l121-1")],
                ),
                ("L'article 1240 du code civil", &[("article 1240 du code civil", "code civil 1240")]),
                ("art. 1134 C. civ.", &[("art. 1134 C. civ.", "code civil 1134")]),
                (
                    "article 700 du Code de procédure civile",
                    &[("article 700 du Code de procédure civile", "code de procédure civile 700")],
                ),
            ],
        );
        table::check_none(Law, &["article 5 du contrat", "article L. du Code civil", "Code civil"]);
    }
}
