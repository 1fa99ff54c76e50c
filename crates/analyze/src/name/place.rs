//! Names of places.

use super::fold;

/// A place's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName {
    /// The name as it is compared: `united states` for `the U.S.A.`.
    pub normal: String,
    /// The name as it is shown.
    pub shown: String,
}

/// Reads a place's name. `None` when nothing that could be a name is left.
pub fn place(raw: &str) -> Option<PlaceName> {
    let normal = fold(raw);
    let shown = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    normal.chars().any(char::is_alphanumeric).then_some(PlaceName { normal, shown })
}
