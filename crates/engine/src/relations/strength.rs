//! How much more often two things stand together than chance would have it.

/// Binary digits behind the point of a logarithm here: the error of a sum over a thousand million mentions is
/// then far below a thousandth.
const FRACTION: u32 = 48;
/// Thousandths of twice the natural logarithm of 2, a million times: what turns binary digits into a ratio.
const SCALE: i128 = 1_386_294_361;

/// Dunning's log-likelihood ratio (Computational Linguistics 19, 1993) in thousandths, for two things that are
/// mentioned so often in a population of mentions and stand together in so many places; 0 when they do so no more
/// often than by chance. In whole numbers throughout, so that it is the same on every machine.
pub(super) fn log_likelihood(together: u32, mentioned: [u32; 2], population: u64) -> u64 {
    let both = u64::from(together);
    let [a, b] = mentioned.map(|n| u64::from(n).max(both));
    let population = population.max(a + b - both);
    if u128::from(both) * u128::from(population) <= u128::from(a) * u128::from(b) {
        return 0;
    }
    let neither = population + both - a - b;
    let inside = [both, a - both, b - both, neither, population];
    let margins = [a, population - a, b, population - b];
    let sum = |terms: &[u64]| terms.iter().map(|&n| i128::from(n) * i128::from(log2(n))).sum::<i128>();
    let bits = sum(&inside) - sum(&margins);
    // The product has room: a sum over 2^40 mentions has 94 binary digits, and the scale 31.
    u64::try_from(((bits >> (FRACTION / 2)) * SCALE / 1_000_000) >> (FRACTION / 2)).unwrap_or(0)
}

/// The binary logarithm with [`FRACTION`] digits behind the point; 0 for 0, whose terms vanish.
fn log2(n: u64) -> u64 {
    let Some(whole) = n.checked_ilog2() else { return 0 };
    // A number from 1 up to 2, with 63 digits behind the point. Squaring it doubles its logarithm.
    let mut rest = u128::from(n) << (63 - whole);
    let mut out = u64::from(whole);
    for _ in 0..FRACTION {
        rest = (rest * rest) >> 63;
        let digit = rest >> 64;
        rest >>= digit;
        out = out << 1 | digit as u64;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_paper_and_zero_for_chance() {
        for (together, mentioned, population, expected) in [
            // "the swiss" in Dunning's table: 110, 2442, 111 and 29114 in its four fields, 270.72.
            (110, [2552, 221], 31777, 270_721),
            (1, [10, 10], 100, 0),
            (0, [5, 5], 100, 0),
            (1, [1, 1], 2, 2_772),
            (3, [1, 1], 0, 0),
        ] {
            assert_eq!(log_likelihood(together, mentioned, population), expected, "{together} {mentioned:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_what_floating_point_gives(together: u16, a: u16, b: u16, population in 1u64..1 << 40) {
            let found = log_likelihood(together.into(), [a.into(), b.into()], population) as f64 / 1000.0;
            let both = f64::from(together);
            let (a, b) = (f64::from(a).max(both), f64::from(b).max(both));
            let all = (population as f64).max(a + b - both);
            let term = |n: f64, expected: f64| if n == 0.0 { 0.0 } else { n * (n / expected).ln() };
            let ratio = 2.0 * (term(both, a * b / all) + term(a - both, a * (all - b) / all)
                + term(b - both, b * (all - a) / all) + term(all + both - a - b, (all - a) * (all - b) / all));
            let expected = if both * all <= a * b { 0.0 } else { ratio };
            prop_assert!((found - expected).abs() <= 0.002 + expected * 1e-6, "{} is not {}", found, expected);
        }

        #[test]
        fn no_counts_are_too_large(together: u32, mentioned: [u32; 2], population in 0u64..1 << 40) {
            log_likelihood(together, mentioned, population);
        }
    }
}
