//! What can be typed to find passages.

use clap::Args;
use docmill_model::day::{self, Day};
use docmill_model::{Category, MentionType};

#[derive(Debug, Args)]
pub struct Search {
    /// Words that must be there, phrases between double quotes, beginnings as `pay*`; not there: "rent -draft"
    #[arg(required_unless_present_any = ["mentions", "entity", "after", "before", "category", "language", "project"])]
    pub query: Vec<String>,
    /// Only passages that mention something of this type, such as ORG; may be given several times
    #[arg(long = "type", id = "mentions", value_name = "TYPE", value_parser = mention_type)]
    pub types: Vec<MentionType>,
    /// Only passages that mention this entity, by name or id; may be given several times
    #[arg(long, value_name = "NAME|ID")]
    pub entity: Vec<String>,
    /// Only passages with a date on or after this one (2024, 2024-03, 2024-03-04), or from a mail of such a date
    #[arg(long, value_name = "DATE", value_parser = first_day)]
    pub after: Option<Day>,
    /// Only passages with a date on or before this one, or from a mail of such a date
    #[arg(long, value_name = "DATE", value_parser = last_day)]
    pub before: Option<Day>,
    /// Only documents of this kind, such as contract
    #[arg(long, value_name = "CATEGORY", value_parser = category)]
    pub category: Option<Category>,
    /// Only documents in this language, such as en
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    pub language: Option<String>,
    /// Only documents of this pile
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Most passages to show
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

impl Search {
    /// The days from `--after` to `--before`, both included.
    pub fn days(&self) -> Option<std::ops::RangeInclusive<Day>> {
        (self.after.is_some() || self.before.is_some())
            .then(|| self.after.unwrap_or(Day::MIN)..=self.before.unwrap_or(Day::MAX))
    }
}

fn mention_type(word: &str) -> Result<MentionType, String> {
    let known = || MentionType::ALL.map(MentionType::as_str).join(", ");
    MentionType::parse(&word.to_ascii_uppercase()).ok_or_else(|| format!("the types are {}", known()))
}

fn category(word: &str) -> Result<Category, String> {
    let known = || Category::ALL.map(Category::as_str).join(", ");
    Category::parse(&word.to_ascii_lowercase()).ok_or_else(|| format!("the categories are {}", known()))
}

fn language(word: &str) -> Result<String, String> {
    let is_code = word.len() == 2 && word.bytes().all(|b| b.is_ascii_alphabetic());
    is_code.then(|| word.to_ascii_lowercase()).ok_or_else(|| "must be two letters, such as en".to_owned())
}

fn first_day(date: &str) -> Result<Day, String> {
    Ok(*days(date)?.start())
}

fn last_day(date: &str) -> Result<Day, String> {
    Ok(*days(date)?.end())
}

fn days(date: &str) -> Result<std::ops::RangeInclusive<Day>, String> {
    day::days(date).ok_or_else(|| "must be a date such as 2024, 2024-03 or 2024-03-04".to_owned())
}
