//! Names of organisations.

use super::fold;

/// An organisation's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgName {
    /// The name as it is compared, with the canonical word of its legal form behind it (`acme gmbh`): two forms are
    /// two companies.
    pub normal: String,
    /// The name as it is shown.
    pub shown: String,
    /// The canonical word of the legal form.
    pub form: Option<&'static str>,
}

/// Takes a name apart. `None` when nothing that could be a name is left.
pub fn organisation(raw: &str) -> Option<OrgName> {
    let normal = fold(raw);
    let shown = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    normal.chars().any(char::is_alphanumeric).then_some(OrgName { normal, shown, form: None })
}
