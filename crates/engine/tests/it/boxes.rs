//! Boxes on generated pages: two columns, turned text, turned pages, right-to-left lines. Each mention has one box
//! for each line that it touches, and the glyphs whose centres lie in its boxes spell its text.
//!
//! The font has glyphs of equal, known width, so where each one stands is arithmetic and not what the reader says.

use docmill_testkit::corpus::Dice;
use docmill_testkit::pdf::{PdfPage, pdf};

use crate::pile::{Pile, export, run_all};

const WIDTH: i32 = 600;
const HEIGHT: i32 = 800;
const SIZE: i32 = 8;
/// Of the font: 600 thousandths of its size for each character.
const ADVANCE: f64 = 0.6 * SIZE as f64;

/// A line as it stands from left to right before it is turned.
struct Line {
    x: i32,
    y: i32,
    degrees: i32,
    text: String,
}

/// (line, character, centre from the top left of the unrotated page).
fn glyphs(lines: &[Line]) -> Vec<(usize, char, f64, f64)> {
    let mut out = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let (sin, cos) = f64::from(line.degrees).to_radians().sin_cos();
        for (index, c) in line.text.chars().enumerate().filter(|(_, c)| !c.is_whitespace()) {
            // The middle of a glyph that goes from 0.2 below the baseline to 0.8 above it.
            let (along, up) = ((index as f64 + 0.5) * ADVANCE, 0.3 * f64::from(SIZE));
            let x = f64::from(line.x) + along * cos - up * sin;
            let y = f64::from(line.y) + along * sin + up * cos;
            out.push((number, c, x, f64::from(HEIGHT) - y));
        }
    }
    out
}

/// A phrase with one thing to find in it.
fn phrase(dice: &mut Dice) -> String {
    let (day, year, sum) = (1 + dice.roll(28), 2000 + dice.roll(25), 1000 + dice.roll(9000));
    match dice.roll(4) {
        0 => format!("signed on {day} March {year} by both"),
        1 => format!("the sum of EUR {sum}.50 is due"),
        2 => "write to anna@example.org at once".to_owned(),
        _ => format!("see 42 U.S.C. § {} there", 1000 + dice.roll(900)).replace('§', "Sec."),
    }
}

fn columns(dice: &mut Dice) -> Vec<Line> {
    let column = |x: i32, dice: &mut Dice| -> Vec<Line> {
        let line = |row| Line { x, y: 700 - 12 * row, degrees: 0, text: phrase(dice) };
        (0..10).map(line).collect()
    };
    let mut lines = column(50, dice);
    lines.extend(column(330, dice));
    lines
}

fn turned(dice: &mut Dice, degrees: i32) -> Vec<Line> {
    let line = |row: i32| {
        let (x, y) = match degrees {
            90 => (100 + 12 * row, 100),
            180 => (500, 300 + 12 * row),
            270 => (400 - 12 * row, 700),
            _ => (100, 700 - 12 * row),
        };
        Line { x, y, degrees, text: phrase(dice) }
    };
    (0..8).map(line).collect()
}

/// Hebrew around a date: the letters run to the left, the digits to the right.
fn right_to_left(dice: &mut Dice) -> Vec<Line> {
    let line = |row| {
        let date = format!("{}-03-{:02}", 2000 + dice.roll(25), 1 + dice.roll(28));
        Line {
            x: 200,
            y: 700 - 14 * row,
            degrees: 0,
            text: format!("\u{5D5}\u{5D4}\u{5D3} {date} \u{5D2}\u{5D1}\u{5D0}"),
        }
    };
    (0..6).map(line).collect()
}

async fn check(name: &str, lines: &[Line], rotation: i32, expected: usize) {
    let mut page = PdfPage::new(WIDTH, HEIGHT).rotated(rotation);
    for line in lines {
        page = page.turned_hebrew(line.x, line.y, SIZE, line.degrees, &line.text);
    }
    let pile = Pile::new(&[]);
    pile.put("page.pdf", &pdf(&[page]));
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let export = export(&workspace).await;
    let rows = export.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut found = 0;
    for mention in rows.filter(|row| row["kind"] == "mention") {
        found += 1;
        let text: String = mention["text"].as_str().unwrap().chars().filter(|c| !c.is_whitespace()).collect();
        let boxes = mention["boxes"].as_array().unwrap();
        let mut spelled = String::new();
        let mut touched = Vec::new();
        for r in boxes {
            let side = |name: &str| r[name].as_f64().unwrap();
            for (line, c, x, y) in glyphs(lines) {
                if side("x0") <= x && x <= side("x1") && side("y0") <= y && y <= side("y1") {
                    spelled.push(c);
                    touched.push(line);
                }
            }
        }
        touched.dedup();
        assert_eq!(spelled, text, "{name}: {mention}");
        assert_eq!(touched.len(), boxes.len(), "{name}: one box a line: {mention}");
    }
    assert!(found >= expected, "{name}: {found} of {expected} mentions were found\n{export}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glyphs_in_the_boxes_of_a_mention_spell_its_text() {
    let mut dice = Dice::new(7);
    for rotation in [0, 90, 180, 270] {
        check("columns", &columns(&mut dice), rotation, 20).await;
        check("right to left", &right_to_left(&mut dice), rotation, 6).await;
        for degrees in [0, 90, 180, 270] {
            check(&format!("turned by {degrees}"), &turned(&mut dice, degrees), rotation, 8).await;
        }
    }
}

/// A sum that is broken at the end of a line has a box on each of the two.
#[tokio::test(flavor = "multi_thread")]
async fn a_mention_over_two_lines_has_two_boxes() {
    let line = |row: i32, text: &str| Line { x: 100, y: 700 - 12 * row, degrees: 0, text: text.to_owned() };
    let lines = [line(0, "the contract was signed by both on 14"), line(1, "March 2024 in the presence of a notary")];
    check("two lines", &lines, 0, 1).await;
}
