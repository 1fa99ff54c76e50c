//! Small PDF files with text at known places.
//!
//! Lengths are whole points from the bottom left of the unrotated page, as the format has them. Text is set in
//! Helvetica, or in a Type 3 font of 600 units a character that knows ASCII, Hebrew and one ligature.

use std::fmt::Write as _;

/// The character of the second font that one glyph shows as two letters: LAMED ALEF.
pub const LIGATURE: char = '\u{FB4F}';

/// A page to be written; what is added later is painted later.
#[derive(Clone, Debug)]
pub struct PdfPage {
    width: i32,
    height: i32,
    rotation: i32,
    crop: Option<[i32; 4]>,
    content: String,
}

impl PdfPage {
    /// An empty page of a size in points.
    pub fn new(width: i32, height: i32) -> Self {
        Self { width, height, rotation: 0, crop: None, content: String::new() }
    }

    /// Turns the page clockwise when it is shown; what is on it stays where it is.
    pub fn rotated(mut self, degrees: i32) -> Self {
        self.rotation = degrees;
        self
    }

    /// Sets the crop box: left, bottom, right, top.
    pub fn cropped(mut self, sides: [i32; 4]) -> Self {
        self.crop = Some(sides);
        self
    }

    /// Latin-1 text in Helvetica from a point on its baseline.
    pub fn text(self, x: i32, y: i32, size: i32, text: &str) -> Self {
        self.turned_text(x, y, size, 0, text)
    }

    /// The same, turned counter-clockwise by a multiple of 90 degrees.
    pub fn turned_text(self, x: i32, y: i32, size: i32, degrees: i32, text: &str) -> Self {
        self.shown("F1", (x, y), size, degrees, text.chars().map(|c| c as u32 as u8))
    }

    /// Text in the second font, in the order in which its characters stand from left to right.
    pub fn hebrew(self, x: i32, y: i32, size: i32, visual: &str) -> Self {
        self.turned_hebrew(x, y, size, 0, visual)
    }

    /// [`PdfPage::hebrew`], turned as [`PdfPage::turned_text`] is.
    pub fn turned_hebrew(self, x: i32, y: i32, size: i32, degrees: i32, visual: &str) -> Self {
        self.shown("F2", (x, y), size, degrees, visual.chars().map(hebrew_code))
    }

    fn shown(self, font: &str, (x, y): (i32, i32), size: i32, degrees: i32, codes: impl Iterator<Item = u8>) -> Self {
        let (cos, sin) = [(1, 0), (0, 1), (-1, 0), (0, -1)][(degrees.rem_euclid(360) / 90) as usize];
        let mut hex = String::new();
        codes.for_each(|code| write!(hex, "{code:02x}").expect("a string takes what is written"));
        self.draw(&format!("BT /{font} {size} Tf {cos} {sin} {} {cos} {x} {y} Tm <{hex}> Tj ET", -sin))
    }

    /// A grey picture over a rectangle.
    pub fn image(self, x: i32, y: i32, width: i32, height: i32) -> Self {
        self.draw(&format!("q {width} 0 0 {height} {x} {y} cm /Im1 Do Q"))
    }

    /// A filled rectangle; `grey` is 0 for black and 1 for white.
    pub fn rectangle(self, x: i32, y: i32, width: i32, height: i32, grey: i32) -> Self {
        self.draw(&format!("{grey} g {x} {y} {width} {height} re f 0 g"))
    }

    /// Operators as they stand in a content stream; fonts `F1` and `F2` and the picture `Im1` are there.
    pub fn draw(mut self, operators: &str) -> Self {
        self.content.push_str(operators);
        self.content.push('\n');
        self
    }
}

/// Where the Hebrew letters start in the second font.
const HEBREW: u8 = 0x80;

fn hebrew_code(c: char) -> u8 {
    match c {
        '\u{5D0}'..='\u{5EA}' => HEBREW + (c as u32 - 0x5D0) as u8,
        LIGATURE => 0xF0,
        c if c.is_ascii() => c as u8,
        c => panic!("the second font has no {c:?}"),
    }
}

/// Writes a file with these pages, in this order.
pub fn pdf(pages: &[PdfPage]) -> Vec<u8> {
    const FIRST: usize = 7;
    let kids: Vec<String> = (0..pages.len()).map(|i| format!("{} 0 R", FIRST + 2 * i)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        type3(),
        stream("", &to_unicode()),
        stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "@"),
    ];
    for (index, page) in pages.iter().enumerate() {
        let crop = page.crop.map_or(String::new(), |[a, b, c, d]| format!("/CropBox [{a} {b} {c} {d}]"));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] {crop} /Rotate {} /Contents {} 0 R /Resources \
             << /Font << /F1 3 0 R /F2 4 0 R >> /XObject << /Im1 6 0 R >> >> >>",
            page.width,
            page.height,
            page.rotation,
            FIRST + 2 * index + 1,
        ));
        objects.push(stream("", &page.content));
    }
    assemble(&objects, "")
}

/// Writes a file of these objects, numbered from 1; the first is the catalogue. `trailer` holds further entries of
/// the trailer.
pub fn assemble<T: AsRef<[u8]>>(objects: &[T], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut entries = String::new();
    for (index, object) in objects.iter().enumerate() {
        entries.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(object.as_ref());
        file.extend_from_slice(b"\nendobj\n");
    }
    let size = objects.len() + 1;
    let xref = file.len();
    file.extend_from_slice(format!("xref\n0 {size}\n0000000000 65535 f \n{entries}").as_bytes());
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{xref}\n%%EOF\n");
    file.extend_from_slice(trailer.as_bytes());
    file
}

/// A stream object with further entries of its dictionary.
pub fn stream(entries: &str, content: &str) -> String {
    format!("<< {entries} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

fn type3() -> String {
    let widths = ["600"; 256].join(" ");
    format!(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 -200 600 800] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << >> \
         /Encoding << /Type /Encoding /Differences [] >> /FirstChar 0 /LastChar 255 /Widths [{widths}] /Resources << >> \
         /ToUnicode 5 0 R >>"
    )
}

fn to_unicode() -> String {
    format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Sample def /CMapType 2 def\n\
         1 begincodespacerange <00> <ff> endcodespacerange\n\
         2 beginbfrange <20> <7e> <0020> <{HEBREW:02x}> <9a> <05d0> endbfrange\n\
         1 beginbfchar <f0> <05dc05d0> endbfchar\nendcmap end end"
    )
}
