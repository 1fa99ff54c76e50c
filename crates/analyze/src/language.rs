//! Which language a text is written in.

use docmill_model::Language;
use whatlang::Lang;

/// Characters looked at from the start of a text, and again from the middle of one that is longer: a cover page
/// or a table of contents is not the whole document, and more text does not change the answer.
const SAMPLE: usize = 64 << 10;

/// Letters below which trigrams tell languages apart no better than chance.
const MIN_LETTERS: usize = 20;

/// Thousandths of the detector's confidence above which it counts as reliable (its own threshold).
const RELIABLE: u16 = 900;

/// The language of most of a text; `None` when it is too short, mixed, or none of those that are known.
pub fn language(text: &str) -> Option<Language> {
    let sample = sample(text);
    if sample.chars().filter(|c| c.is_alphabetic()).take(MIN_LETTERS).count() < MIN_LETTERS {
        return None;
    }
    let info = whatlang::detect(&sample)?;
    let confidence = (info.confidence() * 1000.0).round() as u16;
    if confidence <= RELIABLE { None } else { Language::parse(iso_639_1(info.lang())?) }
}

fn sample(text: &str) -> std::borrow::Cow<'_, str> {
    let Some((head, _)) = text.char_indices().nth(SAMPLE) else { return text.into() };
    let middle = text.floor_char_boundary((text.len() / 2).max(head));
    let tail = text[middle..].chars().take(SAMPLE);
    let mut out = text[..head].to_owned();
    out.push('\n');
    out.extend(tail);
    out.into()
}

/// The two-letter code of a language; `None` for one that the detector may add later.
fn iso_639_1(lang: Lang) -> Option<&'static str> {
    TABLE.iter().find(|(l, _)| *l == lang).map(|(_, code)| *code)
}

/// ISO 639-1 codes. Norwegian Bokmål, Mandarin and Iranian Persian stand for `nb`, `zh` and `fa`.
#[rustfmt::skip]
const TABLE: &[(Lang, &str)] = &[
    (Lang::Epo, "eo"), (Lang::Eng, "en"), (Lang::Rus, "ru"), (Lang::Cmn, "zh"), (Lang::Spa, "es"), (Lang::Por, "pt"),
    (Lang::Ita, "it"), (Lang::Ben, "bn"), (Lang::Fra, "fr"), (Lang::Deu, "de"), (Lang::Ukr, "uk"), (Lang::Kat, "ka"),
    (Lang::Ara, "ar"), (Lang::Hin, "hi"), (Lang::Jpn, "ja"), (Lang::Heb, "he"), (Lang::Yid, "yi"), (Lang::Pol, "pl"),
    (Lang::Amh, "am"), (Lang::Jav, "jv"), (Lang::Kor, "ko"), (Lang::Nob, "nb"), (Lang::Dan, "da"), (Lang::Swe, "sv"),
    (Lang::Fin, "fi"), (Lang::Tur, "tr"), (Lang::Nld, "nl"), (Lang::Hun, "hu"), (Lang::Ces, "cs"), (Lang::Ell, "el"),
    (Lang::Bul, "bg"), (Lang::Bel, "be"), (Lang::Mar, "mr"), (Lang::Kan, "kn"), (Lang::Ron, "ro"), (Lang::Slv, "sl"),
    (Lang::Hrv, "hr"), (Lang::Srp, "sr"), (Lang::Mkd, "mk"), (Lang::Lit, "lt"), (Lang::Lav, "lv"), (Lang::Est, "et"),
    (Lang::Tam, "ta"), (Lang::Vie, "vi"), (Lang::Urd, "ur"), (Lang::Tha, "th"), (Lang::Guj, "gu"), (Lang::Uzb, "uz"),
    (Lang::Pan, "pa"), (Lang::Aze, "az"), (Lang::Ind, "id"), (Lang::Tel, "te"), (Lang::Pes, "fa"), (Lang::Mal, "ml"),
    (Lang::Ori, "or"), (Lang::Mya, "my"), (Lang::Nep, "ne"), (Lang::Sin, "si"), (Lang::Khm, "km"), (Lang::Tuk, "tk"),
    (Lang::Aka, "ak"), (Lang::Zul, "zu"), (Lang::Sna, "sn"), (Lang::Afr, "af"), (Lang::Lat, "la"), (Lang::Slk, "sk"),
    (Lang::Cat, "ca"), (Lang::Tgl, "tl"), (Lang::Hye, "hy"), (Lang::Cym, "cy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = language(text);
        assert_eq!(found.as_ref().map(Language::as_str), expected, "language of {:.60}", text);
    }

    #[test]
    fn the_language_of_a_paragraph_is_told() {
        let english = "This agreement is made between the parties named below, who have agreed on the following terms.";
        let german = "Dieser Vertrag wird zwischen den unten genannten Parteien geschlossen, die sich auf Folgendes geeinigt haben.";
        let french =
            "Le présent contrat est conclu entre les parties désignées ci-dessous, qui sont convenues de ce qui suit.";
        for (text, expected) in [
            (english, Some("en")),
            (german, Some("de")),
            (french, Some("fr")),
            ("Настоящий договор заключён между сторонами, указанными ниже.", Some("ru")),
            ("本契約は、以下に記載された当事者の間で締結されるものとします。", Some("ja")),
            ("Invoice 2024-117: EUR 1,200.50", None),
            ("12.03.2024 — 1234 5678 90", None),
            ("", None),
        ] {
            check(text, expected);
        }
        check(&german.repeat(3000), Some("de"));
    }

    #[test]
    fn a_long_text_is_told_by_its_middle_too_and_cut_at_characters() {
        let german = "Die Käuferin überträgt die Größenmaße gemäß Anlage. ".repeat(4000);
        check(&format!("{}{german}", "目".repeat(10)), Some("de"));
        assert!(sample(&german).chars().count() <= 2 * SAMPLE + 1);
    }

    #[test]
    fn every_language_of_the_detector_has_a_code_of_its_own() {
        let mut codes: Vec<_> = Lang::all().iter().map(|&l| iso_639_1(l).expect("a code")).collect();
        assert!(codes.iter().all(|c| Language::parse(c).is_some()));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Lang::all().len());
    }
}
