//! Proper names in front of a position: the parties of a case, the title of an act.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{before, compile};

/// How far back a name may reach, in bytes: the longest captions in the reporters keep below it.
const REACH: usize = 200;

/// Small words that stand inside names.
const CONNECTORS: &str =
    "of the and for & de la le van von der den di da du et al. al ex rel. rel in on to und d/b/a a/k/a";

/// Words that begin a sentence or point to a citation and are no part of a name, in lower case.
const OPENERS: &str = "see also cf. cf but accord e.g. compare citing quoting under following contra in the as our \
    overruled affirmed reversed unlike because since when while and or if thus also held e.g., cf., id. although cited \
    plaintiff plaintiffs defendant defendants court here however, moreover, indeed, further";

/// Abbreviations behind whose full stop a name goes on; most are those of Bluebook.
const ABBREVIATIONS: &str = "Acad. Acct. Accts. Admin. Adver. Advert. Agric. All. Alt. Am. Apt. Arb. Ass. Ass'n. Assn. Assoc. Assocs. Atl. \
    Auth. Auto. Bd. Bhd. Bldg. Brit. Broad. Bros. Bus. Cal. Cas. Cath. Cent. Chem. Cmty. Cnty. Co. Coal. Coll. Com. \
    Comm. Comm'n. Comm'r. Comp. Condo. Conf. Cong. Conn. Consol. Const. Constr. Cont'l. Coop. Corp. Corr. Corrs. \
    Cty. Ctr. Ctrs. Def. Dep't. Dept. Det. Dev. Dir. Dist. Distrib. Distribs. Div. Dr. Econ. Educ. Elec. Elecs. Emp. \
    Empl. Emps. Eng'g. Eng'rs. Enter. Enters. Entm't. Env't. Envtl. Equip. Est. Eur. Ex. Exch. Exec. Exp. Fam. Fed. \
    Fid. Fin. Fla. Found. Ft. Gen. Gov't. Grp. Guar. Hist. Hosp. Hosps. Hous. Ill. Imp. Inc. Indus. Ins. Inst. \
    Int'l. Intl. Inv. Invs. Jr. Lab. Labs. Liab. Litig. Loc. Ltd. Mach. Mar. Mass. Med. Mem. Merch. Metro. Mfg. Mfr. \
    Mfrs. Mgmt. Mich. Mil. Minn. Mkt. Mktg. Mr. Mrs. Ms. Mt. Mortg. Mun. Mut. Nat'l. Nat. No. Nw. Org. Pa. Pac. \
    Pers. Pharm. Pharms. Phila. Phys. Pres. Prob. Prod. Prods. Prof'l. Prop. Props. Prot. Pub. Publ'g. R.R. Rec. \
    Ref. Reg. Rehab. Rel. Rels. Res. Rests. Ret. Rev. Rts. Ry. Sav. Sch. Schs. Sci. Sec. Secs. Serv. Servs. Soc'y. \
    Sols. Sr. St. Sur. Sw. Sys. Tech. Techs. Tel. Telecomm. Telecomms. Tenn. Tex. Tr. Transp. Twp. Unif. Univ. Util. \
    Utils. Va. Vill. Wash. al. rel.";

fn is_listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

fn is_connector(word: &str) -> bool {
    is_listed(CONNECTORS, word)
}

/// Whether a word can stand inside a name.
fn is_part_of_name(word: &str) -> bool {
    let bare = word.trim_start_matches(['(', '\'', '"', '“', '‘']);
    if bare.contains(['(', ')', ';']) {
        return false;
    }
    bare.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()) || is_connector(word.trim_end_matches(','))
}

/// Whether a sentence may end with this word, so that a name does not reach back over it.
fn ends_sentence(word: &str) -> bool {
    let Some(stem) = word.strip_suffix('.') else { return word.ends_with([';', ':', '?', '!', ')', ']', '"', '”']) };
    // Initials and dotted abbreviations (`J.`, `U.S.`) do not.
    let initials =
        stem.split('.').all(|part| part.chars().count() <= 1 || part.chars().count() <= 2 && stem.contains('.'));
    !initials && !is_listed(ABBREVIATIONS, word)
}

/// Where the run of capitalised words in front of a position begins; the position itself when there is none.
pub fn start_of_name(text: &str, end: usize, most_words: usize) -> usize {
    let slice = before(text, end, REACH);
    let offset = end - slice.len();
    let mut start = end;
    let mut words = Vec::new();
    for word in slice.split_whitespace().rev().take(most_words) {
        let at = offset_in(slice, word);
        // The first word of the slice may be cut off.
        let cut = at == 0 && offset > 0 && !text[..offset].ends_with(char::is_whitespace);
        if !is_part_of_name(word) || cut || !words.is_empty() && ends_sentence(word) {
            break;
        }
        words.push(word);
        start = offset + at;
        if word.starts_with(['(', '"', '“', '‘']) {
            start += word.len() - word.trim_start_matches(['(', '"', '“', '‘']).len();
            break;
        }
    }
    // A name begins neither with a small word nor with the opening of a sentence.
    while let Some(word) = words.pop() {
        if !is_connector(word) && !is_listed(OPENERS, &word.to_lowercase()) {
            return start;
        }
        start = words.last().map_or(end, |next| offset + offset_in(slice, next));
    }
    end
}

/// Byte offset of a part inside the text that it was cut from.
fn offset_in(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

/// A citation between the parties and the position: the caption leads to that one.
static CITED: LazyLock<Regex> = LazyLock::new(|| compile(r",~\d|\d~?\("));

/// Where the caption of a case in front of a citation begins (`Smith v. Jones, 410 U.S. 113`), when it clearly
/// belongs to it: capitalised words on both sides of `v.`, or behind `In re` and `Ex parte`.
pub fn start_of_caption(text: &str, citation: usize) -> Option<usize> {
    let slice = before(text, citation, REACH);
    let offset = citation - slice.len();
    let head = slice.trim_end().strip_suffix(',').unwrap_or(slice.trim_end());
    let (at, length) = [" v. ", " vs. ", " V. ", " v ", "\nv. ", " v.\n", " c. "]
        .iter()
        .filter_map(|versus| head.rfind(versus).map(|at| (at, versus.len())))
        .max()
        .or_else(|| {
            ["In re ", "Ex parte ", "In the Matter of "]
                .iter()
                .filter_map(|o| head.rfind(o).map(|at| (at, o.len())))
                .max()
        })?;
    let second = head.get(at + length..)?;
    let mut words = second.split_whitespace();
    let belongs = words.clone().count() <= 16
        && words.next().is_some_and(|w| w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()) || w == "the")
        && second.split_whitespace().all(is_part_of_name)
        && second.split_whitespace().rev().skip(1).all(|word| !ends_sentence(word))
        && !CITED.is_match(second);
    if !belongs {
        return None;
    }
    if head[at..].starts_with(['I', 'E']) {
        return Some(offset + at);
    }
    let start = start_of_name(text, offset + at, 14);
    // `the Court of Appeals in Smith v. Jones`: no party has this word, titles of acts have it.
    let first = &text[start..offset + at];
    let start = first.rfind(" in ").map_or(start, |inside| start + inside + " in ".len());
    (start < offset + at).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_begin_behind_the_words_that_lead_to_them() {
        for (text, caption) in [
            ("See Smith v. Jones, ", Some("Smith v. Jones, ")),
            ("the court held. In Roe v. Wade, ", Some("Roe v. Wade, ")),
            ("as in Acme, Inc. v. City of New York, ", Some("Acme, Inc. v. City of New York, ")),
            (
                "But see United States ex rel. Smith v. Gen. Motors Corp., ",
                Some("United States ex rel. Smith v. Gen. Motors Corp., "),
            ),
            ("lost. In re Grand Jury, ", Some("In re Grand Jury, ")),
            ("the Court of Appeals in Smith v. Jones, ", Some("Smith v. Jones, ")),
            ("(1980)(quoting United States v. Price, ", Some("United States v. Price, ")),
            ("(see Cmty. for Peace v. Reid, ", Some("Cmty. for Peace v. Reid, ")),
            ("Smith v. Jones was wrong, ", None),
            ("held. Bell Atl. Corp. v. Twombly, ", Some("Bell Atl. Corp. v. Twombly, ")),
            ("we v. Jones, ", None),
            ("nothing here, ", None),
            (", ", None),
            ("A v. \n\nB, ", None),
        ] {
            assert_eq!(start_of_caption(text, text.len()).map(|at| &text[at..]), caption, "{text:?}");
        }
    }

    #[test]
    fn names_begin_with_a_capital_that_is_no_opener() {
        for (text, name) in [
            ("under the Companies ", "Companies "),
            ("The Securities Exchange ", "Securities Exchange "),
            ("ended. Freedom of Information ", "Freedom of Information "),
            ("nothing ", ""),
            ("", ""),
        ] {
            assert_eq!(&text[start_of_name(text, text.len(), 10)..], name, "{text:?}");
        }
    }
}
