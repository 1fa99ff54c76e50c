//! Sketches of passages (one-permutation MinHash): equal words give equal sketches, and where a few words differ a few bins
//! differ.

use docmill_model::Sketch;

/// Words of a run. Single words say little about what a passage says, and longer runs break at every misread letter.
const RUN: usize = 3;

/// The sketch of a passage. Case, white space and punctuation do not count. Linear time.
pub fn sketch(text: &str) -> Sketch {
    let mut least = [u64::MAX; Sketch::BINS];
    let mut numbers: u64 = 0;
    let mut run = [0; RUN];
    let mut count = 0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let hash = hash(word);
        if word.chars().any(char::is_numeric) {
            // A sum: the order in which a table is read differs between two forms of one document.
            numbers = numbers.wrapping_add(mix(hash));
        }
        run.rotate_left(1);
        run[RUN - 1] = hash;
        count += 1;
        if count >= RUN {
            put(&mut least, run);
        }
    }
    // What has fewer words than a run is one run of its own.
    if (1..RUN).contains(&count) {
        put(&mut least, run);
    }
    // A byte of 0 says that no run fell into the bin.
    let bins = least.map(|hash| if hash == u64::MAX { 0 } else { (hash % 255) as u8 + 1 });
    Sketch { bins, numbers }
}

/// The upper bits of a run's hash choose its bin, which keeps the least hash that falls into it.
fn put(least: &mut [u64; Sketch::BINS], run: [u64; RUN]) {
    let hash = run.into_iter().fold(0, |hash: u64, word| mix(hash.wrapping_add(word)));
    let bin = &mut least[(hash >> (u64::BITS - Sketch::BINS.ilog2())) as usize];
    *bin = (*bin).min(hash);
}

/// FNV-1a over the letters in lower case.
fn hash(word: &str) -> u64 {
    word.chars()
        .flat_map(char::to_lowercase)
        .fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of SplitMix64: every bit of the input changes each bit of the output about half of the time.
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words without sense, all different.
    fn words(count: usize, from: usize) -> Vec<String> {
        (from..from + count)
            .map(|i| i.to_string().chars().map(|c| ('a'..='j').nth(c as usize - 48).unwrap()).collect())
            .collect()
    }

    #[test]
    fn the_form_of_a_text_does_not_count_and_its_numbers_do() {
        let check = |a: &str, b: &str, like: bool| assert_eq!(sketch(a).is_like(&sketch(b)), like, "{a:?} {b:?}");
        check("The net rent is due.", "the NET\n rent, is due", true);
        check("Pay EUR 1,200 by 3 May", "Pay EUR 1,200 by 3 May", true);
        check("Pay EUR 1,200 by 3 May", "Pay EUR 1,300 by 3 May", false);
        check("one", "one", true);
        check("one", "two", false);
        check("one two", "two one", false);
        check("", "", false);
    }

    #[test]
    fn the_likeness_is_near_the_share_of_common_runs() {
        let check = |changed: usize, expected: i32, is_like: bool| {
            let a = words(240, 0);
            let mut b = a.clone();
            for i in 0..changed {
                b[i * 240 / changed.max(1)] = format!("new{}", words(1, 999 + i)[0]);
            }
            let (a, b) = (sketch(&a.join(" ")), sketch(&b.join(" ")));
            let likeness = i32::from(a.likeness(&b));
            assert!((likeness - expected).abs() <= 120, "{changed} words changed: {likeness}, not {expected}");
            assert_eq!(a.is_like(&b), is_like, "{changed} words changed: {likeness}");
        };
        // Three runs of each changed word: (238 - 3k) / (238 + 3k).
        check(0, 1000, true);
        check(2, 951, true);
        check(24, 535, false);
        check(60, 138, false);
    }
}
