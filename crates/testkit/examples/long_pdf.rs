//! Writes a PDF of so many pages to standard output, each with a date of its own: `long_pdf 5000 > long.pdf`.

use std::io::Write;

use docmill_testkit::pdf::{PdfPage, pdf};

fn main() -> std::io::Result<()> {
    let pages: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5000);
    let page = |number: usize| {
        (0..40).fold(PdfPage::new(595, 842), |page, line| {
            let day = 1 + (number + line) % 28;
            page.text(
                50,
                790 - 18 * line as i32,
                10,
                &format!("Page {number}, line {line}: delivered on {day} March 2024."),
            )
        })
    };
    std::io::stdout().write_all(&pdf(&(1..=pages).map(page).collect::<Vec<_>>()))
}
