//! How far two words are apart by their letters.

use super::token::LONGEST;

/// Letters that are written wrongly, left out, added, or changed places with their neighbour, at least; `None` when
/// there are more than `most`. (Damerau 1964, without edits inside a change of places.)
///
/// Both words have at most [`LONGEST`] letters.
pub(super) fn distance(a: &[u8], b: &[u8], most: u8) -> Option<u8> {
    let (a, b) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let (mut before, mut last, mut row) = ([0u8; LONGEST + 1], [0u8; LONGEST + 1], [0u8; LONGEST + 1]);
    for (j, cell) in last.iter_mut().enumerate() {
        *cell = j as u8;
    }
    for i in 1..=a.len() {
        row[0] = i as u8;
        let mut least = row[0];
        for j in 1..=b.len() {
            let wrong = u8::from(a[i - 1] != b[j - 1]);
            let mut cell = (last[j - 1] + wrong).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row[j] = cell;
            least = least.min(cell);
        }
        if least > most {
            return None;
        }
        (before, last, row) = (last, row, before);
    }
    Some(last[b.len()]).filter(|d| *d <= most)
}

/// A word with the letters that scanners take for one another written in one way.
pub(super) fn scanned_form(word: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(word.len());
    for &b in word {
        let one = match b {
            b'1' | b'i' => b'l',
            b'0' => b'o',
            b'5' => b's',
            b'8' => b'b',
            b'6' | b'9' | b'q' => b'g',
            other => other,
        };
        match (out.last_mut(), one) {
            (Some(last @ b'r'), b'n') => *last = b'm',
            (Some(last @ b'c'), b'l') => *last = b'd',
            (Some(last @ b'v'), b'v') => *last = b'w',
            _ => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edits_are_counted_up_to_the_most() {
        for (a, b, most, expected) in [
            ("schmidt", "schmidt", 0, Some(0)),
            ("schmidt", "schmitt", 1, Some(1)),
            ("serei", "sergei", 1, Some(1)),
            ("putin", "puitn", 1, Some(1)),
            ("putin", "pudni", 1, None),
            ("putin", "pudni", 2, Some(2)),
            ("", "", 0, Some(0)),
            ("", "ab", 1, None),
            ("", "ab", 2, Some(2)),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes(), most), expected, "{a} {b}");
        }
    }

    #[test]
    fn what_scanners_mistake_is_written_alike() {
        for (a, b) in
            [("barnes", "bames"), ("sech1n", "sechin"), ("clark", "dark"), ("0tto", "otto"), ("vvalter", "walter")]
        {
            assert_eq!(scanned_form(a.as_bytes()), scanned_form(b.as_bytes()), "{a} {b}");
        }
        assert_ne!(scanned_form(b"schmidt"), scanned_form(b"schmitt"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn distance_is_symmetric_and_within_its_bounds(a in "[ab]{0,24}", b in "[ab]{0,24}") {
            let d = distance(a.as_bytes(), b.as_bytes(), 24);
            prop_assert_eq!(d, distance(b.as_bytes(), a.as_bytes(), 24));
            let d = usize::from(d.expect("words of 24 letters are at most 24 apart"));
            prop_assert!(a.len().abs_diff(b.len()) <= d && d <= a.len().max(b.len()));
            prop_assert_eq!(d == 0, a == b);
        }
    }
}
