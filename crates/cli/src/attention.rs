//! What needs a person: documents that are not done, by code, and files that could not be read.

use docmill_model::Code;
use docmill_store::{ErrorClass, Overview, Unread};
use serde_json::{Value, json};

use crate::context::Context;
use crate::format::{count, grouped, quoted};
use crate::screen::{BAD, BOLD, WARN, line};
use crate::table::{Cell, Column, Table};

/// Unread files that are listed one by one.
const LISTED: usize = 10;

/// The command that tries the documents of a code again.
pub fn retry(cx: &Context, code: Code) -> String {
    cx.command(&format!("retry --class {code}"))
}

/// Classes of error and unread files, each with its remedy and the next command; empty when all is well.
///
/// `every_retry` names the command that tries a class again also where the same bytes would say the same.
pub fn render(cx: &Context, overview: &Overview, unread: &[Unread], every_retry: bool) -> String {
    if overview.errors.is_empty() && unread.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", cx.screen.paint(BOLD, "Needs attention"));
    for class in &overview.errors {
        let style = if class.state == docmill_model::State::Failed { BAD } else { WARN };
        let head = cx.screen.paint(style, class.code.as_str());
        let documents = count(class.documents, "document");
        out.push_str(&format!("  {head}  {documents} {}: {}\n", class.state, class.code.meaning()));
        out.push_str(&format!("      {}\n", class.code.remedy()));
        let example = cx.command(&format!("why {}", quoted(&line(&class.example))));
        let again = (every_retry || class.code.may_pass_by_itself()).then(|| format!("; {}", retry(cx, class.code)));
        out.push_str(&format!("      {example}{}\n", again.unwrap_or_default()));
    }
    if !unread.is_empty() {
        out.push_str(&format!(
            "  {}\n",
            cx.screen.paint(BAD, &format!("{} could not be read", count(unread.len() as u64, "file")))
        ));
        let mut table = Table::new(&[Column::Left("file"), Column::Left("code"), Column::Left("remedy")]);
        for file in unread.iter().take(LISTED) {
            table.row([file.shown.as_str().into(), Cell::painted(file.code.as_str(), BAD), remedy(file.code).into()]);
        }
        out.push_str(&table.render(&cx.screen));
        if unread.len() > LISTED {
            out.push_str(&format!(
                "  and {} more: {}\n",
                grouped((unread.len() - LISTED) as u64),
                cx.command("status --json")
            ));
        }
    }
    out
}

/// An unread file is no document that could be retried: the next run looks at it again.
fn remedy(code: Code) -> &'static str {
    match code {
        Code::PERMISSION_DENIED => "change its permissions and run again",
        Code::SOURCE_GONE => "put it back and run again, or `docmill prune`",
        _ => "check the disk and run again",
    }
}

pub fn classes_json(cx: &Context, overview: &Overview) -> Vec<Value> {
    let class = |class: &ErrorClass| {
        json!({
            "code": class.code, "state": class.state.as_str(), "documents": class.documents, "example": class.example,
            "meaning": class.code.meaning(), "remedy": class.code.remedy(), "command": retry(cx, class.code),
        })
    };
    overview.errors.iter().map(class).collect()
}

pub fn unread_json(unread: &[Unread]) -> Vec<Value> {
    let file = |file: &Unread| json!({ "path": file.shown, "code": file.code, "message": file.message });
    unread.iter().map(file).collect()
}
