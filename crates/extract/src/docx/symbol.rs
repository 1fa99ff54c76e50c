//! Characters that a document names by a font and a code of that font.

/// Letters of the font Symbol at the places of `A` to `Z` and `a` to `z`.
const SYMBOL_CAPITALS: &str = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
const SYMBOL_SMALL: &str = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";

/// The Unicode character for a code of a symbol font. A code without a known meaning stays what it is, a
/// character of the private use area; `None` when it is no character at all.
pub(super) fn character(font: &str, code: &str) -> Option<char> {
    let code = u32::from_str_radix(code.trim(), 16).ok()?;
    // Codes of symbol fonts are written with or without F000 added (ECMA-376 part 1, 17.3.3.30).
    let low = if (0xF000..=0xF0FF).contains(&code) { code - 0xF000 } else { code };
    let known = match font.to_ascii_lowercase().as_str() {
        "symbol" => symbol(low),
        "wingdings" => wingdings(low),
        "wingdings 2" => wingdings_2(low),
        _ => None,
    };
    known.or_else(|| char::from_u32(code)).filter(|c| *c != '\0')
}

fn symbol(code: u32) -> Option<char> {
    let nth = |letters: &str, start: u8| letters.chars().nth((code - u32::from(start)) as usize);
    match code {
        0x41..=0x5A => nth(SYMBOL_CAPITALS, b'A'),
        0x61..=0x7A => nth(SYMBOL_SMALL, b'a'),
        0xA3 => Some('≤'),
        0xA5 => Some('∞'),
        0xAB => Some('↔'),
        0xAC => Some('←'),
        0xAD => Some('↑'),
        0xAE => Some('→'),
        0xAF => Some('↓'),
        0xB0 => Some('°'),
        0xB1 => Some('±'),
        0xB3 => Some('≥'),
        0xB4 => Some('×'),
        0xB6 => Some('∂'),
        0xB7 => Some('•'),
        0xB8 => Some('÷'),
        0xB9 => Some('≠'),
        0xBA => Some('≡'),
        0xBB => Some('≈'),
        0xD1 => Some('∇'),
        0xD5 => Some('∏'),
        0xD6 => Some('√'),
        0xDE => Some('⇒'),
        0xE5 => Some('∑'),
        0xF2 => Some('∫'),
        0x20..=0x3F => char::from_u32(code),
        _ => None,
    }
}

fn wingdings(code: u32) -> Option<char> {
    Some(match code {
        0x28 => '☎',
        0x2A => '✉',
        0x4A => '☺',
        0x6C => '●',
        0x6E => '■',
        0x6F | 0xA8 => '☐',
        0x71 => '❑',
        0x76 => '❖',
        0xA7 => '▪',
        0xD8 => '➢',
        0xDF => '←',
        0xE0 => '→',
        0xE8 => '➔',
        0xF0 => '⇨',
        0xFB => '✗',
        0xFC => '✓',
        0xFD => '☒',
        0xFE => '☑',
        _ => return None,
    })
}

fn wingdings_2(code: u32) -> Option<char> {
    Some(match code {
        0x4F => '✗',
        0x50 => '✓',
        0x51 | 0x53 => '☒',
        0x52 => '☑',
        0xA3 => '☐',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_symbol_fonts_become_unicode() {
        let check =
            |font: &str, code: &str, want: Option<char>| assert_eq!(character(font, code), want, "{font} {code}");
        check("Symbol", "F061", Some('α'));
        check("symbol", "57", Some('Ω'));
        check("Symbol", "F0B7", Some('•'));
        check("Wingdings", "F0FE", Some('☑'));
        check("Wingdings 2", "F052", Some('☑'));
        check("Wingdings", "F001", Some('\u{F001}'));
        check("Arial", "00E9", Some('é'));
        check("Arial", "D800", None);
        check("Arial", "0", None);
        check("Arial", "x", None);
    }
}
