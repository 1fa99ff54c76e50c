//! Courts and authorities.

use std::sync::LazyLock;

use docmill_model::MentionType;
use regex::Regex;

use super::Marked;
use crate::names::{PUBLIC_BODY, Span};

/// Thousandths of confidence in a name that is built from the words of such bodies.
const CONFIDENCE: u16 = 900;

impl Marked<'_, '_> {
    pub(super) fn public_bodies(&mut self, text: &str) {
        let (Some(first), Some(last)) = (self.sentence.first(), self.sentence.last()) else { return };
        let offset = first.at;
        for found in BODY.find_iter(&text[offset..last.at + last.text.len()]) {
            let start = self.sentence.partition_point(|word| word.at < offset + found.start());
            let end = self.sentence.partition_point(|word| word.at + word.text.len() <= offset + found.end());
            if start >= end || self.covering(start).is_some_and(|s| s.kind == MentionType::Org && s.end >= end) {
                continue;
            }
            self.put(Span {
                start,
                end,
                kind: MentionType::Org,
                likelihood: 0,
                confidence: CONFIDENCE,
                extractor: PUBLIC_BODY,
            });
        }
    }
}

/// Courts and authorities by the words that their names are made of.
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    // `~` is white space and `^` a capitalised word.
    const LISTED: &str = "^(?:~^){0,3}(?:(?:,~^(?:~^)?){0,4},?~and~^(?:~^){0,2})?";
    const PLACE: &str = "(?:~(?:of|for)~(?:the~)?(?:(?:^~){0,3}(?:District|State|County|Circuit)~of~)?^(?:~^){0,3})?";
    let pattern = [
        format!("(?:Department|Ministry|Bureau)~(?:of|for)~(?:the~)?{LISTED}"),
        format!("(?:(?:Admiralty|Bankruptcy|Chancery|Circuit|County|Crown|District|Family|High|Superior|Supreme)~){{1,2}}Court{PLACE}"),
        format!("Court~of~(?:Appeals?|Chancery|Claims|Common~Pleas|Federal~Claims|International~Trade|Justice|Session){PLACE}"),
        "(?:Equal~Employment~Opportunity|Federal~Communications|Federal~Trade|Securities~and~Exchange)~Commission".into(),
        "Federal~Reserve(?:~(?:Board|System|Bank~of~^(?:~^)?))?|Federal~Bureau~of~Investigation".into(),
        "Environmental~Protection~Agency|Food~and~Drug~Administration|Internal~Revenue~Service".into(),
        "National~Labor~Relations~Board|Social~Security~Administration|House~of~(?:Commons|Lords|Representatives)".into(),
        "(?:London|New~York)~Stock~Exchange|Nasdaq~Stock~Market".into(),
    ]
    .join("|");
    let pattern = format!(r"\b(?:(?:United~States|U\.S\.)~)?(?:{pattern})\b");
    let pattern = pattern.replace('~', r"\s+").replace('^', r"[A-Z][\w'’-]*");
    Regex::new(&pattern).expect("the pattern is fixed, and the tests run it")
});
