//! What cleaning makes of a single character.

/// The part a character plays while a text is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Stays as it is.
    Plain,
    /// White space inside a line.
    Blank,
    /// Ends this many lines: a form feed and a paragraph separator leave an empty line behind them.
    Break(u32),
    /// Has no shape of its own and is left out.
    Control,
    /// Zero-width joiner or non-joiner: kept where it changes the shape of its neighbours.
    Joiner,
}

/// Looks a character up; U+000D counts as a break of one line, its pairing with U+000A is the caller's.
pub(super) fn class(c: char) -> Class {
    match c {
        '!'..='~' => Class::Plain,
        ' ' | '\t' => Class::Blank,
        '\n' | '\r' | '\u{B}' | '\u{85}' | '\u{2028}' => Class::Break(1),
        '\u{C}' | '\u{2029}' => Class::Break(2),
        '\u{200C}' | '\u{200D}' => Class::Joiner,
        _ if c.is_control() || is_format(c) => Class::Control,
        _ if c.is_whitespace() => Class::Blank,
        _ => Class::Plain,
    }
}

/// Format characters without a shape: soft hyphen, zero-width space, directional marks, overrides and
/// isolates, byte order mark, invisible operators, annotation anchors and tags. The visible ones of the same
/// general category (Arabic number signs, Syriac abbreviation mark) are not among them.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Whether a joiner beside this character shapes it: Arabic, Syriac, N'Ko, the Indic scripts, Tibetan, Myanmar,
/// Khmer, Mongolian, and pictographs, which joiners make into one.
pub(super) fn joins(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{8FF}' | '\u{900}'..='\u{DFF}' | '\u{F00}'..='\u{109F}' | '\u{1780}'..='\u{18AF}'
        | '\u{FB50}'..='\u{FDFF}' | '\u{FE0F}' | '\u{FE70}'..='\u{FEFC}' | '\u{2600}'..='\u{27BF}'
        | '\u{1F300}'..='\u{1FAFF}')
}
