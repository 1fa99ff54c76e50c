//! Languages as FollowTheMoney names them.

/// The three letters (ISO 639-2) for two of ISO 639-1; `None` for a language that its model does not have.
pub(super) fn three_letters(two: &str) -> Option<&'static str> {
    TABLE.binary_search_by_key(&two, |(two, _)| two).ok().map(|index| TABLE[index].1)
}

/// The languages that are told apart, as far as the model has them.
#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    ("af", "afr"), ("am", "amh"), ("ar", "ara"), ("az", "aze"), ("be", "bel"), ("bg", "bul"), ("bn", "ben"),
    ("ca", "cat"), ("cs", "ces"), ("da", "dan"), ("de", "deu"), ("el", "ell"), ("en", "eng"), ("es", "spa"),
    ("et", "est"), ("fa", "fas"), ("fi", "fin"), ("fr", "fra"), ("he", "heb"), ("hi", "hin"), ("hr", "hrv"),
    ("hu", "hun"), ("hy", "hye"), ("id", "ind"), ("it", "ita"), ("ja", "jpn"), ("ka", "kat"), ("km", "khm"),
    ("kn", "kan"), ("ko", "kor"), ("lt", "lit"), ("lv", "lav"), ("mk", "mkd"), ("my", "mya"), ("ne", "nep"),
    ("nl", "nld"), ("pl", "pol"), ("pt", "por"), ("ro", "ron"), ("ru", "rus"), ("si", "sin"), ("sk", "slk"),
    ("sl", "slv"), ("sr", "srp"), ("sv", "swe"), ("ta", "tam"), ("te", "tel"), ("th", "tha"), ("tk", "tuk"),
    ("tl", "tgl"), ("tr", "tur"), ("uk", "ukr"), ("ur", "urd"), ("uz", "uzb"), ("vi", "vie"), ("zh", "zho"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_of_the_table_is_found() {
        TABLE.iter().for_each(|(two, three)| assert_eq!(three_letters(two), Some(*three)));
        assert_eq!(three_letters("yi"), None);
    }
}
