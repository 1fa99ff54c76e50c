//! What the interpreter of a page paints, as far as text and the question "is this a scan" need it.

use hayro_interpret::font::{Glyph as Shape, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect, Vec2};
use hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask};

/// How much a page may ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub chars: u32,
    /// Glyphs, paths, pictures and clips.
    pub steps: u32,
    /// Clips other than rectangles. Each form pushes one, and forms may call forms, so that a small file can ask for
    /// more than any machine can do.
    pub clips: u32,
}

/// Thrown through the interpreter, which has no other way to be stopped, when a page passes its limits.
pub(super) struct TooManySteps;

/// A glyph whose meaning is known, in points from the top left of the unrotated page.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// Where it begins and ends along its advance, on the baseline (in vertical writing on the middle line).
    pub start: Point,
    pub end: Point,
    /// One em towards the ascenders, at a right angle to the advance.
    pub up: Vec2,
    pub vertical: bool,
    /// Bytes of [`Ink::text`]; empty for white space.
    pub text: (u32, u32),
}

impl Glyph {
    pub fn is_space(&self) -> bool {
        self.text.0 == self.text.1
    }

    /// How far the box of the glyph reaches above and below the baseline, in em. The boxes that fonts declare are
    /// often wrong; these are the usual ascent and descent of Latin type.
    pub fn reach(&self) -> (f64, f64) {
        if self.vertical { (0.5, 0.5) } else { (0.8, 0.2) }
    }

    /// The corners of its box.
    pub fn corners(&self) -> [Point; 4] {
        let (above, below) = self.reach();
        let (above, below) = (self.up * above, self.up * -below);
        [self.start + above, self.start + below, self.end + above, self.end + below]
    }
}

/// The glyphs of a page in the order in which they are painted, and what else is painted.
#[derive(Default)]
pub(super) struct Ink {
    pub glyphs: Vec<Glyph>,
    /// The characters of the glyphs; those of one run share what is the same.
    pub text: String,
    /// Whether anything that can be seen is painted, text with a known meaning aside.
    pub paints: bool,
    /// Square points that pictures cover; where they overlap they count twice.
    pub image_area: f64,
    /// Glyphs other than white space, and those among them that have no meaning.
    pub shown: u32,
    pub unreadable: u32,
    pub nulls: u32,
    /// Whether the page has more characters than the limit.
    pub full: bool,
}

impl Ink {
    /// The characters of a glyph, in the order in which they are read.
    pub fn text_of(&self, glyph: &Glyph) -> &str {
        &self.text[glyph.text.0 as usize..glyph.text.1 as usize]
    }
}

/// What a code of a font means.
#[derive(Clone, Copy)]
struct Meaning {
    /// Bytes of [`Ink::text`], and how many characters they are.
    text: (u32, u32),
    chars: u32,
    nulls: u32,
    readable: bool,
}

/// Codes of one run whose meaning is kept: asking the font costs more than looking through these.
const KNOWN: usize = 32;

/// Records what is painted inside the page and inside the clip in force.
pub(super) struct Recorder {
    ink: Ink,
    /// Bounding boxes of the clips in force, each inside the one before; the first is the page.
    clips: Vec<Rect>,
    limits: Limits,
    /// What was used up of the limits.
    used: Limits,
}

impl Recorder {
    pub fn new(page: Rect, limits: Limits) -> Self {
        let used = Limits { chars: 0, steps: 0, clips: 0 };
        Self { ink: Ink::default(), clips: vec![page], limits, used }
    }

    pub fn into_ink(self) -> Ink {
        self.ink
    }

    fn clip(&self) -> Rect {
        self.clips.last().copied().unwrap_or(Rect::ZERO)
    }

    fn step(&mut self, steps: usize) {
        self.used.steps = self.used.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.used.steps > self.limits.steps || self.used.clips > self.limits.clips {
            std::panic::resume_unwind(Box::new(TooManySteps));
        }
    }

    fn push_clip(&mut self, bounds: Rect) {
        self.step(1);
        let clip = self.clip();
        // A clip that is not a number hides nothing: its glyphs are judged by the clip around it.
        let inner = if bounds.is_finite() { clip.intersect(bounds.abs()) } else { clip };
        self.clips.push(inner);
    }

    fn paint(&mut self, bounds: Rect, paint: &Paint<'_>, mode: &DrawMode) {
        self.step(1);
        if self.ink.paints || matches!(mode, DrawMode::Invisible) || !touches(bounds, self.clip()) {
            return;
        }
        self.ink.paints = match paint {
            Paint::Pattern(_) => true,
            Paint::Color(color) => {
                // White, or all but white, is what a page is before anything is painted.
                let [red, green, blue, alpha] = color.to_rgba().to_rgba8();
                alpha > 5 && [red, green, blue].iter().any(|&c| c < 250)
            }
        };
    }

    fn push_glyph(&mut self, glyph: Glyph, shape: &Shape<'_>, known: &mut Vec<(u32, Meaning)>) {
        let size = glyph.up.hypot();
        let Glyph { start, end, .. } = glyph;
        let finite = [start.x, start.y, end.x, end.y, size].iter().all(|v| v.is_finite());
        if !finite || size < MIN_SIZE || !self.is_visible(&glyph) {
            return;
        }
        let meaning = self.meaning(shape, known);
        let text = meaning.text;
        self.used.chars = self.used.chars.saturating_add(meaning.chars);
        self.ink.nulls += meaning.nulls;
        self.ink.unreadable += u32::from(!meaning.readable);
        self.ink.shown += u32::from(!meaning.readable || text.0 != text.1);
        if meaning.readable || text.0 != text.1 {
            self.ink.glyphs.push(Glyph { text, ..glyph });
        } else {
            self.ink.paints = true;
        }
    }

    /// What a glyph means, from the glyphs of its run that are known or else from its font.
    fn meaning(&mut self, shape: &Shape<'_>, known: &mut Vec<(u32, Meaning)>) -> Meaning {
        let code = shape.char_code();
        if let Some((_, meaning)) = known.iter().find(|k| k.0 == code) {
            return *meaning;
        }
        let begin = self.ink.text.len();
        let mut meaning = Meaning { text: (0, 0), chars: 0, nulls: 0, readable: true };
        match shape.as_unicode() {
            // The code 32 of a font that does not say what its codes mean is a space in all that were seen.
            None if code == 32 => {}
            None => meaning.readable = false,
            Some(BfString::Char(c)) => self.push_char(c, &mut meaning),
            Some(BfString::String(s)) => s.chars().for_each(|c| self.push_char(c, &mut meaning)),
        }
        meaning.text = (begin as u32, self.ink.text.len() as u32);
        if known.len() < KNOWN {
            known.push((code, meaning));
        }
        meaning
    }

    /// Adds a character to the text of a glyph.
    fn push_char(&mut self, c: char, meaning: &mut Meaning) {
        if c.is_whitespace() {
            return;
        }
        if c.is_control() && c != '\0' {
            meaning.readable = false;
            return;
        }
        meaning.nulls += u32::from(c == '\0');
        let c = if c == '\0' { char::REPLACEMENT_CHARACTER } else { c };
        let private = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}');
        meaning.readable &= !private && c != char::REPLACEMENT_CHARACTER;
        let mut buffer = [0; 4];
        let letters = ligature(c).unwrap_or_else(|| c.encode_utf8(&mut buffer));
        self.ink.text.push_str(letters);
        meaning.chars += letters.chars().count() as u32;
    }

    /// Whether the middle part of the glyph's box lies inside the clip: a box that only touches it shows no ink.
    fn is_visible(&self, glyph: &Glyph) -> bool {
        let corners = glyph.corners();
        let bounds = Rect::from_points(corners[0], corners[3]).union(Rect::from_points(corners[1], corners[2]));
        touches(bounds.inflate(-0.1 * bounds.width(), -0.1 * bounds.height()), self.clip())
    }
}

/// Font sizes below this cannot be seen and make gaps meaningless; in points.
const MIN_SIZE: f64 = 0.05;

/// Whether two rectangles share a point; either may be a line or a point.
fn touches(a: Rect, b: Rect) -> bool {
    a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1 && b.width() > 0.0 && b.height() > 0.0
}

/// The letters of a Latin ligature that has a code point of its own.
fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{FB00}' => "ff",
        '\u{FB01}' => "fi",
        '\u{FB02}' => "fl",
        '\u{FB03}' => "ffi",
        '\u{FB04}' => "ffl",
        '\u{FB05}' | '\u{FB06}' => "st",
        _ => return None,
    })
}

/// Advance of a glyph in thousandths of an em.
fn advance(shape: &Shape<'_>) -> f64 {
    let width = match shape {
        Shape::Outline(outline) => outline.advance_width(),
        Shape::Type3(type3) => type3.advance_width(),
    };
    // Half an em is the mean width of a letter.
    f64::from(width.unwrap_or(500.0))
}

/// The factor by which `advance` has to be multiplied in a run whose glyphs are stretched one by one, as they are
/// when a substitute stands in for a missing font: the median of what the origins of the glyphs tell. `None` when the
/// glyphs are not stretched.
fn common_scale(run: &GlyphRun<'_, '_>) -> Option<f64> {
    let glyphs = run.glyphs();
    let scale = |t: Affine| Vec2::new(t.as_coeffs()[0], t.as_coeffs()[1]).hypot();
    let first = scale(glyphs.first()?.transform());
    if glyphs.iter().all(|g| (scale(g.transform()) - first).abs() <= 0.01 * first) {
        return None;
    }
    let mut scales: Vec<f64> = glyphs
        .windows(2)
        .filter_map(|pair| {
            let advance = advance(&pair[0]);
            let step = pair[1].transform().translation() - pair[0].transform().translation();
            (advance > 1.0).then(|| step.hypot() / advance)
        })
        .filter(|s| s.is_finite())
        .collect();
    let middle = scales.len() / 2;
    (!scales.is_empty()).then(|| *scales.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// How many times its nominal size a run of a Type 3 font is. Such a font has a matrix of its own, so that the
/// nominal size says little; letters are about half an em wide.
fn type3_size(run: &GlyphRun<'_, '_>) -> f64 {
    let mut advances: Vec<f64> = run.glyphs().iter().map(|g| advance(g).abs()).filter(|a| *a > 0.0).collect();
    let middle = advances.len() / 2;
    if advances.is_empty() {
        return 1.0;
    }
    let median = *advances.select_nth_unstable_by(middle, f64::total_cmp).1;
    if (150.0..=1200.0).contains(&median) { 1.0 } else { median / 500.0 }
}

impl<'a> Device<'a> for Recorder {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if !self.ink.paints && !path.is_empty() {
            self.paint(props.transform.transform_rect_bbox(path.control_box()), &props.paint, mode);
        } else {
            self.step(1);
        }
    }

    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'a>, mode: &DrawMode) {
        self.paint(props.transform.transform_rect_bbox(*rect), &props.paint, mode);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.used.clips += 1;
        self.push_clip(clip.path.control_box());
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.push_clip(*rect);
    }

    fn pop_clip(&mut self) {
        if self.clips.len() > 1 {
            self.clips.pop();
        }
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.step(1);
    }

    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.step(run.glyphs().len() + 1);
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let scale = common_scale(run);
        let type3 = run.glyphs().iter().any(|g| matches!(**g, Shape::Type3(_)));
        let size = if type3 { type3_size(run) } else { 1.0 };
        let mut known = Vec::new();
        for shape in run.glyphs() {
            if self.used.chars >= self.limits.chars || self.ink.glyphs.len() >= self.limits.chars as usize {
                self.ink.full = true;
                return;
            }
            let mut text_space = shape.transform();
            if let Some(scale) = scale {
                let [a, b, c, d, e, f] = text_space.as_coeffs();
                let own = Vec2::new(a, b).hypot();
                text_space = Affine::new([a * scale / own, b * scale / own, c, d, e, f]);
            }
            let place = props.transform * text_space;
            let width = advance(shape);
            // In vertical writing the origin is that of horizontal writing and the advance goes down the middle, from
            // 880 above the baseline to 120 below where the font says nothing else (ISO 32000-1, 9.7.4.3).
            let (start, end, side) = if vertical {
                (Point::new(width / 2.0, 880.0), Point::new(width / 2.0, -120.0), Vec2::new(1000.0, 0.0))
            } else {
                (Point::ZERO, Point::new(width, 0.0), Vec2::new(0.0, 1000.0 * size))
            };
            let origin = place * Point::ZERO;
            let side = place * side.to_point() - origin;
            let forward = place * (if vertical { Point::new(0.0, -1000.0) } else { Point::new(1000.0, 0.0) }) - origin;
            let length = forward.hypot();
            if length > 0.0 {
                let forward = forward / length;
                let up = side - forward * side.dot(forward);
                let glyph = Glyph { start: place * start, end: place * end, up, vertical, text: (0, 0) };
                self.push_glyph(glyph, shape, &mut known);
            }
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.step(1);
        let pixels = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        let bounds = props.transform.transform_rect_bbox(pixels);
        if bounds.is_finite() && touches(bounds, self.clip()) {
            self.ink.paints = true;
            self.ink.image_area += bounds.intersect(self.clip()).area();
        }
    }
}
