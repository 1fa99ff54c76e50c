//! Names that were found against names that were marked.

use docmill_model::{ByteSpan, MentionType};

use super::annotated::{NAMED, Name, SCORED};
use super::figures::Counts;

/// A name that was found: bytes of the sentence's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub span: ByteSpan,
    pub kind: MentionType,
    /// In thousandths.
    pub confidence: u16,
    pub extractor: String,
}

/// When a name that was found is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// It has the span and the type of a mark.
    Strict,
    /// It shares a character and the type with a mark; each mark and each find counts once.
    Overlap,
    /// It has the span of a mark.
    Untyped,
}

impl Measure {
    pub const ALL: [Self; 3] = [Self::Strict, Self::Overlap, Self::Untyped];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Overlap => "overlap",
            Self::Untyped => "untyped",
        }
    }
}

/// How many names were right, by measure and type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    strict: [Counts; NAMED.len()],
    overlap: [Counts; NAMED.len()],
    untyped: Counts,
}

impl Tally {
    /// Over the types that are scored together; other names count neither as found nor as expected.
    pub fn all(&self, measure: Measure) -> Counts {
        match measure {
            Measure::Untyped => self.untyped,
            _ => SCORED.into_iter().filter_map(|kind| self.of(measure, kind)).sum(),
        }
    }

    /// Of one type; `None` for a type that is no name's, and where the type does not matter.
    pub fn of(&self, measure: Measure, kind: MentionType) -> Option<Counts> {
        let at = NAMED.iter().position(|named| *named == kind)?;
        match measure {
            Measure::Strict => Some(self.strict[at]),
            Measure::Overlap => Some(self.overlap[at]),
            Measure::Untyped => None,
        }
    }

    /// Counts a sentence. Marks and finds may come in any order.
    pub fn add(&mut self, names: &[Name], found: &[Found]) {
        for (at, kind) in NAMED.into_iter().enumerate() {
            let marked = spans(names.iter().filter(|n| n.kind == kind).map(|n| n.span));
            let found = spans(found.iter().filter(|f| f.kind == kind).map(|f| f.span));
            self.strict[at] += equal(&marked, &found);
            self.overlap[at] += overlapping(&marked, &found);
        }
        let marked = spans(names.iter().filter(|n| SCORED.contains(&n.kind)).map(|n| n.span));
        let found = spans(found.iter().filter(|f| SCORED.contains(&f.kind)).map(|f| f.span));
        self.untyped += equal(&marked, &found);
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for at in 0..NAMED.len() {
            self.strict[at] += other.strict[at];
            self.overlap[at] += other.overlap[at];
        }
        self.untyped += other.untyped;
    }
}

/// In order, each once.
fn spans(spans: impl Iterator<Item = ByteSpan>) -> Vec<ByteSpan> {
    let mut out: Vec<ByteSpan> = spans.collect();
    out.sort();
    out.dedup();
    out
}

fn equal(marked: &[ByteSpan], found: &[ByteSpan]) -> Counts {
    let right = found.iter().filter(|span| marked.binary_search(span).is_ok()).count();
    Counts { right: right as u64, found: found.len() as u64, expected: marked.len() as u64 }
}

/// Pairs spans that overlap, from the left, each span in one pair.
fn overlapping(marked: &[ByteSpan], found: &[ByteSpan]) -> Counts {
    let (mut at, mut right) = (0, 0);
    for span in found {
        while at < marked.len() && marked[at].end <= span.start {
            at += 1;
        }
        if at < marked.len() && marked[at].start < span.end {
            right += 1;
            at += 1;
        }
    }
    Counts { right, found: found.len() as u64, expected: marked.len() as u64 }
}

/// What is wrong with a name. In the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The span is right, the type is not.
    Type,
    /// It shares characters with the mark, no more.
    Span,
    /// Nothing was found where a name is marked.
    Missed,
    /// Nothing is marked where a name was found.
    Invented,
}

impl Wrong {
    pub const ALL: [Self; 4] = [Self::Type, Self::Span, Self::Missed, Self::Invented];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Type => "wrong type",
            Self::Span => "wrong span",
            Self::Missed => "missed",
            Self::Invented => "invented",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wrong| wrong.as_str() == word)
    }
}

/// A difference between marks and finds. Either side may be of a type that is not scored, not both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    pub wrong: Wrong,
    pub marked: Option<Name>,
    pub found: Option<&'a Found>,
}

/// The faults of a sentence, by place. A find that touches a mark is told with the mark.
pub fn faults<'a>(names: &[Name], found: &'a [Found]) -> Vec<Fault<'a>> {
    let scored = |kind: MentionType| SCORED.contains(&kind);
    let mut names = names.to_vec();
    names.sort();
    let mut found: Vec<&Found> = found.iter().filter(|f| NAMED.contains(&f.kind)).collect();
    found.sort_by_key(|f| (f.span, f.kind));
    let mut told = vec![false; found.len()];
    let mut out = Vec::new();
    for name in &names {
        // Neither marks nor finds overlap among themselves, so that few lie at one place.
        let from = found.partition_point(|f| f.span.end <= name.span.start);
        let near = || (from..found.len()).take_while(|&at| found[at].span.start < name.span.end);
        let best = near().min_by_key(|&at| (found[at].span != name.span, found[at].kind != name.kind));
        for at in near() {
            told[at] = true;
        }
        let wrong = match best.map(|at| found[at]) {
            None => Wrong::Missed,
            Some(f) if f.span != name.span => Wrong::Span,
            Some(f) if f.kind != name.kind => Wrong::Type,
            Some(_) => continue,
        };
        let best = best.map(|at| found[at]);
        if scored(name.kind) || best.is_some_and(|f| scored(f.kind)) {
            out.push(Fault { wrong, marked: Some(*name), found: best });
        }
    }
    for (f, told) in found.into_iter().zip(told) {
        if !told && scored(f.kind) {
            out.push(Fault { wrong: Wrong::Invented, marked: None, found: Some(f) });
        }
    }
    out.sort_by_key(|f| (f.marked.map(|n| n.span).or_else(|| f.found.map(|found| found.span)), f.wrong));
    out
}

#[cfg(test)]
mod tests {
    use MentionType::{Date, Location, Org, Other, Person};

    use super::*;

    type Span = (usize, usize, MentionType);

    fn names(spans: &[Span]) -> Vec<Name> {
        spans.iter().map(|&(a, b, kind)| Name { span: ByteSpan::new(a, b), kind }).collect()
    }

    fn found(spans: &[Span]) -> Vec<Found> {
        spans
            .iter()
            .map(|&(a, b, kind)| Found { span: ByteSpan::new(a, b), kind, confidence: 900, extractor: "x".to_owned() })
            .collect()
    }

    /// The counts of strict, overlap and untyped as (right, found, expected), and the faults.
    fn check(marked: &[Span], finds: &[Span], expected: [(u64, u64, u64); 3], wrong: &[Wrong]) {
        let (marked, finds) = (names(marked), found(finds));
        let mut tally = Tally::default();
        tally.add(&marked, &finds);
        let counts = Measure::ALL.map(|measure| tally.all(measure));
        assert_eq!(counts.map(|c| (c.right, c.found, c.expected)), expected, "{marked:?} {finds:?}");
        let faults: Vec<Wrong> = faults(&marked, &finds).iter().map(|f| f.wrong).collect();
        assert_eq!(faults, wrong, "{marked:?} {finds:?}");
    }

    #[test]
    fn each_measure_counts_what_it_says() {
        check(&[(0, 3, Person)], &[(0, 3, Person)], [(1, 1, 1); 3], &[]);
        check(&[(0, 3, Person)], &[(0, 3, Org)], [(0, 1, 1), (0, 1, 1), (1, 1, 1)], &[Wrong::Type]);
        check(&[(0, 7, Person)], &[(4, 7, Person)], [(0, 1, 1), (1, 1, 1), (0, 1, 1)], &[Wrong::Span]);
        check(&[(0, 7, Person)], &[], [(0, 0, 1); 3], &[Wrong::Missed]);
        check(&[], &[(0, 7, Person)], [(0, 1, 0); 3], &[Wrong::Invented]);
        check(&[], &[], [(0, 0, 0); 3], &[]);
    }

    #[test]
    fn a_find_over_two_marks_is_right_once() {
        check(
            &[(0, 3, Org), (4, 8, Org)],
            &[(0, 8, Org)],
            [(0, 1, 2), (1, 1, 2), (0, 1, 2)],
            &[Wrong::Span, Wrong::Span],
        );
    }

    #[test]
    fn other_names_stand_beside_the_scores() {
        check(&[(0, 3, Other)], &[(0, 3, Other), (5, 6, Date)], [(0, 0, 0); 3], &[]);
        check(&[(0, 3, Other)], &[(0, 3, Org)], [(0, 1, 0); 3], &[Wrong::Type]);
        check(&[(0, 3, Org)], &[(0, 3, Other)], [(0, 0, 1); 3], &[Wrong::Type]);
        check(&[(0, 3, Other)], &[], [(0, 0, 0); 3], &[]);
        let mut tally = Tally::default();
        tally.add(&names(&[(0, 3, Other)]), &found(&[(0, 3, Other)]));
        assert_eq!(tally.of(Measure::Strict, Other), Some(Counts { right: 1, found: 1, expected: 1 }));
        assert_eq!([tally.of(Measure::Strict, Date), tally.of(Measure::Untyped, Other)], [None; 2]);
    }

    #[test]
    fn finding_the_same_twice_counts_once() {
        check(&[(0, 3, Org)], &[(0, 3, Org), (0, 3, Org)], [(1, 1, 1); 3], &[]);
    }

    #[test]
    fn tallies_add_up_by_type() {
        let mut sum = Tally::default();
        let mut one = Tally::default();
        one.add(&names(&[(0, 3, Person), (5, 9, Location)]), &found(&[(0, 3, Person)]));
        sum += one;
        sum += one;
        assert_eq!(sum.of(Measure::Strict, Person), Some(Counts { right: 2, found: 2, expected: 2 }));
        assert_eq!(sum.of(Measure::Strict, Location), Some(Counts { right: 0, found: 0, expected: 2 }));
        assert_eq!(sum.all(Measure::Strict), Counts { right: 2, found: 2, expected: 4 });
    }
}
