//! `explain`: the page of a code, or the list of all.

use anyhow::Result;
use docmill_model::Code;
use serde_json::{Value, json};

use crate::failure::{Error, Exit};
use crate::page;
use crate::screen::{BOLD, Screen};
use crate::table::{Cell, Column, Table};

pub fn explain(json: bool, code: Option<&str>) -> Result<Exit> {
    let screen = Screen::new(json);
    let Some(word) = code else { return list(&screen) };
    let code = Code::parse(word)
        .ok_or_else(|| Error::UnknownCode { word: word.to_owned(), near: page::nearest_code(word) })?;
    if screen.json {
        let mut value = entry(code);
        value["page"] = page::of(code).into();
        screen.print_json(&value)?;
    } else {
        screen.print(page::of(code))?;
    }
    Ok(Exit::Fine)
}

fn entry(code: Code) -> Value {
    json!({ "code": code, "meaning": code.meaning(), "remedy": code.remedy() })
}

fn list(screen: &Screen) -> Result<Exit> {
    if screen.json {
        screen.print_json(&Code::ALL.iter().map(|code| entry(*code)).collect())?;
        return Ok(Exit::Fine);
    }
    let mut table = Table::new(&[Column::Left("code"), Column::Left("meaning")]);
    for code in Code::ALL {
        table.row([Cell::painted(code.as_str(), BOLD), code.meaning().into()]);
    }
    screen.print(&table.render(screen))?;
    Ok(Exit::Fine)
}
