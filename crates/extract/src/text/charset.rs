//! Which charset bytes are in, and their decoding piece by piece.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes from which a charset is guessed; more does not make the guess better.
const SAMPLE: usize = 1 << 20;

/// Bytes decoded at a time.
const PIECE: usize = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// Every charset of the Encoding Standard.
    Standard(&'static Encoding),
    /// UTF-32, which that standard does not have.
    Utf32 { little: bool },
}

impl Charset {
    /// Tells the charset and the length of the byte order mark. `declared` is what the file says of itself; it
    /// loses against a byte order mark and against text that is valid UTF-8 and not only ASCII.
    pub(crate) fn detect(bytes: &[u8], declared: Option<&'static Encoding>) -> (Self, usize) {
        let utf32 = |little| Self::Utf32 { little };
        if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) && looks_like_utf32(&bytes[4..], true) {
            return (utf32(true), 4);
        }
        if bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
            return (utf32(false), 4);
        }
        if let Some((encoding, length)) = Encoding::for_bom(bytes) {
            return (Self::Standard(encoding), length);
        }
        let sample = &bytes[..bytes.len().min(SAMPLE)];
        if sample.contains(&0) {
            if let Some(little) = [true, false].into_iter().find(|&little| looks_like_utf32(sample, little)) {
                return (utf32(little), 0);
            }
            if let Some(encoding) = [UTF_16LE, UTF_16BE].into_iter().find(|e| looks_like_utf16(sample, e)) {
                return (Self::Standard(encoding), 0);
            }
        }
        (Self::Standard(detect_ascii_based(bytes, declared)), 0)
    }
}

fn detect_ascii_based(bytes: &[u8], declared: Option<&'static Encoding>) -> &'static Encoding {
    // A file that says UTF-16 in ASCII letters is not in UTF-16.
    let declared = declared.filter(|e| e.is_ascii_compatible());
    let ascii = Encoding::ascii_valid_up_to(bytes);
    if ascii == bytes.len() {
        let escapes = bytes[..bytes.len().min(SAMPLE)].contains(&0x1B);
        return if escapes { guess(bytes) } else { declared.unwrap_or(UTF_8) };
    }
    // From shortly before the first byte that is not ASCII: a long plain beginning tells nothing.
    let from = ascii.saturating_sub(64);
    let sample = &bytes[from..bytes.len().min(from + SAMPLE)];
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut left = sample.len();
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        left -= chunk.valid().len() + chunk.invalid().len();
        // A character that the sample cuts in two is no fault.
        bad += usize::from(!chunk.invalid().is_empty() && (left > 0 || from + sample.len() == bytes.len()));
    }
    // One fault in five is a damaged UTF-8 file; a charset of single bytes hardly ever forms UTF-8 by chance.
    if good > 0 && bad * 4 <= good {
        return UTF_8;
    }
    declared.filter(|&e| e != UTF_8).unwrap_or_else(|| guess(sample))
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    detector.feed(sample, sample.len() == bytes.len());
    detector.guess(None, Utf8Detection::Allow)
}

/// Whether every whole unit is a Unicode scalar value and nearly none is a control character.
fn looks_like_utf32(bytes: &[u8], little: bool) -> bool {
    let (mut units, mut controls) = (0_usize, 0_usize);
    for unit in bytes[..bytes.len().min(SAMPLE)].chunks_exact(4) {
        match utf32_unit(unit, little) {
            None => return false,
            Some(c) => controls += usize::from(is_control(c)),
        }
        units += 1;
    }
    units >= 2 && controls * 50 <= units
}

fn utf32_unit(unit: &[u8], little: bool) -> Option<char> {
    let unit = <[u8; 4]>::try_from(unit).ok()?;
    char::from_u32(if little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) })
}

/// Whether the units form characters, nearly none of them a control character, with spaces or line ends among
/// them: read in the wrong order a space is U+2000, a line feed U+0A00.
fn looks_like_utf16(bytes: &[u8], encoding: &'static Encoding) -> bool {
    let units = bytes.chunks_exact(2).map(|unit| {
        let unit = [unit[0], unit[1]];
        if encoding == UTF_16LE { u16::from_le_bytes(unit) } else { u16::from_be_bytes(unit) }
    });
    let (mut count, mut controls, mut broken, mut white, mut latin) = (0_usize, 0, 0, 0, 0);
    for c in char::decode_utf16(units) {
        count += 1;
        match c {
            Ok(' ' | '\n' | '\r' | '\t') => white += 1,
            Ok(c) if is_control(c) => controls += 1,
            Ok(c) if c.is_ascii() => latin += 1,
            Ok(_) => {}
            Err(_) => broken += 1,
        }
    }
    // The sample may end within a pair of surrogates.
    count >= 2 && broken <= 1 && controls * 50 <= count && (white * 100 >= count || latin * 2 >= count)
}

/// Control characters that text does not have.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{8}' | '\u{1A}' | '\u{1B}' | '\u{85}')
}

/// Decodes bytes piece by piece. What is no character becomes U+FFFD and is counted; so is U+0000.
pub(crate) struct Decoder<'a> {
    rest: &'a [u8],
    kind: Kind,
    replaced: u64,
}

enum Kind {
    Standard(encoding_rs::Decoder),
    Utf32 { little: bool },
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8], declared: Option<&'static Encoding>) -> Self {
        let (charset, mark) = Charset::detect(bytes, declared);
        let kind = match charset {
            Charset::Standard(encoding) => Kind::Standard(encoding.new_decoder_without_bom_handling()),
            Charset::Utf32 { little } => Kind::Utf32 { little },
        };
        Self { rest: &bytes[mark..], kind, replaced: 0 }
    }

    /// How many characters were replaced so far.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Appends the next piece, some 64 KiB; `false` when nothing is left.
    pub(crate) fn read(&mut self, out: &mut String) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE));
        self.rest = rest;
        let from = out.len();
        match &mut self.kind {
            Kind::Standard(decoder) => self.replaced += decode_standard(decoder, piece, rest.is_empty(), out),
            Kind::Utf32 { little } => {
                for unit in piece.chunks(4) {
                    let c = utf32_unit(unit, *little);
                    self.replaced += u64::from(c.is_none());
                    out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
        let zeros = out.as_bytes()[from..].iter().filter(|&&b| b == 0).count();
        if zeros > 0 {
            self.replaced += zeros as u64;
            let tail = out[from..].replace('\0', "\u{fffd}");
            out.truncate(from);
            out.push_str(&tail);
        }
        true
    }
}

/// Appends what `piece` stands for and gives the number of malformed sequences.
fn decode_standard(decoder: &mut encoding_rs::Decoder, mut piece: &[u8], last: bool, out: &mut String) -> u64 {
    let mut malformed = 0;
    loop {
        out.reserve(decoder.max_utf8_buffer_length_without_replacement(piece.len()).unwrap_or(4 * PIECE));
        let (result, read) = decoder.decode_to_string_without_replacement(piece, out, last);
        piece = &piece[read..];
        match result {
            DecoderResult::InputEmpty => return malformed,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                malformed += 1;
                out.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

/// A text with at most as many characters as were asked for.
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) replaced: u64,
    /// Whether there was more.
    pub(crate) cut: bool,
}

/// Decodes the first `max_chars` characters. Reads little more than they take, however long `bytes` is.
pub(crate) fn decode(bytes: &[u8], declared: Option<&'static Encoding>, max_chars: u32) -> Decoded {
    // No charset takes more than four bytes for a character, shift sequences of ISO-2022 aside.
    let window = (max_chars as usize).saturating_mul(4).saturating_add(PIECE);
    let mut decoder = Decoder::new(&bytes[..bytes.len().min(window)], declared);
    let mut text = String::new();
    let mut chars = 0;
    loop {
        let from = text.len();
        if !decoder.read(&mut text) {
            return Decoded { text, replaced: decoder.replaced(), cut: window < bytes.len() };
        }
        let room = max_chars as usize - chars;
        if let Some((end, _)) = text[from..].char_indices().nth(room) {
            text.truncate(from + end);
            return Decoded { text, replaced: decoder.replaced(), cut: true };
        }
        chars += text[from..].chars().count();
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, IBM866, ISO_2022_JP, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

    use super::*;

    fn check(bytes: &[u8], expected: &str, replaced: u64) {
        let decoded = decode(bytes, None, 1_000_000);
        assert_eq!(decoded.text, expected);
        assert_eq!(decoded.replaced, replaced);
        assert!(!decoded.cut);
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    fn utf32(text: &str, order: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| order(c as u32)).collect()
    }

    #[test]
    fn unicode_is_recognised_with_and_without_a_byte_order_mark() {
        let text = "Der Bär und 😀 \u{43a}\u{43e}\u{442}.\n";
        let marked = format!("\u{feff}{text}");
        check(marked.as_bytes(), text, 0);
        check(text.as_bytes(), text, 0);
        for source in [text, &marked] {
            check(&utf16(source, u16::to_le_bytes), text, 0);
            check(&utf16(source, u16::to_be_bytes), text, 0);
            check(&utf32(source, u32::to_le_bytes), text, 0);
            check(&utf32(source, u32::to_be_bytes), text, 0);
        }
        let russian =
            "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442} \u{43c}\u{438}\u{440} \u{438} \u{432}\u{441}\u{435}\n";
        check(&utf16(russian, u16::to_le_bytes), russian, 0);
        check(&utf16(russian, u16::to_be_bytes), russian, 0);
    }

    #[test]
    fn old_charsets_are_guessed() {
        for (encoding, text) in [
            (WINDOWS_1252, "Le café était fermé; l’élève s’ennuyait à la fenêtre."),
            (WINDOWS_1251, "Широкая электрификация южных губерний даст мощный толчок."),
            (IBM866, "Широкая электрификация южных губерний даст мощный толчок."),
            (SHIFT_JIS, "吾輩は猫である。名前はまだ無い。どこで生れたか"),
            (ISO_2022_JP, "吾輩は猫である。名前はまだ無い。どこで生れたか"),
            (BIG5, "道可道非常道名可名非常名無名天地之始有名萬物之母"),
            (EUC_KR, "모든 국민은 법 앞에 평등하다. 누구든지 성별"),
        ] {
            let (bytes, _, unmappable) = encoding.encode(text);
            assert!(!unmappable);
            check(&bytes, text, 0);
        }
    }

    #[test]
    fn a_few_bad_bytes_do_not_turn_utf8_into_another_charset() {
        check(b"caf\xC3\xA9 \xC3\xBC \xC3\xB6 \xC3\xA4 \xFF end", "café ü ö ä \u{fffd} end", 1);
        check(b"a\0b", "a\u{fffd}b", 1);
    }

    #[test]
    fn a_late_first_letter_decides_the_charset() {
        let mut bytes = b"plain words ".repeat(SAMPLE / 8);
        bytes.extend_from_slice(b"caf\xE9 \xE0 la carte");
        let decoded = decode(&bytes, None, u32::MAX);
        assert!(decoded.text.ends_with("café à la carte"));
        assert_eq!(decoded.replaced, 0);
    }

    #[test]
    fn no_more_is_decoded_than_was_asked_for() {
        let bytes = vec![b'x'; 10 << 20];
        let decoded = decode(&bytes, None, 10);
        assert_eq!((decoded.text.as_str(), decoded.cut), ("xxxxxxxxxx", true));
        assert!(decoded.text.capacity() < 1 << 20);
    }

    #[test]
    fn a_declared_charset_loses_against_a_mark_and_against_valid_utf8() {
        assert_eq!(decode("é".as_bytes(), Some(WINDOWS_1251), 9).text, "é");
        assert_eq!(decode(b"\xE9", Some(WINDOWS_1251), 9).text, "й");
        assert_eq!(decode(b"abc", Some(UTF_16LE), 9).text, "abc");
        assert_eq!(decode(b"caf\xE9 et th\xE9", Some(UTF_8), 99).text, "café et thé");
    }
}
