//! Currencies by code, symbol and word.

/// Codes of ISO 4217 in use, and three that stand in recent papers (ANG, BGN, HRK). Precious metals and test
/// codes are left out.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD \
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
    HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL \
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN \
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD \
    TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Codes that are also words or common abbreviations: they want an amount that looks like money.
const WORDS: &str = "ALL AMD ANG BAM COP CUP CVE DOP ERN GEL MAD MDL MOP PEN RON SOS SRD TOP TRY WST";

/// Symbols with their code and how sure it is, in thousandths: `$` and `¥` serve several countries.
const SYMBOLS: &[(&str, &str, u16)] = &[
    ("€", "EUR", 980),
    ("£", "GBP", 950),
    ("US$", "USD", 980),
    ("$", "USD", 800),
    ("C$", "CAD", 950),
    ("CA$", "CAD", 950),
    ("A$", "AUD", 900),
    ("AU$", "AUD", 950),
    ("HK$", "HKD", 950),
    ("NZ$", "NZD", 950),
    ("S$", "SGD", 850),
    ("R$", "BRL", 900),
    ("¥", "JPY", 700),
    ("₹", "INR", 950),
    ("₽", "RUB", 950),
    ("₩", "KRW", 900),
    ("₪", "ILS", 950),
    ("₺", "TRY", 950),
    ("₴", "UAH", 950),
    ("Fr.", "CHF", 700),
    ("SFr.", "CHF", 950),
    ("Rs", "INR", 700),
    ("Rs.", "INR", 700),
    ("zł", "PLN", 950),
    ("Kč", "CZK", 950),
];

/// Words in lower case with one space; the plural `s` and full stops are taken off before.
const NAMES: &[(&str, &str, u16)] = &[
    ("dollar", "USD", 800),
    ("us dollar", "USD", 950),
    ("united states dollar", "USD", 980),
    ("american dollar", "USD", 950),
    ("canadian dollar", "CAD", 950),
    ("australian dollar", "AUD", 950),
    ("new zealand dollar", "NZD", 950),
    ("hong kong dollar", "HKD", 950),
    ("singapore dollar", "SGD", 950),
    ("us-dollar", "USD", 950),
    ("euro", "EUR", 950),
    ("pound sterling", "GBP", 950),
    ("british pound", "GBP", 950),
    ("livre sterling", "GBP", 950),
    ("swiss franc", "CHF", 950),
    ("schweizer franken", "CHF", 950),
    ("franken", "CHF", 850),
    ("franc suisse", "CHF", 950),
    ("japanese yen", "JPY", 950),
    ("yen", "JPY", 900),
    ("indian rupee", "INR", 950),
    ("rouble", "RUB", 850),
    ("ruble", "RUB", 850),
    ("cent", "USD", 500),
    ("euro cent", "EUR", 900),
    ("us cent", "USD", 900),
    ("eurocent", "EUR", 900),
];

/// The pattern of what [`named`] knows.
pub const NAME_PATTERN: &str = concat!(
    r"(?i:(?:united~states|u\.?s\.?|american|canadian|australian|new~zealand|hong~kong|singapore)~?-?dollars?",
    r"|dollars?|(?:euro|u\.?s\.?)~cents?|euro-?cents?|cents?|euros?|pounds?~sterling|british~pounds?|livres?~sterling",
    r"|swiss~francs?|francs?~suisses?|(?:schweizer~)?franken|(?:japanese~)?yen|indian~rupees?|rou?bles?)\b",
);

/// The pattern of what [`symbol`] knows and that may stand on either side of an amount.
pub const SYMBOL_PATTERN: &str = r"\bU\.?S\.? ?\$|CA?\$|AU?\$|HK\$|NZ\$|S\$|R\$|[$€£¥₹₽₩₪₺₴]";

/// A currency and how sure it is, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    pub code: &'static str,
    pub confidence: u16,
    /// The amount has to look like money by itself, as the code is a word as well.
    pub doubtful: bool,
    /// The full stop of an amount is a decimal point, as English has it.
    pub english: bool,
    /// The word means a hundredth.
    pub hundredth: bool,
}

/// Reads a code, a symbol or a word.
pub fn currency(written: &str) -> Option<Currency> {
    let row = |code: &'static str, confidence: u16| Currency {
        code,
        confidence,
        doubtful: WORDS.contains(code),
        english: written.ends_with(['$', '£']),
        hundredth: false,
    };
    // `U.S. $` and `US $` are `US$`.
    let dense = if written.ends_with('$') { written.replace(['.', ' '], "") } else { written.to_owned() };
    if let Some(&(_, code, confidence)) = SYMBOLS.iter().find(|(symbol, ..)| *symbol == dense) {
        return Some(Currency { doubtful: false, ..row(code, confidence) });
    }
    if written.len() == 3 && written.bytes().all(|b| b.is_ascii_uppercase()) {
        return CODES.split(' ').find(|code| *code == written).map(|code| row(code, 980));
    }
    let word = super::super::fold(written).to_lowercase().replace('.', "");
    let singular = |word: &str| word.strip_suffix('s').map(str::to_owned);
    let forms = [
        Some(word.clone()),
        singular(&word),
        Some(word.replacen("s ", " ", 1)),
        singular(&word.replacen("s ", " ", 1)),
    ];
    let name = forms.into_iter().flatten().find_map(|form| NAMES.iter().find(|(name, ..)| *name == form))?;
    Some(Currency { doubtful: false, hundredth: name.0.ends_with("cent"), ..row(name.1, name.2) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_symbols_and_words_are_known() {
        for (written, code) in [
            ("EUR", "EUR"),
            ("US$", "USD"),
            ("dollars", "USD"),
            ("U.S. dollars", "USD"),
            ("Swiss francs", "CHF"),
            ("pounds\nsterling", "GBP"),
            ("francs suisses", "CHF"),
            ("livres sterling", "GBP"),
            ("Euro", "EUR"),
            ("yen", "JPY"),
        ] {
            assert_eq!(currency(written).map(|c| c.code), Some(code), "{written}");
        }
        for written in ["XYZ", "eur", "", "s", "dollarss"] {
            assert_eq!(currency(written), None, "{written}");
        }
        assert!(currency("cents").is_some_and(|c| c.hundredth));
    }

    #[test]
    fn the_tables_name_codes_that_exist() {
        for code in WORDS.split(' ').chain(SYMBOLS.iter().map(|s| s.1)).chain(NAMES.iter().map(|n| n.1)) {
            assert!(CODES.split_whitespace().any(|known| known == code), "{code}");
        }
    }
}
