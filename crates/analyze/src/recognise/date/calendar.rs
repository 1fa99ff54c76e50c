//! Months by name, and what days there are.

/// Names and abbreviations of the months in order, in lower case and without a dot: English, German, French.
const MONTHS: [&str; 12] = [
    "january januar jänner janvier janv jan",
    "february februar feber février fevrier févr fév feb",
    "march märz maerz mars mar mär mrz",
    "april avril avr apr",
    "may mai",
    "june juni juin jun",
    "july juli juillet juil jul",
    "august août aout aug",
    "september septembre sept sep",
    "october oktober octobre oct okt",
    "november novembre nov",
    "december dezember décembre decembre dec dez déc",
];

/// The number of a month from 1; `None` when no month is called so.
pub fn month(name: &str) -> Option<u32> {
    let name = name.trim_end_matches('.').to_lowercase();
    (1..).zip(MONTHS).find(|(_, names)| names.split(' ').any(|known| known == name)).map(|(number, _)| number)
}

/// Whether a month is written without a capital although the language wants one. French does not; an English
/// `may` or `march` in small letters is a verb more often than a month.
pub fn lacks_capital(name: &str) -> bool {
    const FRENCH: [&str; 14] = [
        "janvier",
        "février",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    name.starts_with(char::is_lowercase) && !FRENCH.contains(&name)
}

/// All names as one alternation, longer ones first, so that `march` is not read as `mar`.
pub fn month_pattern() -> String {
    let mut names: Vec<_> = MONTHS.iter().flat_map(|names| names.split(' ')).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.join("|")
}

/// A day that exists in the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u32,
    month: u32,
    day: u32,
}

impl Day {
    /// `None` when there is no such day, or the year is outside 1000-2999.
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        ((1000..3000).contains(&year) && (1..=last).contains(&day)).then_some(Self { year, month, day })
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The year of two digits, in the window 1970-2069, which is the one that most spreadsheet and mail programs use.
pub fn full_year(two_digits: u32) -> u32 {
    if two_digits < 70 { 2000 + two_digits } else { 1900 + two_digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_gregorian_calendar() {
        assert!(Day::new(2024, 2, 29).is_some() && Day::new(2000, 2, 29).is_some());
        assert!(Day::new(1900, 2, 29).is_none() && Day::new(2023, 2, 29).is_none());
        assert!(Day::new(2024, 4, 31).is_none() && Day::new(2024, 13, 1).is_none() && Day::new(2024, 0, 1).is_none());
        assert!(Day::new(999, 1, 1).is_none() && Day::new(3000, 1, 1).is_none());
        assert_eq!((full_year(69), full_year(70)), (2069, 1970));
    }
}
