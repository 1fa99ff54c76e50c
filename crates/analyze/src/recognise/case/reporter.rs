//! The reporters that decisions of US courts are cited by.

/// Abbreviations as Bluebook writes them; the spaces in a citation may be missing or doubled. Their order means
/// nothing, as a page has to follow.
const REPORTERS: &[&str] = &[
    // federal
    "U.S.",
    "S. Ct.",
    "L. Ed. 2d",
    "L. Ed.",
    "F. Supp. 2d",
    "F. Supp. 3d",
    "F. Supp.",
    "F. App'x",
    "F. App’x",
    "Fed. Appx.",
    "Fed. Cl.",
    "F.2d",
    "F.3d",
    "F.4th",
    "F.R.D.",
    "F.",
    "Fed. R. Serv. 2d",
    "Fed. R. Serv. 3d",
    "B.R.",
    "Ct. Cl.",
    "Cl. Ct.",
    "T.C.M.",
    "T.C.",
    "M.J.",
    "Vet. App.",
    "Ct. Int'l Trade",
    "U.S.P.Q. 2d",
    "U.S.P.Q.2d",
    "U.S.P.Q.",
    "Wall.",
    "How.",
    "Cranch",
    "Wheat.",
    // regional
    "A.2d",
    "A.3d",
    "A.",
    "N.E.2d",
    "N.E.3d",
    "N.E.",
    "N.W.2d",
    "N.W.",
    "P.2d",
    "P.3d",
    "P.",
    "S.E.2d",
    "S.E.",
    "S.W.2d",
    "S.W.3d",
    "S.W.",
    "So. 2d",
    "So. 3d",
    "So.",
    // states
    "Cal. App. 2d",
    "Cal. App. 3d",
    "Cal. App. 4th",
    "Cal. App. 5th",
    "Cal. App.",
    "Cal. Rptr. 2d",
    "Cal. Rptr. 3d",
    "Cal. Rptr.",
    "Cal. 2d",
    "Cal. 3d",
    "Cal. 4th",
    "Cal. 5th",
    "Cal.",
    "N.Y.S.2d",
    "N.Y.S.3d",
    "N.Y.S.",
    "N.Y.2d",
    "N.Y.3d",
    "N.Y.",
    "A.D.2d",
    "A.D.3d",
    "A.D.",
    "Misc. 2d",
    "Misc. 3d",
    "Ill. App. 2d",
    "Ill. App. 3d",
    "Ill. App.",
    "Ill. 2d",
    "Ill. Dec.",
    "Ill.",
    "Ohio St. 2d",
    "Ohio St. 3d",
    "Ohio St.",
    "Ohio App. 3d",
    "Pa. Super.",
    "Pa. Commw.",
    "Pa.",
    "Mass. App. Ct.",
    "Mass.",
    "Mich. App.",
    "Mich.",
    "Minn.",
    "N.J. Super.",
    "N.J.",
    "N.C. App.",
    "N.C.",
    "Wash. 2d",
    "Wn.2d",
    "Wash. App. 2d",
    "Wash. App.",
    "Wn. App.",
    "Wis. 2d",
    "Wis.",
    "Kan. App. 2d",
    "Kan.",
    "Va. App.",
    "Va.",
    "W. Va.",
    "Ga. App.",
    "Ga.",
    "Conn. App.",
    "Conn.",
    "Md. App.",
    "Md.",
    "Or. App.",
    "Or.",
    "Ariz. App.",
    "Ariz.",
    "Colo.",
    "Iowa",
    "Neb.",
    "Nev.",
    "N.H.",
    "N.M.",
    "Mont.",
    "Idaho",
    "Haw.",
    "Utah",
    "Vt.",
    "R.I.",
    "S.C.",
    "S.D.",
    "N.D.",
    "Tex.",
    "Tenn.",
    "Ky.",
    "La.",
    "Ala.",
    "Ark.",
    "Miss.",
    "Mo. App.",
    "Mo.",
    "Okla.",
    "Del. Ch.",
    "Del.",
];

/// The alternation of all reporters with the spaces between their parts left open.
pub fn pattern() -> String {
    let sources: Vec<_> = REPORTERS.iter().map(|reporter| source(reporter)).collect();
    sources.join("|")
}

fn source(reporter: &str) -> String {
    let mut out = String::new();
    let mut rest = reporter.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '.' if rest.peek().is_some_and(|next| *next != ' ') => out.push_str(r"\.~?"),
            '.' => out.push_str(r"\."),
            ' ' => out.push_str("~?"),
            c => out.push(c),
        }
    }
    out
}

/// The spelling of a reporter in keys: small letters, no full stops, the spaces of the table: `f supp 2d`, `us`.
pub fn key(written: &str) -> Option<String> {
    let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let wanted = squeeze(written);
    let reporter = REPORTERS.iter().find(|reporter| squeeze(reporter) == wanted)?;
    Some(reporter.to_lowercase().replace(". ", " ").replace(['.', '\'', '’'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_depend_on_spaces() {
        for (written, expected) in [
            ("U.S.", "us"),
            ("U. S.", "us"),
            ("F.Supp.2d", "f supp 2d"),
            ("F. 3d", "f3d"),
            ("S.Ct.", "s ct"),
            ("N.E.\n2d", "ne2d"),
        ] {
            assert_eq!(key(written).as_deref(), Some(expected), "{written}");
        }
        assert_eq!(key("X.Y."), None);
    }

    #[test]
    fn every_reporter_is_cited_by_its_own_key() {
        for reporter in REPORTERS {
            let found = super::super::super::recognise(&format!("12 {reporter} 345"));
            let keys: Vec<_> = found.iter().map(|f| f.normal.clone()).collect();
            assert_eq!(keys, [format!("12 {} 345", key(reporter).unwrap())], "{reporter}");
        }
    }
}
