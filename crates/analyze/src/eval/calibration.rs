//! Whether a confidence is the share of finds that are right.

use std::collections::BTreeMap;

use super::annotated::{Name, SCORED};
use super::figures::share;
use super::name::Found;

/// Where bins begin, in thousandths; the last two hold what is promised, 850 to 949 and above.
pub const STARTS: [u16; 7] = [0, 500, 600, 700, 800, 850, 950];

/// The finds of a range of confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    pub count: u64,
    pub right: u64,
    /// Sum of the confidences, in thousandths.
    pub sum: u64,
}

impl Bin {
    /// In thousandths.
    pub fn right_share(self) -> u32 {
        share(self.right, self.count)
    }

    /// The mean confidence, in thousandths.
    pub fn claimed(self) -> u32 {
        share(self.sum, self.count.saturating_mul(1000))
    }
}

/// Bins in order, by extractor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calibration(pub BTreeMap<String, [Bin; STARTS.len()]>);

impl Calibration {
    /// Counts the finds of a sentence that are of a scored type. Right is what has the span and type of a mark.
    pub fn add(&mut self, names: &[Name], found: &[Found]) {
        for find in found.iter().filter(|f| SCORED.contains(&f.kind)) {
            let bins = match self.0.get_mut(&find.extractor) {
                Some(bins) => bins,
                None => self.0.entry(find.extractor.clone()).or_default(),
            };
            let bin = &mut bins[STARTS.partition_point(|start| *start <= find.confidence).saturating_sub(1)];
            bin.count += 1;
            bin.sum += u64::from(find.confidence);
            bin.right += u64::from(names.contains(&Name { span: find.span, kind: find.kind }));
        }
    }
}

/// The first and last confidence of bin `index`.
pub fn bounds(index: usize) -> (u16, u16) {
    (STARTS[index], STARTS.get(index + 1).map_or(1000, |next| next - 1))
}

#[cfg(test)]
mod tests {
    use docmill_model::{ByteSpan, MentionType};

    use super::*;

    #[test]
    fn finds_fall_into_the_bin_of_their_confidence() {
        let check = |confidence: u16, bin: usize, right: bool| {
            let span = ByteSpan::new(0, 3);
            let found = Found { span, kind: MentionType::Org, confidence, extractor: "model/x@1".to_owned() };
            let kind = if right { MentionType::Org } else { MentionType::Person };
            let mut calibration = Calibration::default();
            calibration.add(&[Name { span, kind }], &[found]);
            let mut expected = [Bin::default(); STARTS.len()];
            expected[bin] = Bin { count: 1, right: u64::from(right), sum: confidence.into() };
            assert_eq!(calibration.0, BTreeMap::from([("model/x@1".to_owned(), expected)]), "{confidence}");
            assert_eq!(expected[bin].claimed(), u32::from(confidence));
            assert_eq!(expected[bin].right_share(), if right { 1000 } else { 0 });
        };
        check(0, 0, true);
        check(499, 0, false);
        check(500, 1, true);
        check(849, 4, true);
        check(850, 5, false);
        check(949, 5, true);
        check(950, 6, true);
        check(1000, 6, false);
        check(u16::MAX, 6, true);
    }

    #[test]
    fn bins_have_bounds_and_other_types_are_not_counted() {
        assert_eq!((0..STARTS.len()).map(bounds).collect::<Vec<_>>()[4..], [(800, 849), (850, 949), (950, 1000)]);
        let date = Found {
            span: ByteSpan::new(0, 1),
            kind: MentionType::Date,
            confidence: 900,
            extractor: "rule/date@1".to_owned(),
        };
        let mut calibration = Calibration::default();
        calibration.add(&[], &[date]);
        assert_eq!(calibration, Calibration::default());
    }
}
