//! Decisions of courts in the United Kingdom and its relatives, of the European Union, Germany and France.

use std::sync::LazyLock;

use docmill_model::ByteSpan;
use regex::Regex;

use super::super::fold;
use super::super::pattern::{Candidate, Reading, Row, compile};
use super::super::proper::start_of_caption;

/// Courts with neutral citations.
const NEUTRAL: &str = concat!(
    r"UKSC|UKHL|UKPC|UKCLR|EWCA~(?:Civ|Crim)|EWHC|EWFC|EWCOP|CSIH|CSOH|HCJAC|NICA|NIQB|NICh|UKUT|UKEAT|EAT|UKFTT|",
    r"HCA|FCAFC|FCA|NSWCA|NSWSC|VSCA|SGCA|SGHC|NZSC|NZCA|NZHC|IEHC|IESC|IECA|HKCFA|HKCA|ZASCA|ZACC"
);

/// Printed reports that are cited by a year in brackets.
const REPORTS: &str =
    r"AC|QB|KB|Ch|WLR|All~ER|Fam|ICR|IRLR|BCLC|BCC|Lloyd['’]s~Rep|Cr~App~R|FLR|EGLR|RPC|ECR|CMLR|P|IR|SCR";

/// Register signs of German federal courts, which no other word looks like.
const FEDERAL_SIGNS: &str = r"ZR|ZB|ZA|AR\(VZ\)|StR|StB|ARs|BvR|BvL|BvF|BvE|BvQ|BvB|BvG|PBvU|AZR|AZB|ABR|AZN|AS|NotZ|EnZR|EnVR|KZR|KVR|BLw|AnwZ";

/// Register signs of the other courts: short, so that a court or `Az.` has to stand in front of them.
const LOCAL_SIGNS: &str =
    r"OWi|KLs|KLS|Ls|Ds|Cs|Js|UJs|Ks|Qs|Ns|Ss|Ws|Sa|Ta|Ca|BV|TaBV|Kart|UF|WF|OH|HKO|IN|IK|VA|[OUSCTWKLFBREMPAH]";

pub fn rows() -> Vec<Row> {
    let german = |signs: &str| {
        format!(r"\b(?:[IVX]{{1,6}}|\d{{1,3}})[a-z]?~(?:{signs})~\d{{1,6}}/\d{{2,4}}\b(?:~[A-Z]{{1,2}}\b)?")
    };
    vec![
        Row::one(
            format!(r"\[(?P<y>[12]\d{{3}})\]~(?P<c>{NEUTRAL})~(?P<n>\d{{1,5}})\b(?:~\((?P<d>[A-Z][A-Za-z]{{1,7}})\))?"),
            neutral,
        ),
        Row::one(format!(r"\[(?P<y>1[89]\d{{2}}|20\d{{2}})\]~(?P<v>\d~)?(?P<c>{REPORTS})~(?P<n>\d{{1,4}})\b"), printed),
        Row::one(r"\b(?P<y>19[89]\d|20\d{2})~(?P<c>SCC|ONCA|BCCA|ABCA|FCA|QCCA|ONSC|BCSC)~(?P<n>\d{1,5})\b", printed),
        Row::one(r"\bECLI:[A-Z]{2}:[A-Z0-9]{1,7}:\d{4}:[A-Za-z0-9.]{1,25}", ecli),
        Row::one(r"\b(?P<k>[CTF])[-‑–](?P<n>\d{1,4})/(?P<y>\d{2})(?:~(?P<p>P)\b)?", union_court),
        Row::one(german(FEDERAL_SIGNS), |c| docket(c, false)),
        Row::one(german(LOCAL_SIGNS), |c| docket(c, true)),
        Row::one(
            r"\b(?P<c>BGHZ|BGHSt|BVerfGE|BAGE|BFHE|BVerwGE|BSGE|RGZ|RGSt|NJW-RR|NJW|NStZ|NZA|NZG|GRUR|MDR|ZIP|WM)~(?P<v>\d{1,4}),~(?P<n>\d{1,5})\b(?:~\(\d{1,5}\))?",
            german_report,
        ),
        Row::one(
            concat!(
                r"\b(?P<c>Cass|CE|CA)\b\.?~?(?:~?(?:civ|com|soc|crim|ass|plén|ch|mixte|sect|req|[A-Z][a-zé]{2,12})\b\.?~?(?:\d(?:re|e|er|ère|ème)\b)?~?){0,3},?~",
                r"\d{1,2}(?:er)?~[a-zéû]{3,9}\.?~[12]\d{3},~n(?:°|o|os|º)~?(?P<n>\d{2}[-/]\d{2}[. ]?\d{3}|\d{5,6})\b"
            ),
            french,
        ),
        Row::one(r"\b(?:[Pp]ourvoi~)?[nN](?:°|º)~?(?P<n>\d{2}-\d{2}\.\d{3})\b", french),
    ]
}

fn with_caption(c: &Candidate, normal: String, confidence: u16) -> Option<Reading> {
    let start = start_of_caption(c.text, c.span().start).unwrap_or(c.span().start);
    Some(Reading::new(ByteSpan::new(start, c.span().end), normal, confidence))
}

/// `[2019] ewhc 123 (ch)`.
fn neutral(c: &Candidate) -> Option<Reading> {
    let division = if c.group("d").is_empty() { String::new() } else { format!(" ({})", c.group("d")) };
    let normal = format!("[{}] {} {}{division}", c.group("y"), fold(c.group("c")), c.group("n"));
    with_caption(c, normal.to_lowercase(), 980)
}

fn printed(c: &Candidate) -> Option<Reading> {
    with_caption(c, fold(&c.text[c.span().start..c.span().end]).to_lowercase(), 900)
}

fn ecli(c: &Candidate) -> Option<Reading> {
    let value = c.text[c.span().start..c.span().end].trim_end_matches('.');
    let span = ByteSpan::new(c.span().start, c.span().start + value.len());
    Some(Reading::new(span, value.to_lowercase(), 990))
}

/// Numbers of the Court of Justice want the word for a case, or another number, in front of them.
fn union_court(c: &Candidate) -> Option<Reading> {
    static CONTEXT: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?:\b[Cc]ases?|CASES?|Rechtssachen?|Rs\.|verb\.|[Aa]ffaires?|[Aa]ff\.|judgment|Urteil|arrêt|EuGH|CJEU|ECJ|[CTF][-‑–]\d{1,4}/\d{2}(?:~P)?)(?:,|~)?~?(?:(?:in|and|und|et|to|bis|à|v\.|nos?\.?)~)?(?:[Jj]oined~[Cc]ases~)?$",
        )
    });
    let appeal = if c.group("p").is_empty() { "" } else { " p" };
    let normal = format!("{}-{}/{}{appeal}", c.group("k").to_lowercase(), c.group("n"), c.group("y"));
    CONTEXT.is_match(c.before(40)).then(|| Reading::new(c.span(), normal, 960))
}

/// A German docket with the court, the kind of decision and its date, when they lead to it.
fn docket(c: &Candidate, wants_court: bool) -> Option<Reading> {
    static LEAD: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"\b(?:BGH|BVerfG|BAG|BFH|BSG|BVerwG|BPatG|KG|RG|(?:OLG|LG|AG|LAG|ArbG|VG|OVG|VGH|FG|SG|LSG|BayObLG)(?:~[A-ZÄÖÜ][a-zäöüß]{2,20}){0,3}(?:~\(?[A-Z][a-z]{2,12}\)?)?)",
            r"(?:~\([^()\n]{2,30}\))?,?~(?:(?:Urteil|Urt\.|Beschluss|Beschl\.|Beschluß|Verfügung|U\.|B\.|Versäumnisurteil)~(?:v\.|vom)~\d{1,2}\.~?(?:\d{1,2}\.~?|[A-ZÄÖÜ][a-zäöü]{2,9}~)\d{4},?~?)?[-–—,(:]?~?(?:Az\.:?~?|Aktenzeichen:?~?)?$"
        ))
    });
    static NAMED: LazyLock<Regex> =
        LazyLock::new(|| compile(r"(?:\bAz\.?|[Aa]ktenzeichen|Geschäfts-?[Nn](?:r\.|ummer)|\bGz\.?):?~?$"));
    let before = c.before(120);
    let lead = LEAD.find(before).map(|lead| c.span().start - before.len() + lead.start());
    if wants_court && lead.is_none() && !NAMED.is_match(before) {
        return None;
    }
    let key = fold(&c.text[c.span().start..c.span().end]).to_lowercase();
    Some(Reading::new(
        ByteSpan::new(lead.unwrap_or(c.span().start), c.span().end),
        key,
        if wants_court { 900 } else { 960 },
    ))
}

fn german_report(c: &Candidate) -> Option<Reading> {
    Some(Reading::new(c.span(), format!("{} {}, {}", c.group("c").to_lowercase(), c.group("v"), c.group("n")), 900))
}

/// `Cass. civ. 1re, 3 mars 2010, n° 09-11.234` as `cass 09-11.234`.
fn french(c: &Candidate) -> Option<Reading> {
    let court = if c.group("c").is_empty() { "cass".to_owned() } else { c.group("c").to_lowercase() };
    let number = c.group("n").replace(' ', ".");
    Some(Reading::new(c.span(), format!("{court} {number}"), if c.group("c").is_empty() { 800 } else { 970 }))
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Case;

    #[test]
    fn british_and_union_decisions_are_cited_by_number() {
        table::check(
            Case,
            &[
                ("[2019] EWHC 123 (Ch)", &[("[2019] EWHC 123 (Ch)", "[2019] ewhc 123 (ch)")]),
                ("Smith v Jones [2004] UKHL 22", &[("Smith v Jones [2004] UKHL 22", "[2004] ukhl 22")]),
                ("[2001] EWCA Civ 5", &[("[2001] EWCA Civ 5", "[2001] ewca civ 5")]),
                ("[1990] 2 AC 605", &[("[1990] 2 AC 605", "[1990] 2 ac 605")]),
                ("Case C-131/12 Google", &[("C-131/12", "c-131/12")]),
                (
                    "Joined Cases C-402/05 P and C-415/05 P",
                    &[("C-402/05 P", "c-402/05 p"), ("C-415/05 P", "c-415/05 p")],
                ),
                ("Rechtssache T-123/45", &[("T-123/45", "t-123/45")]),
                ("ECLI:EU:C:2014:317.", &[("ECLI:EU:C:2014:317", "ecli:eu:c:2014:317")]),
            ],
        );
        table::check_none(Case, &["C-131/12", "[2019]", "[2019] ABCD 5", "ECLI:", "Size T-12/34"]);
    }

    #[test]
    fn german_and_french_decisions_are_cited_by_docket() {
        table::check(
            Case,
            &[
                (
                    "BGH, Urteil vom 3. März 2020 – XI ZR 12/19.",
                    &[("BGH, Urteil vom 3. März 2020 – XI ZR 12/19", "xi zr 12/19")],
                ),
                (
                    "BVerfG, Beschl. v. 03.03.2020 - 1 BvR 123/19",
                    &[("BVerfG, Beschl. v. 03.03.2020 - 1 BvR 123/19", "1 bvr 123/19")],
                ),
                (
                    "LG Berlin, Urteil vom 3.3.2020, Az. 12 O 345/20",
                    &[("LG Berlin, Urteil vom 3.3.2020, Az. 12 O 345/20", "12 o 345/20")],
                ),
                ("Aktenzeichen: 12 O 345/20", &[("12 O 345/20", "12 o 345/20")]),
                ("BGHZ 123, 45", &[("BGHZ 123, 45", "bghz 123, 45")]),
                ("NJW 2019, 1234 (1236)", &[("NJW 2019, 1234 (1236)", "njw 2019, 1234")]),
                (
                    "Cass. civ. 1re, 3 mars 2010, n° 09-11.234",
                    &[("Cass. civ. 1re, 3 mars 2010, n° 09-11.234", "cass 09-11.234")],
                ),
                ("pourvoi n° 09-11.234", &[("pourvoi n° 09-11.234", "cass 09-11.234")]),
                ("CE, 3 mars 2010, n° 312345", &[("CE, 3 mars 2010, n° 312345", "ce 312345")]),
            ],
        );
        table::check_none(Case, &["12 O 345/20", "XI ZR", "BGHZ", "n° 5", "12 B 3/4"]);
    }
}
