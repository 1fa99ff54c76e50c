//! Comma-separated values as spreadsheets and Python's `csv` write them (RFC 4180).

use super::Malformed;

/// A row with the number of its line, from 1.
pub type Row = (usize, Vec<String>);

/// The rows of a file. A field between double quotes may hold commas, line feeds and doubled quotes; empty lines are
/// left out.
pub fn rows(file: &str) -> Result<Vec<Row>, Malformed> {
    let mut out = Vec::new();
    let (mut row, mut field) = (Vec::new(), String::new());
    let (mut line, mut start) = (1, 1);
    let mut chars = file.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted => quoted = false,
            _ if quoted => field.push(c),
            '"' if field.is_empty() => quoted = true,
            ',' => row.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                end(&mut out, start, &mut row, &mut field);
                start = line;
            }
            _ => field.push(c),
        }
    }
    if quoted {
        return Err(Malformed { line: start, what: "a quote that is not closed".to_owned() });
    }
    end(&mut out, start, &mut row, &mut field);
    Ok(out)
}

fn end(out: &mut Vec<Row>, line: usize, row: &mut Vec<String>, field: &mut String) {
    if !row.is_empty() || !field.is_empty() {
        row.push(std::mem::take(field));
        out.push((line, std::mem::take(row)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_line_feeds_and_quotes() {
        let check = |file: &str, expected: &[(usize, &[&str])]| {
            let expected: Vec<Row> =
                expected.iter().map(|(line, row)| (*line, row.iter().map(|f| (*f).to_owned()).collect())).collect();
            assert_eq!(rows(file).as_ref(), Ok(&expected), "{file:?}");
        };
        check("a,b\r\n1,\n", &[(1, &["a", "b"]), (2, &["1", ""])]);
        check("\"a, \"\"b\"\"\nc\",d\n\ne", &[(1, &["a, \"b\"\nc", "d"]), (4, &["e"])]);
        check("a\"b,c", &[(1, &["a\"b", "c"])]);
        check("", &[]);
        assert_eq!(rows("a\n\"b").map_err(|e| e.line), Err(2));
    }
}
