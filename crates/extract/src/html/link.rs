//! Whether a link's target tells a reader more than its text does.

/// Characters past which a target is left out: it is a tracker or data, and nobody reads it.
const MAX_TARGET: usize = 2_000;

/// Whether the target is a web or mail address that the text does not already say.
pub(crate) fn is_worth_showing(text: &str, target: &str) -> bool {
    let scheme = ["http://", "https://", "mailto:"]
        .iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else { return false };
    let text = text.trim();
    let short = |s: &str| s.trim_end_matches('/').to_lowercase();
    let said = [target, &target[scheme.len()..]].iter().any(|form| short(form) == short(text));
    !text.is_empty() && !said && target.len() <= MAX_TARGET && !target.contains(['<', '>', '\n', '\r', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_shown_when_the_text_does_not_say_it() {
        for (text, target, expected) in [
            ("here", "https://example.org/a", true),
            ("mail us", "mailto:a@example.org", true),
            ("a@example.org", "mailto:A@example.org", false),
            ("example.org", "https://example.org/", false),
            ("https://example.org/a", "https://example.org/a", false),
            ("here", "#top", false),
            ("here", "javascript:alert(1)", false),
            ("", "https://example.org", false),
        ] {
            assert_eq!(is_worth_showing(text, target), expected, "{text} {target}");
        }
    }
}
