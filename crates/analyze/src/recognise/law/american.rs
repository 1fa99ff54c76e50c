//! Statutes, regulations, rules and constitutions of the United States.

use docmill_model::ByteSpan;

use super::super::fold;
use super::super::pattern::{Candidate, Reading, Row};
use super::{SECTION, SECTIONS, each_section, roman_or_number};

pub fn rows() -> Vec<Row> {
    let states: Vec<_> = STATES.split('|').map(|state| state.replace('.', r"\.").replace(' ', "~?")).collect();
    let fill = |source: &str| source.replace("<sections>", SECTIONS).replace("<section>", SECTION);
    vec![
        Row::many(
            fill(
                r"\b(?P<t>\d{1,2})~U\.?~?S\.?~?C\.?(?:~?[AS]\.)?,?~?(?:§§?|[Ss]ec(?:tions?|s?\.))?~?(?P<list><sections>)",
            ),
            |c| each_section(c, &format!("{} usc", c.group("t"))),
        ),
        Row::many(
            fill(
                r"\b(?P<t>\d{1,2})~C\.?~?F\.?~?R\.?,?~?(?P<part>[Pp]arts?|[Pp]t\.)?(?:§§?|[Ss]ec(?:tions?|s?\.))?~?(?P<list><sections>)",
            ),
            |c| {
                each_section(
                    c,
                    &format!("{} cfr{}", c.group("t"), if c.group("part").is_empty() { "" } else { " part" }),
                )
            },
        ),
        Row::one(r"\bPub(?:\.|lic)~?L(?:\.|aw)~?(?:[Nn]o\.?~)?(?P<a>\d{1,3})[-–](?P<b>\d{1,4})\b", |c| {
            Some(Reading::new(c.span(), format!("pub l {}-{}", c.group("a"), c.group("b")), 980))
        }),
        Row::one(r"\b(?P<a>\d{1,3})~Stat\.~(?P<b>\d{1,4})\b", |c| volume_and_page(c, "stat")),
        Row::one(r"\b(?P<a>\d{1,3})~Fed\.~?Reg\.~(?P<b>\d{1,3}(?:,\d{3})+|\d{1,6})\b", |c| {
            volume_and_page(c, "fed reg")
        }),
        Row::one(
            fill(concat!(
                r"\b(?:Fed\.~?R\.~?|Federal~Rules?~of~)(?P<k>Civ(?:\.|il)|Crim(?:\.|inal)|App(?:\.|ellate)|Evid(?:\.|ence)|",
                r"Bankr(?:\.|uptcy))(?:~?P(?:roc)?\.|~Procedure)?~(?:Rule~)?(?P<s><section>)"
            )),
            federal_rule,
        ),
        Row::one(fill(r"\b(?:FR|F\.R\.)(?P<k>C|Cr|A|E|B|Civ|Evid)\.?P?\.?~(?:Rule~)?(?P<s><section>)"), federal_rule),
        Row::many(
            fill(&format!(
                r"\b(?P<code>(?:{})(?:~?[A-Z](?:[A-Za-z&']{{1,12}}\.?|\.)){{1,6}})(?:~tit\.~(?P<tit>\d{{1,3}}))?,?~?(?:§§?|~[Ss]ec(?:tions?|s?\.))~?(?P<list><sections>)",
                states.join("|")
            )),
            state_code,
        ),
        Row::many(fill(r"\bN\.?~?Y\.?~C\.?P\.?L\.?R\.?~(?:[Rr]ule~|§§?~?)?(?P<list><sections>)"), |c| {
            each_section(c, "ny cplr")
        }),
        Row::one(r"\b(?P<a>\d{1,4})~ILCS~(?P<b>\d{1,4}/[\d.-]{1,12}\d(?:\([a-z0-9]{1,3}\)){0,4})", |c| {
            Some(Reading::new(c.span(), format!("{} ilcs {}", c.group("a"), c.group("b")), 950))
        }),
    ]
}

/// Constitutions count in Roman numerals or in words, without a digit.
pub fn rows_without_digits() -> Vec<Row> {
    vec![
        Row::one(
            r"\bU\.?~?S\.?~Const(?:\.|itution),?~(?P<k>[Aa]mend(?:\.|ment)|[Aa]rt(?:\.|icle))~(?P<n>[IVX]{1,6}|\d{1,2})\b(?:,?~(?:§|[Ss]ec(?:tion|\.))~?(?P<s>\d{1,2})\b)?(?:,?~cl\.~(?P<c>\d{1,2})\b)?",
            constitution,
        ),
        Row::one(
            r"\b(?P<w>(?i:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|thirteenth|fourteenth|fifteenth|sixteenth|nineteenth|twenty-first))~Amendment\b",
            amendment,
        ),
    ]
}

/// States as Bluebook abbreviates them, longer ones first where one begins another.
const STATES: &str = "Ala.|Alaska|Ariz.|Ark.|Cal.|Colo.|Conn.|Del.|D.C.|Fla.|Ga.|Haw.|Idaho|Ill.|Ind.|Iowa|Kan.|Ky.|La.|Me.|Md.|\
    Mass.|Mich.|Minn.|Miss.|Mo.|Mont.|Neb.|Nev.|N.H.|N.J.|N.M.|N.Y.|N.C.|N.D.|Ohio|Okla.|Or.|Pa.|R.I.|S.C.|S.D.|Tenn.|\
    Tex.|Utah|Vt.|Va.|Wash.|W. Va.|Wis.|Wyo.";

fn volume_and_page(c: &Candidate, series: &str) -> Option<Reading> {
    let page = c.group("b").replace(',', "");
    Some(Reading::new(c.span(), format!("{} {series} {page}", c.group("a")), 950))
}

fn federal_rule(c: &Candidate) -> Option<Reading> {
    let set = match c.group("k").trim_end_matches('.') {
        "Civ" | "Civil" | "C" => "civ p",
        "Crim" | "Criminal" | "Cr" => "crim p",
        "App" | "Appellate" | "A" => "app p",
        "Evid" | "Evidence" | "E" => "evid",
        "Bankr" | "Bankruptcy" | "B" => "bankr p",
        _ => return None,
    };
    Some(Reading::new(c.span(), format!("fed r {set} {}", c.group("s")), 970))
}

/// `Cal. Civ. Code § 1714` as `cal civ code 1714`.
fn state_code(c: &Candidate) -> Vec<Reading> {
    let code = abbreviation(c.group("code"));
    let title = c.group("tit");
    each_section(c, &if title.is_empty() { code } else { format!("{code} tit {title}") })
}

/// An abbreviation without full stops: initials joined, words apart (`N. C. Gen.Stat.` as `nc gen stat`).
fn abbreviation(written: &str) -> String {
    let mut out = String::new();
    let mut after_initial = false;
    for word in fold(written).to_lowercase().split([' ', '.']).filter(|word| !word.is_empty()) {
        let initial = word.chars().count() == 1;
        let joins = initial && after_initial;
        if !out.is_empty() && !joins {
            out.push(' ');
        }
        out.push_str(word);
        after_initial = initial;
    }
    out
}

fn constitution(c: &Candidate) -> Option<Reading> {
    let kind = if c.group("k").starts_with(['A', 'a']) && c.group("k")[1..].starts_with('m') { "amend" } else { "art" };
    let mut normal = format!("us const {kind} {}", c.group("n").to_lowercase());
    for (word, group) in [("s", "s"), ("cl", "c")] {
        if !c.group(group).is_empty() {
            normal.push_str(&format!(" {word} {}", c.group(group)));
        }
    }
    Some(Reading::new(c.span(), normal, 970))
}

/// `Fourteenth Amendment`, but not the `First Amendment to the Lease`.
fn amendment(c: &Candidate) -> Option<Reading> {
    const ORDINALS: [(&str, u32); 17] = [
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("fourth", 4),
        ("fifth", 5),
        ("sixth", 6),
        ("seventh", 7),
        ("eighth", 8),
        ("ninth", 9),
        ("tenth", 10),
        ("eleventh", 11),
        ("thirteenth", 13),
        ("fourteenth", 14),
        ("fifteenth", 15),
        ("sixteenth", 16),
        ("nineteenth", 19),
        ("twenty-first", 21),
    ];
    let word = c.group("w").to_lowercase();
    let number = ORDINALS.iter().find(|(name, _)| *name == word)?.1;
    const OF_A_CONTRACT: [&str; 10] = [
        "to ",
        "of ",
        "(",
        "dated",
        "effective",
        "agreement",
        "and supplement",
        "and restate",
        "and waiver",
        "and consent",
    ];
    let after = c.after(60).split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let of_a_contract = OF_A_CONTRACT.iter().any(|w| after.starts_with(w)) && !after.contains("constitution");
    let span = ByteSpan::new(c.span().start, c.span().end);
    (!of_a_contract).then(|| Reading::new(span, format!("us const amend {}", roman_or_number(number)), 750))
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Law;

    #[test]
    fn federal_law_is_cited_by_title_and_section() {
        table::check(
            Law,
            &[
                ("42 U.S.C. § 1983(a).", &[("42 U.S.C. § 1983(a)", "42 usc 1983(a)")]),
                ("42 USC 1983", &[("42 USC 1983", "42 usc 1983")]),
                (
                    "15 U.S.C. §§ 78j(b), 78t(a)",
                    &[("15 U.S.C. §§ 78j(b)", "15 usc 78j(b)"), ("78t(a)", "15 usc 78t(a)")],
                ),
                ("42 U.S.C.A. § 2000e-2(a)(1) (West", &[("42 U.S.C.A. § 2000e-2(a)(1)", "42 usc 2000e-2(a)(1)")]),
                ("17 C.F.R. § 240.10b-5", &[("17 C.F.R. § 240.10b-5", "17 cfr 240.10b-5")]),
                ("38 C.F.R. Part 4", &[("38 C.F.R. Part 4", "38 cfr part 4")]),
                ("Pub. L. No. 116-136", &[("Pub. L. No. 116-136", "pub l 116-136")]),
                ("124 Stat. 119", &[("124 Stat. 119", "124 stat 119")]),
                ("72 Fed. Reg. 12,345", &[("72 Fed. Reg. 12,345", "72 fed reg 12345")]),
                ("Fed. R. Civ. P. 12(b)(6)", &[("Fed. R. Civ. P. 12(b)(6)", "fed r civ p 12(b)(6)")]),
                (
                    "Federal Rule of Civil Procedure 56(c)",
                    &[("Federal Rule of Civil Procedure 56(c)", "fed r civ p 56(c)")],
                ),
                ("FRCP 26", &[("FRCP 26", "fed r civ p 26")]),
                ("Fed. R. Evid. 403", &[("Fed. R. Evid. 403", "fed r evid 403")]),
                ("U.S. Const. amend. XIV, § 1", &[("U.S. Const. amend. XIV, § 1", "us const amend xiv s 1")]),
                ("U.S. Const. art. I", &[("U.S. Const. art. I", "us const art i")]),
                ("the Fourteenth Amendment.", &[("Fourteenth Amendment", "us const amend xiv")]),
                ("the Fifth Amendment to the Constitution", &[("Fifth Amendment", "us const amend v")]),
            ],
        );
    }

    #[test]
    fn state_law_is_cited_by_code_and_section() {
        table::check(
            Law,
            &[
                ("Cal. Civ. Code § 1714", &[("Cal. Civ. Code § 1714", "cal civ code 1714")]),
                ("N.C. Gen.Stat. § 14-455(a)", &[("N.C. Gen.Stat. § 14-455(a)", "nc gen stat 14-455(a)")]),
                ("N.Y. Gen. Bus. Law § 349", &[("N.Y. Gen. Bus. Law § 349", "ny gen bus law 349")]),
                ("Del. Code Ann. tit. 8, § 145", &[("Del. Code Ann. tit. 8, § 145", "del code ann tit 8 145")]),
                ("735 ILCS 5/2-619", &[("735 ILCS 5/2-619", "735 ilcs 5/2-619")]),
                ("N.Y. C.P.L.R. 3211(a)(7)", &[("N.Y. C.P.L.R. 3211(a)(7)", "ny cplr 3211(a)(7)")]),
            ],
        );
        table::check_none(
            Law,
            &[
                "§ 12",
                "Section 5 of this Agreement",
                "42 U.S. 12",
                "First Amendment to the Lease",
                "Fifth Amendment\nand Supplement to Lease",
                "Rule 12",
                "C.F.R.",
                "U.S.C.",
                "Cal. is 12",
                "Me. and § 12",
            ],
        );
    }
}
