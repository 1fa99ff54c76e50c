//! Check digits, each named after its standard.

/// ISO 7064 mod 97-10 over digits and capitals (A = 10): IBAN after its rotation, LEI.
pub fn mod_97(characters: impl Iterator<Item = char>) -> Option<u32> {
    let mut rest = 0;
    for c in characters {
        let value = c.to_digit(36)?;
        rest = (rest * if value < 10 { 10 } else { 100 } + value) % 97;
    }
    Some(rest)
}

/// The digits of a number, `None` when there is anything else.
pub fn digits(number: &str) -> Option<Vec<u32>> {
    number.chars().map(|c| c.to_digit(10)).collect()
}

/// Luhn's formula (ISO/IEC 7812) with the check digit at the end.
pub fn luhn(digits: &[u32]) -> bool {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, &d)| if i % 2 == 1 { doubled(d) } else { d }).sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// Sum of products with weights; the shorter of the two ends it.
pub fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// Luhn over the digits of a securities identification number, its letters written as two digits (ISO 6166).
pub fn isin(number: &str) -> bool {
    let mut expanded = Vec::with_capacity(24);
    for c in number.chars() {
        let Some(value) = c.to_digit(36) else { return false };
        if value > 9 {
            expanded.push(value / 10);
        }
        expanded.push(value % 10);
    }
    luhn(&expanded)
}

/// ISBN-10 with its check digit in modulus 11, where ten is `X`.
pub fn isbn_10(number: &str) -> bool {
    let values: Option<Vec<u32>> =
        number.chars().enumerate().map(|(i, c)| if i == 9 && c == 'X' { Some(10) } else { c.to_digit(10) }).collect();
    values.is_some_and(|v| v.len() == 10 && weighted(&v, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// The digit that completes twelve digits to an EAN-13.
pub fn ean_13(digits: &[u32]) -> u32 {
    (10 - weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10
}

/// Vehicle identification number (49 CFR 565.15): the ninth character is a weighted sum in modulus 11.
pub fn vin(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: char| match c {
        '0'..='9' => c.to_digit(10),
        'A'..='H' => Some(c as u32 - 'A' as u32 + 1),
        'J'..='N' => Some(c as u32 - 'J' as u32 + 1),
        'P' => Some(7),
        'R' => Some(9),
        'S'..='Z' => Some(c as u32 - 'S' as u32 + 2),
        _ => None,
    };
    let Some(values) = number.chars().map(value).collect::<Option<Vec<u32>>>() else { return false };
    let check = match weighted(&values, &WEIGHTS) % 11 {
        10 => 'X',
        rest => char::from_digit(rest, 10).unwrap_or('X'),
    };
    values.len() == 17 && number.chars().nth(8) == Some(check)
}

/// Ship number of the International Maritime Organization: seven digits.
pub fn imo(digits: &[u32]) -> bool {
    digits.len() == 7 && weighted(&digits[..6], &[7, 6, 5, 4, 3, 2]) % 10 == digits[6]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_one_changed_digit_fails() {
        type Check = fn(&str) -> bool;
        let checks: [(Check, &str); 6] = [
            (|n| digits(n).is_some_and(|d| luhn(&d)), "4111111111111111"),
            (isin, "US0378331005"),
            (isbn_10, "080442957X"),
            (vin, "1M8GDM9AXKP042788"),
            (|n| digits(n).is_some_and(|d| imo(&d)), "9074729"),
            (|n| mod_97(n.chars()) == Some(1), "5493001KJTIIGC8Y1R12"),
        ];
        for (check, number) in checks {
            assert!(check(number), "{number}");
            let first = number.chars().next().unwrap();
            let changed = number.replacen(first, if first == '7' { "8" } else { "7" }, 1);
            assert!(!check(&changed), "{changed}");
            assert!(!check(""), "{number}");
        }
        assert_eq!(ean_13(&digits("978030640615").unwrap()), 7);
    }
}
