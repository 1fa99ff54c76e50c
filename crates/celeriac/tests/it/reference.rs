//! docs/reference/celery.md says which test holds each line of the wire: that those tests are there.

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of the page's tables: number, level, and what stands in the last column.
fn lines(page: &str) -> Vec<[&str; 3]> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, level, held] = cells[..] else { panic!("four columns: {row}") };
        [number, level, held]
    })
    .collect()
}

/// Whether a file has a test of that name. What is no source of ours is a list of tests of Celery's suite, or a script.
fn has(file: &Path, test: &str) -> bool {
    let source = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if file.extension().is_some_and(|kind| kind == "rs") {
        source.contains(&format!("fn {test}("))
    } else {
        source.contains(test)
    }
}

#[test]
fn each_line_of_the_wire_is_held_by_a_test_that_is_there() {
    let page = std::fs::read_to_string(repository().join("docs/reference/celery.md")).unwrap();
    let lines = lines(&page);
    assert!(lines.len() > 70, "the tables are read: {}", lines.len());
    for [number, level, held] in lines {
        let later = match level {
            "MUST" | "SHOULD" => false,
            "LATER" => true,
            other => panic!("{number}: {other} is no level"),
        };
        assert_eq!(held.is_empty(), later, "{number}: what is not for later is held by a test");
        if held == "—" {
            assert!(page.contains(&format!("\n* {number}: ")), "{number}: what is not held is said at the end");
            continue;
        }
        for named in held.split("<br>").filter(|_| !later) {
            let named = named.trim().trim_matches('`');
            let (file, test) = named.split_once("::").unwrap_or_else(|| panic!("{number}: no file::test: {named}"));
            assert!(has(&repository().join(file), test), "{number}: there is no {named}");
        }
    }
}
