//! How a word sounds, roughly and in no one language: consonants that are mistaken for one another are one sound, and
//! vowels count only in front.

/// Sounds that are kept; what follows tells few words apart that the first do not.
const MOST: usize = 8;

/// The sounds of a word of lower-case letters, packed into a number. 0 for a word without any.
pub(super) fn sound(word: &[u8]) -> u64 {
    let (mut code, mut count, mut last) = (0u64, 0, 0u8);
    let mut at = 0;
    while at < word.len() && count < MOST {
        let rest = &word[at..];
        let (sound, taken) = match rest {
            [b's', b'c', b'h', ..] | [b't', b'c', b'h', ..] => (b'S', 3),
            [b's', b'h', ..] | [b's', b'z', ..] | [b'c', b'h', ..] | [b'c', b'z', ..] => (b'S', 2),
            [b'p', b'h', ..] => (b'F', 2),
            [b't', b'h', ..] => (b'T', 2),
            [b'k', b'h', ..] | [b'g', b'h', ..] | [b'c', b'k', ..] => (b'K', 2),
            [b'c', b'e' | b'i' | b'y', ..] => (b'S', 1),
            [b's' | b'z', ..] => (b'S', 1),
            [b'x', ..] => (if at == 0 { b'S' } else { b'K' }, 1),
            [b'b' | b'p', ..] => (b'P', 1),
            [b'd' | b't', ..] => (b'T', 1),
            [b'c' | b'g' | b'k' | b'q', ..] => (b'K', 1),
            [b'f' | b'v' | b'w', ..] => (b'F', 1),
            [b'j', ..] => (if at == 0 { b'J' } else { 0 }, 1),
            [b'm' | b'n', ..] => (b'N', 1),
            [b'l', ..] => (b'L', 1),
            [b'r', ..] => (b'R', 1),
            [b'a' | b'e' | b'i' | b'o' | b'u' | b'y', ..] => (if at == 0 { b'A' } else { 0 }, 1),
            [b'h', ..] => (if at == 0 { b'H' } else { 0 }, 1),
            [other, ..] => (*other, 1),
            [] => break,
        };
        at += taken;
        if sound != 0 && sound != last {
            code = code << 8 | u64::from(sound);
            count += 1;
        }
        // A vowel between two equal consonants parts them: `Barber`, `Bar`.
        last = sound;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_sound_alike_have_one_code() {
        for (a, b) in [
            ("schmidt", "schmitt"),
            ("meier", "mayer"),
            ("philip", "filip"),
            ("clark", "klark"),
            ("sergei", "sergej"),
            ("hanniball", "hannibal"),
            ("tolstoi", "tolstoy"),
        ] {
            assert_eq!(sound(a.as_bytes()), sound(b.as_bytes()), "{a} {b}");
        }
        for (a, b) in [("smith", "jones"), ("anna", "hanna"), ("bar", "barber"), ("obama", "osama")] {
            assert_ne!(sound(a.as_bytes()), sound(b.as_bytes()), "{a} {b}");
        }
        assert_eq!(sound(b""), 0);
    }
}
