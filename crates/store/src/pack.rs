//! Compact forms of what is only ever read whole: layouts of pages, maps, lists of blocks.

use docmill_model::{Advance, CleanMap, Rect, Segment, Span, Word};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, Result};

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data without maps of unknown length always encodes")
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|e| Error::Corrupt(e.to_string()))
}

/// A word with differences in the place of positions: most numbers then take one or two bytes. They wrap, so that
/// any word comes back as it was.
#[derive(Serialize, Deserialize)]
struct Packed {
    /// From the end of the word before.
    gap: u32,
    chars: u32,
    line: u32,
    advance: Advance,
    /// From the corner of the word before.
    x0: i32,
    y0: i32,
    width: i32,
    height: i32,
    /// From cut to cut; the first from the box's edge.
    cuts: Vec<i32>,
}

pub(crate) fn encode_words(words: &[Word]) -> Vec<u8> {
    let mut at = (0, 0, 0);
    let packed: Vec<Packed> = words
        .iter()
        .map(|word| {
            let edge = match word.advance {
                Advance::Right | Advance::Left => word.rect.x0,
                Advance::Down | Advance::Up => word.rect.y0,
            };
            let mut last = edge;
            let cuts = word.cuts.iter().map(|&cut| cut.wrapping_sub(std::mem::replace(&mut last, cut))).collect();
            let packed = Packed {
                gap: word.span.start.wrapping_sub(at.0),
                chars: word.span.end.wrapping_sub(word.span.start),
                line: word.line,
                advance: word.advance,
                x0: word.rect.x0.wrapping_sub(at.1),
                y0: word.rect.y0.wrapping_sub(at.2),
                width: word.rect.x1.wrapping_sub(word.rect.x0),
                height: word.rect.y1.wrapping_sub(word.rect.y0),
                cuts,
            };
            at = (word.span.end, word.rect.x0, word.rect.y0);
            packed
        })
        .collect();
    encode(&packed)
}

pub(crate) fn decode_words(bytes: &[u8]) -> Result<Vec<Word>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let packed: Vec<Packed> = decode(bytes)?;
    let mut at = (0, 0, 0);
    packed
        .into_iter()
        .map(|p| {
            let start = u32::wrapping_add(at.0, p.gap);
            let end = start.checked_add(p.chars).ok_or_else(|| Error::Corrupt("a word has no end".into()))?;
            let (x0, y0) = (i32::wrapping_add(at.1, p.x0), i32::wrapping_add(at.2, p.y0));
            let rect = Rect { x0, y0, x1: x0.wrapping_add(p.width), y1: y0.wrapping_add(p.height) };
            let mut last = match p.advance {
                Advance::Right | Advance::Left => x0,
                Advance::Down | Advance::Up => y0,
            };
            let cuts = p
                .cuts
                .into_iter()
                .map(|step| {
                    last = last.wrapping_add(step);
                    last
                })
                .collect();
            at = (end, x0, y0);
            Ok(Word { span: Span::new(start, end), rect, advance: p.advance, cuts, line: p.line })
        })
        .collect()
}

/// A map whose lengths add up to what a text can have.
pub(crate) fn decode_map(bytes: &[u8]) -> Result<CleanMap> {
    let segments: Vec<Segment> = decode(bytes)?;
    let sum = |of: fn(&Segment) -> u32| segments.iter().try_fold(0_u32, |at, s| at.checked_add(of(s)));
    match (sum(|s| s.raw), sum(|s| s.clean)) {
        (Some(_), Some(_)) => Ok(CleanMap::from(segments)),
        _ => Err(Error::Corrupt("a map is longer than any text".into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Word> {
        let advance = prop_oneof![Just(Advance::Right), Just(Advance::Left), Just(Advance::Down), Just(Advance::Up)];
        // Spans and boxes of every kind, not only those that an extractor gives: in order, apart, small.
        let numbers = (any::<[i32; 4]>(), proptest::collection::vec(any::<i32>(), 0..5), any::<u32>());
        (any::<[u32; 2]>(), advance, numbers).prop_map(|(span, advance, ([x0, y0, x1, y1], cuts, line))| Word {
            span: Span::new(span[0].min(span[1]), span[0].max(span[1])),
            rect: Rect { x0, y0, x1, y1 },
            advance,
            cuts,
            line,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn words_come_back_as_they_were(words in proptest::collection::vec(word(), 0..20)) {
            prop_assert_eq!(decode_words(&encode_words(&words)).unwrap(), words);
        }

        #[test]
        fn bytes_that_are_no_words_are_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_words(&bytes);
            if let Ok(map) = decode_map(&bytes) {
                let (raw, clean) = map.lengths();
                prop_assert!(map.to_raw(Span::new(0, clean)).end <= raw);
            }
        }
    }

    #[test]
    fn nothing_takes_no_room_and_a_usual_word_little() {
        assert_eq!(decode_words(&[]).unwrap(), vec![]);
        assert!(decode_words(&[0xff; 3]).is_err());
        let word = |i: u32| Word {
            span: Span::new(i * 6, i * 6 + 5),
            rect: Rect { x0: 7000 + 400 * i as i32, y0: 7000, x1: 7300 + 400 * i as i32, y1: 7120 },
            advance: Advance::Right,
            cuts: (0..=5).map(|c| 7000 + 400 * i as i32 + 60 * c).collect(),
            line: 3,
        };
        let words: Vec<Word> = (0..100).map(word).collect();
        assert!(encode_words(&words).len() < 20 * words.len(), "{}", encode_words(&words).len());
    }

    #[test]
    fn a_map_longer_than_any_text_is_refused() {
        let segment = Segment { rewrite: docmill_model::Rewrite::Equal, raw: u32::MAX, clean: 1 };
        assert!(decode_map(&encode(&vec![segment])).is_ok());
        assert!(matches!(decode_map(&encode(&vec![segment; 2])), Err(Error::Corrupt(_))));
    }
}
