//! Countries as identifiers and telephone numbers name them.

/// Codes of ISO 3166-1 alpha-2, and XK, which banks use for Kosovo.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM \
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
    RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
    TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Country codes of ITU-T E.164 as ranges of equal length.
const DIALLING: &[std::ops::RangeInclusive<u32>] = &[
    1..=1,
    7..=7,
    20..=20,
    27..=27,
    30..=34,
    36..=36,
    39..=41,
    43..=49,
    51..=58,
    60..=66,
    81..=82,
    84..=84,
    86..=86,
    90..=95,
    98..=98,
    211..=213,
    216..=216,
    218..=218,
    220..=258,
    260..=269,
    290..=291,
    297..=299,
    350..=359,
    370..=378,
    380..=383,
    385..=387,
    389..=389,
    420..=421,
    423..=423,
    500..=509,
    590..=599,
    670..=670,
    672..=683,
    685..=692,
    800..=800,
    808..=808,
    850..=850,
    852..=853,
    855..=856,
    870..=870,
    880..=883,
    886..=886,
    888..=888,
    960..=968,
    970..=977,
    979..=979,
    992..=996,
    998..=998,
];

pub fn is_country(code: &str) -> bool {
    code.len() == 2 && CODES.split_whitespace().any(|known| known == code)
}

/// The country code at the front of digits that are dialled; no code is the beginning of another.
pub fn dialling_code(digits: &str) -> Option<&str> {
    (1..=3).filter_map(|length| digits.get(..length)).find(|head| {
        !head.starts_with('0') && head.parse().is_ok_and(|code: u32| DIALLING.iter().any(|range| range.contains(&code)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_by_number() {
        assert!(is_country("DE") && is_country("XK") && is_country("ZW"));
        assert!(!is_country("XX") && !is_country("D") && !is_country("AD AE") && !is_country(""));
        assert_eq!(dialling_code("4930123"), Some("49"));
        assert_eq!(dialling_code("12125550100"), Some("1"));
        assert_eq!(dialling_code("358401234567"), Some("358"));
        assert_eq!(dialling_code("0301"), None);
        assert_eq!(dialling_code(""), None);
    }
}
