//! The brackets of `Entity=`: `(1-person-new-nnnnn-cf1-1,2-coref-Ann_Lee)(2-place-…` opens two groups and closes the
//! first, `2)` closes the second. The fields are group, type, and, from the sixth on, head, kind of link, identity.

use docmill_model::MentionType;

use super::Group;

/// An opening or a closing bracket, or both around one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bracket<'a> {
    pub id: &'a str,
    pub opens: bool,
    pub closes: bool,
    fields: Vec<&'a str>,
}

/// The brackets of one word in order.
pub(super) fn brackets(mut text: &str) -> Vec<Bracket<'_>> {
    let mut out = Vec::new();
    while !text.is_empty() {
        let opens = text.starts_with('(');
        text = text.strip_prefix('(').unwrap_or(text);
        let end = text.find(['(', ')']).unwrap_or(text.len());
        let (body, rest) = text.split_at(end);
        let closes = rest.starts_with(')');
        text = rest.strip_prefix(')').unwrap_or(rest);
        let fields: Vec<&str> = body.split('-').collect();
        if opens || closes {
            out.push(Bracket { id: fields[0], opens, closes, fields });
        }
    }
    out
}

impl<'a> Bracket<'a> {
    /// The group that the bracket opens, if it is of a type that has names.
    pub fn group(self, first: usize, last: usize) -> Option<Group<'a>> {
        let kind = match *self.fields.get(1)? {
            "person" => MentionType::Person,
            "organization" => MentionType::Org,
            "place" => MentionType::Location,
            _ => return None,
        };
        let head = self.fields.get(5).and_then(|heads| heads.split(',').next()?.parse::<usize>().ok()?.checked_sub(1));
        let identity = self.fields.get(7..).unwrap_or_default().join("-");
        Some(Group { id: self.id, kind, first, last, head, identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_open_and_close_in_order() {
        let check = |text, expected: &[(&str, bool, bool)]| {
            let found: Vec<_> = brackets(text).iter().map(|b| (b.id, b.opens, b.closes)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("(4-abstract-new-sssss-cf2-3-coref(5-object-new-1)", &[("4", true, false), ("5", true, true)]);
        check("10)9)(8-x)", &[("10", false, true), ("9", false, true), ("8", true, true)]);
        check("", &[]);
        check("_", &[]);
        check("((", &[("", true, false), ("", true, false)]);
    }

    #[test]
    fn a_group_has_its_head_and_its_identity() {
        let group = |text| brackets(text).remove(0).group(3, 5);
        let found = group("(8-organization-new-nnnnn-cf3-2,3-sgl-Bailey-Ross_Ltd)").unwrap();
        assert_eq!((found.kind, found.head, found.identity.as_str()), (MentionType::Org, Some(1), "Bailey-Ross_Ltd"));
        assert_eq!(group("(8-place)").map(|g| (g.head, g.identity)), Some((None, String::new())));
        assert_eq!(group("(8-abstract-new)"), None);
        assert_eq!(group("(8-person-n-n-n-0)").map(|g| g.head), Some(None));
    }
}
