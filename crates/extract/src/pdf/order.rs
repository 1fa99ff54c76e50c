//! The order in which the parts of a page are read.
//!
//! A page is cut into bands that no text crosses from above to below. Consecutive bands that leave a common gutter
//! free are a candidate for columns; what is between such runs, as headings across the page are, is read where it
//! stands. Each column is cut again in the same way. A candidate whose two sides look like the cells of a table stays
//! whole and is read row by row.

use super::fragment::Fragment;

/// Columns inside columns: more than this is no layout that a person made.
const MAX_DEPTH: u32 = 16;
/// Bands that are looked through for the beginning of a gutter; a heading above one column is rarely taller.
const LOOKAHEAD: usize = 24;

/// Gutters of one run that are tried, the widest first; a run with more is a table.
const MAX_GUTTERS: usize = 8;

/// Cuts fragments into regions in the order of reading. Each region holds whole lines; together they hold every
/// fragment once. `leftward` puts the right one of two columns first.
pub(super) fn regions(fragments: &[Fragment], leftward: bool) -> Vec<Vec<u32>> {
    let mut cutter = Cutter { fragments, leftward, regions: Vec::new() };
    cutter.cut((0..fragments.len() as u32).collect(), 0);
    cutter.regions
}

/// Fragments that overlap each other vertically, directly or through others.
struct Band {
    members: Vec<u32>,
    /// Intervals of x without text, ascending; the first and the last reach to infinity.
    free: Vec<(f64, f64)>,
    /// The intervals between, taken up by text.
    left: f64,
    right: f64,
}

struct Cutter<'a> {
    fragments: &'a [Fragment],
    leftward: bool,
    regions: Vec<Vec<u32>>,
}

impl Cutter<'_> {
    fn cut(&mut self, members: Vec<u32>, depth: u32) {
        if members.is_empty() {
            return;
        }
        if depth >= MAX_DEPTH {
            self.regions.push(members);
            return;
        }
        let em = self.median_size(&members);
        let bands = self.bands(members, em);
        let mut whole = Vec::new();
        let mut next = 0;
        while next < bands.len() {
            let (end, gutters) = gutters(&bands[next..], em);
            let run = &bands[next..next + end];
            match gutters.into_iter().take(MAX_GUTTERS).find(|g| self.is_gutter(run, *g, em)) {
                Some((low, high)) => {
                    self.flush(&mut whole);
                    let middle = (low + high) / 2.0;
                    let (left, right) =
                        run.iter().flat_map(|b| &b.members).partition(|&&m| self.fragments[m as usize].x1 <= middle);
                    let (first, second) = if self.leftward { (right, left) } else { (left, right) };
                    self.cut(first, depth + 1);
                    self.cut(second, depth + 1);
                }
                None => whole.extend(run.iter().flat_map(|b| &b.members)),
            }
            next += end;
        }
        self.flush(&mut whole);
    }

    fn flush(&mut self, whole: &mut Vec<u32>) {
        if !whole.is_empty() {
            self.regions.push(std::mem::take(whole));
        }
    }

    fn get(&self, member: u32) -> &Fragment {
        &self.fragments[member as usize]
    }

    fn median_size(&self, members: &[u32]) -> f64 {
        let mut sizes: Vec<f64> = members.iter().map(|&m| self.get(m).size).collect();
        let middle = sizes.len() / 2;
        *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
    }

    /// Sorts fragments into bands from top to bottom. A fragment counts from its base up to the height of a small
    /// letter, because lines set close overlap with their ascenders and descenders.
    fn bands(&self, mut members: Vec<u32>, em: f64) -> Vec<Band> {
        let top = |f: &Fragment| f.base - 0.5 * f.size;
        members.sort_by(|&a, &b| {
            let (f, g) = (self.get(a), self.get(b));
            top(f).total_cmp(&top(g)).then(f.x0.total_cmp(&g.x0)).then(a.cmp(&b))
        });
        let mut bands: Vec<Vec<u32>> = Vec::new();
        let mut bottom = f64::NEG_INFINITY;
        for member in members {
            let fragment = self.get(member);
            match bands.last_mut() {
                Some(band) if top(fragment) < bottom => band.push(member),
                _ => bands.push(vec![member]),
            }
            bottom = bottom.max(fragment.base);
        }
        bands.into_iter().map(|members| self.band(members, em)).collect()
    }

    fn band(&self, members: Vec<u32>, em: f64) -> Band {
        let mut taken: Vec<(f64, f64)> = members.iter().map(|&m| (self.get(m).x0, self.get(m).x1)).collect();
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let left = taken.first().map_or(0.0, |t| t.0);
        let mut free = Vec::new();
        let mut at = f64::NEG_INFINITY;
        for (x0, x1) in taken {
            if x0 - at >= MIN_GUTTER * em {
                free.push((at, x0));
            }
            at = at.max(x1);
        }
        free.push((at, f64::INFINITY));
        Band { members, free, left, right: at }
    }

    /// Whether the text on both sides of a gutter is two columns, each to be read from top to bottom.
    fn is_gutter(&self, run: &[Band], (low, high): (f64, f64), em: f64) -> bool {
        let middle = (low + high) / 2.0;
        let side = |left: bool| {
            let members = run.iter().flat_map(|b| &b.members).map(|&m| self.get(m));
            Side::new(members.filter(|f| (f.x1 <= middle) == left), em)
        };
        let (left, right) = (side(true), side(false));
        let lines = left.bases.len().min(right.bases.len());
        if [(&left, &right), (&right, &left)].iter().any(|(a, b)| a.is_line_numbers(em) && b.is_prose()) {
            return true;
        }
        if lines < 2 || (lines < 4 && high - low < 1.5 * em) {
            return false;
        }
        let prose = left.is_prose() && right.is_prose();
        let aligned = left.aligned_with(&right, em);
        // Lines of two columns meet each other by chance, cells of one row by design.
        prose && (lines >= 3 || high - low >= 2.0 * em) || lines >= 3 && !aligned && left.is_loose() && right.is_loose()
    }
}

/// A gutter is at least this wide, in em: above any space between two words, below the narrowest gutter in print.
const MIN_GUTTER: f64 = 0.8;

/// How many bands from the first on share a gutter, and the gutters they share, widest first. Without a gutter: one
/// band, none.
fn gutters(bands: &[Band], em: f64) -> (usize, Vec<(f64, f64)>) {
    let mut shared = bands[0].free.clone();
    let (mut left, mut right) = (bands[0].left, bands[0].right);
    let inner = |shared: &[(f64, f64)], left: f64, right: f64| -> Vec<(f64, f64)> {
        shared.iter().copied().filter(|g| g.0 >= left && g.1 <= right).collect()
    };
    let mut best = inner(&shared, left, right);
    let mut end = 1;
    for (index, band) in bands.iter().enumerate().skip(1) {
        if best.is_empty() && index > LOOKAHEAD {
            break;
        }
        let (all_left, all_right) = (left.min(band.left), right.max(band.right));
        let both = intersect(&shared, &band.free, MIN_GUTTER * em);
        // What a band leaves free outside becomes a gutter when text of another band stands beyond it.
        let gutters = inner(&both, all_left, all_right);
        if gutters.is_empty() && (!best.is_empty() || both.len() < 2 && both.iter().all(|g| g.0.is_infinite())) {
            break;
        }
        (shared, left, right) = (both, all_left, all_right);
        if !gutters.is_empty() {
            best = gutters;
            end = index + 1;
        }
    }
    best.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)).then(a.0.total_cmp(&b.0)));
    (end, best)
}

/// The intersection of two ascending lists of intervals, without pieces narrower than `least`.
fn intersect(a: &[(f64, f64)], b: &[(f64, f64)], least: f64) -> Vec<(f64, f64)> {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let (low, high) = (x.0.max(y.0), x.1.min(y.1));
        if high - low >= least {
            out.push((low, high));
        }
        if x.1 <= y.1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

/// What stands on one side of a gutter.
struct Side {
    /// Baselines, ascending.
    bases: Vec<f64>,
    fragments: usize,
    digits: bool,
    /// Sum of the widths of the fragments, and the width of the whole.
    text_width: f64,
    width: f64,
}

impl Side {
    fn new<'a>(fragments: impl Iterator<Item = &'a Fragment>, em: f64) -> Self {
        let mut side = Self { bases: Vec::new(), fragments: 0, digits: true, text_width: 0.0, width: 0.0 };
        let (mut x0, mut x1) = (f64::INFINITY, f64::NEG_INFINITY);
        for fragment in fragments {
            side.bases.push(fragment.base);
            side.fragments += 1;
            side.digits &= fragment.digits;
            side.text_width += fragment.x1 - fragment.x0;
            x0 = x0.min(fragment.x0);
            x1 = x1.max(fragment.x1);
        }
        side.width = x1 - x0;
        side.bases.sort_by(f64::total_cmp);
        side.bases.dedup_by(|b, a| *b - *a < 0.5 * em);
        side
    }

    /// Whether its lines are sentences more than labels: some words a line, and lines that fill the width.
    fn is_prose(&self) -> bool {
        let lines = self.bases.len() as f64;
        self.fragments as f64 >= 2.5 * lines && self.text_width >= 0.45 * lines * self.width
    }

    fn is_loose(&self) -> bool {
        self.fragments as f64 >= 2.0 * self.bases.len() as f64
    }

    /// Numbers beside the lines, as court papers have them.
    fn is_line_numbers(&self, em: f64) -> bool {
        self.digits && self.bases.len() >= 8 && self.fragments == self.bases.len() && self.width <= 3.0 * em
    }

    /// Whether most lines of the shorter side stand at the height of a line of the other.
    fn aligned_with(&self, other: &Self, em: f64) -> bool {
        let (few, many) = if self.bases.len() <= other.bases.len() { (self, other) } else { (other, self) };
        let met = few.bases.iter().filter(|&&base| {
            let at = many.bases.partition_point(|&b| b < base - 0.15 * em);
            many.bases.get(at).is_some_and(|&b| b <= base + 0.15 * em)
        });
        met.count() * 10 >= few.bases.len() * 7
    }
}
