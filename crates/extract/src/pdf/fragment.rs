//! Glyphs in the order of painting -> fragments: runs of glyphs that stand side by side on one baseline. Each
//! direction of writing is a group of its own with its own frame, in which text runs to the right and lines follow
//! each other downwards.

use std::collections::HashMap;
use std::ops::Range;

use hayro_interpret::kurbo::{Point, Vec2};

use super::ink::{Glyph, Ink};

/// A gap between two glyphs that is wider than this ends a word, in em. A space is 0.2 to 0.3 em wide, justified text
/// shrinks it to 0.15; kerning and loose setting stay below 0.1.
pub(super) const WORD_GAP: f64 = 0.12;

/// Directions that differ by less than this slope (2 degrees) share a frame.
const SLOPE_STEP: f64 = 0.035;

/// A fragment, in the coordinates of its group's frame.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    pub x0: f64,
    pub x1: f64,
    pub base: f64,
    /// Font size in points.
    pub size: f64,
    /// Into [`Group::order`], left to right.
    pub glyphs: Range<u32>,
    /// Whether white space was painted directly beside it.
    pub space_left: bool,
    pub space_right: bool,
    /// Whether all its characters are digits.
    pub digits: bool,
}

/// All text of one direction.
pub(super) struct Group {
    /// Quarter turns clockwise from "to the right" on the unrotated page.
    pub quadrant: u8,
    /// Indices of [`Ink::glyphs`], fragment by fragment.
    pub order: Vec<u32>,
    pub fragments: Vec<Fragment>,
}

/// A glyph in a frame.
#[derive(Clone, Copy)]
struct Placed {
    x0: f64,
    x1: f64,
    base: f64,
    size: f64,
}

impl Placed {
    fn new(glyph: &Glyph, right: Vec2) -> Self {
        let down = Vec2::new(-right.y, right.x);
        let along = |p: Point| p.to_vec2().dot(right);
        let across = |p: Point| p.to_vec2().dot(down);
        let (a, b) = (along(glyph.start), along(glyph.end));
        Self { x0: a.min(b), x1: a.max(b), base: across(glyph.start), size: glyph.up.hypot() }
    }

    fn centre(&self) -> f64 {
        (self.x0 + self.x1) / 2.0
    }
}

/// Splits the glyphs of a page into groups by direction and each group into fragments. Groups that stand upright
/// when the page is shown come first.
pub(super) fn group(ink: &Ink, rotation: u16) -> Vec<Group> {
    let upright = (4 - rotation / 90 % 4) as u8 % 4;
    let mut keyed: Vec<((bool, u8, i32), u32, Vec2)> = Vec::with_capacity(ink.glyphs.len());
    let mut last = None;
    for (index, glyph) in ink.glyphs.iter().enumerate() {
        // A glyph without width has no direction of its own and follows the one before it.
        let advance = glyph.end - glyph.start;
        let direction = if glyph.vertical || advance.hypot() > 0.0 { advance } else { turn_right(glyph.up) };
        let (quadrant, slope) = quadrant_and_slope(direction);
        let step = (slope / SLOPE_STEP).round() as i32;
        let key = (step != 0, (quadrant + 4 - upright) % 4, step);
        last = Some(key).or(last);
        keyed.push((key, index as u32, direction / direction.hypot()));
    }
    // Stable: inside a group the order of painting stays.
    keyed.sort_by_key(|k| k.0);
    keyed
        .chunk_by(|a, b| a.0 == b.0)
        .map(|glyphs| {
            let (slanted, turns, _) = glyphs[0].0;
            let quadrant = (turns + upright) % 4;
            let right = if slanted {
                let sum = glyphs.iter().fold(Vec2::ZERO, |sum, g| sum + g.2);
                sum / sum.hypot()
            } else {
                axis(quadrant)
            };
            fragments(ink, glyphs.iter().map(|g| g.1), right, quadrant)
        })
        .filter(|group| !group.fragments.is_empty())
        .collect()
}

/// The unit vector of a number of quarter turns; y grows downwards.
fn axis(quadrant: u8) -> Vec2 {
    match quadrant {
        0 => Vec2::new(1.0, 0.0),
        1 => Vec2::new(0.0, 1.0),
        2 => Vec2::new(-1.0, 0.0),
        _ => Vec2::new(0.0, -1.0),
    }
}

/// The direction of writing whose ascenders point to `up`.
fn turn_right(up: Vec2) -> Vec2 {
    Vec2::new(-up.y, up.x)
}

/// The nearest quarter turn and the tangent of what is left over.
fn quadrant_and_slope(direction: Vec2) -> (u8, f64) {
    let (x, y) = (direction.x, direction.y);
    if x.abs() >= y.abs() {
        if x >= 0.0 { (0, y / x) } else { (2, y / x) }
    } else if y > 0.0 {
        (1, -x / y)
    } else {
        (3, -x / y)
    }
}

fn fragments(ink: &Ink, indices: impl ExactSizeIterator<Item = u32>, right: Vec2, quadrant: u8) -> Group {
    let group = Group { quadrant, order: Vec::new(), fragments: Vec::new() };
    let mut builder = Builder { ink, group, open: Vec::new(), before: None, way: Way::Unknown };
    let mut seen = Seen::with_capacity(indices.len());
    let mut space: Option<Placed> = None;
    for index in indices {
        let glyph = &ink.glyphs[index as usize];
        let placed = Placed::new(glyph, right);
        if glyph.is_space() {
            builder.close(Some(placed));
            space = Some(placed);
        } else if seen.insert(ink.text_of(glyph), &placed) {
            builder.add(index, placed, space.take());
        }
    }
    builder.close(None);
    builder.group
}

/// Whether a fragment is painted from left to right or from right to left.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Unknown,
    Right,
    Left,
}

struct Builder<'a> {
    ink: &'a Ink,
    group: Group,
    /// Glyphs of the fragment that is being built, and the white space painted before it.
    open: Vec<(u32, Placed)>,
    before: Option<Placed>,
    way: Way,
}

impl Builder<'_> {
    fn add(&mut self, index: u32, placed: Placed, space: Option<Placed>) {
        match self.open.last().and_then(|(_, last)| continues(last, &placed, self.way)) {
            Some(way) => self.way = way,
            None => {
                self.close(None);
                self.way = Way::Unknown;
                self.before = space.filter(|s| beside(s, &placed));
            }
        }
        self.open.push((index, placed));
    }

    /// Ends the fragment that is being built; `after` is white space painted behind it.
    fn close(&mut self, after: Option<Placed>) {
        let mut glyphs = std::mem::take(&mut self.open);
        let (Some(&(_, first)), Some(&(_, last))) = (glyphs.first(), glyphs.last()) else { return };
        let before = self.before.take().map(|s| s.centre() < first.centre());
        let after = after.filter(|s| beside(s, &last)).map(|s| s.centre() < last.centre());
        if self.way == Way::Left {
            glyphs.reverse();
        }
        let start = self.group.order.len() as u32;
        self.group.order.extend(glyphs.iter().map(|g| g.0));
        let text = |index: u32| self.ink.text_of(&self.ink.glyphs[index as usize]);
        let fragment = Fragment {
            x0: glyphs.iter().map(|g| g.1.x0).fold(f64::INFINITY, f64::min),
            x1: glyphs.iter().map(|g| g.1.x1).fold(f64::NEG_INFINITY, f64::max),
            base: first.base,
            size: first.size,
            glyphs: start..self.group.order.len() as u32,
            space_left: before == Some(true) || after == Some(true),
            space_right: before == Some(false) || after == Some(false),
            digits: glyphs.iter().all(|g| text(g.0).bytes().all(|b| b.is_ascii_digit())),
        };
        self.group.fragments.push(fragment);
    }
}

/// Whether white space stands next to a glyph, and so says something about it.
fn beside(space: &Placed, glyph: &Placed) -> bool {
    let size = space.size.max(glyph.size);
    let gap = (glyph.x0 - space.x1).max(space.x0 - glyph.x1);
    (space.base - glyph.base).abs() < 0.5 * size && gap < size
}

/// The way in which `next` goes on from `last`; `None` when it does not.
fn continues(last: &Placed, next: &Placed, way: Way) -> Option<Way> {
    let size = last.size.min(next.size);
    if (last.base - next.base).abs() > 0.05 * size || last.size.max(next.size) > 1.25 * size {
        return None;
    }
    // Kerning pulls glyphs together by up to a third of an em; accents without width stand on their letter.
    let near = |gap: f64| (-0.35 * size..=WORD_GAP * size).contains(&gap);
    if way != Way::Left && near(next.x0 - last.x1) && next.centre() >= last.centre() {
        Some(Way::Right)
    } else if way != Way::Right && near(last.x0 - next.x1) && next.centre() < last.centre() {
        Some(Way::Left)
    } else {
        None
    }
}

/// Where each text was painted, to count a glyph once that is painted again at the same place to look bold or to
/// throw a shadow.
struct Seen<'a> {
    /// The last place of each key; places of one key are chained.
    last: HashMap<u64, u32>,
    places: Vec<Place<'a>>,
}

struct Place<'a> {
    text: &'a str,
    at: Point,
    before: Option<u32>,
}

impl<'a> Seen<'a> {
    /// Side of the cells that places are sorted into, in points: most glyphs are then looked up in one cell.
    const CELL: f64 = 16.0;
    /// Places looked at for one glyph in one cell: more of one text in it are too small to be read.
    const PLACES: usize = 64;

    fn with_capacity(glyphs: usize) -> Self {
        Self { last: HashMap::with_capacity(glyphs), places: Vec::with_capacity(glyphs) }
    }

    /// Notes a glyph; `false` when it was there before.
    fn insert(&mut self, text: &'a str, placed: &Placed) -> bool {
        let at = Point::new(placed.centre(), placed.base);
        // Shadows are shifted by less than the narrowest letter is wide.
        let reach = 0.1 * placed.size.min(Self::CELL);
        let cell = |v: f64| (v / Self::CELL).floor() as i64;
        let own = (cell(at.x), cell(at.y));
        for x in cell(at.x - reach)..=cell(at.x + reach) {
            for y in cell(at.y - reach)..=cell(at.y + reach) {
                let mut next = self.last.get(&key(text, (x, y))).copied();
                for _ in 0..Self::PLACES {
                    let Some(place) = next.and_then(|index| self.places.get(index as usize)) else { break };
                    let near = (place.at.x - at.x).abs() <= reach && (place.at.y - at.y).abs() <= reach;
                    if near && place.text == text {
                        return false;
                    }
                    next = place.before;
                }
            }
        }
        let before = self.last.insert(key(text, own), self.places.len() as u32);
        self.places.push(Place { text, at, before });
        true
    }
}

/// Tells most texts in most cells apart; what shares a key is compared.
fn key(text: &str, (x, y): (i64, i64)) -> u64 {
    let first = text.chars().next().map_or(0, u64::from);
    first << 40 ^ (x as u64 & 0xF_FFFF) << 20 ^ (y as u64 & 0xF_FFFF)
}
