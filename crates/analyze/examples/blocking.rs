//! How well blocking keys find a name that is written in another way: makes N names, writes some of them otherwise, and
//! tells how many of these still share a key with the name that they were made from, by the size of the key's block.
//!
//! `cargo run --release -p docmill-analyze --example blocking -- N`. How well names are scored is what `docmill eval pairs`
//! and `docmill eval identity` tell.

use std::collections::BTreeSet;
use std::time::Instant;

use docmill_analyze::pair;
use docmill_model::{MentionType, ProfileKey};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names = std::env::args().nth(1).ok_or("blocking N")?;
    scale(names.parse()?);
    Ok(())
}

/// Marsaglia's xorshift: the same names on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    /// Small numbers far more often, as names are.
    fn skewed(&mut self, n: u64) -> u64 {
        let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((n as f64).powf(share) - 1.0) as u64
    }
}

/// A word made of syllables, another one for each number.
fn word(mut number: u64, syllables: usize) -> String {
    const ONSETS: [&str; 16] = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "w", "sch", "br"];
    const RIMES: [&str; 16] =
        ["a", "e", "i", "o", "u", "an", "er", "in", "on", "el", "and", "orn", "ick", "ert", "um", "ass"];
    let mut out = String::new();
    number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    for _ in 0..syllables {
        out.push_str(ONSETS[(number & 15) as usize]);
        out.push_str(RIMES[(number >> 4 & 15) as usize]);
        number >>= 8;
    }
    out
}

/// Ways in which the name of a person is written otherwise.
const CHANGES: [&str; 6] = ["slip in surname", "slip in given name", "middle name", "initial", "joined", "turned"];

fn scale(names: u64) {
    let mut random = Random(88_172_645_463_325_252);
    let person = |normal: String| ProfileKey {
        kind: MentionType::Person,
        normal,
        identifiers: Vec::new(),
        discriminator: String::new(),
    };
    let hashed =
        |key: &str| key.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    // Equal names are one profile.
    let mut made = BTreeSet::new();
    while (made.len() as u64) < names {
        made.insert((word(random.skewed(2_000), 2), word(1_000_000 + random.skewed(200_000), 3)));
    }
    let sample: Vec<&(String, String)> = made.iter().step_by((names as usize / 5_000).max(1)).collect();
    let mut all: Vec<u64> = Vec::new();
    let mut most = 0;
    let start = Instant::now();
    for (given, last) in &made {
        let keys = pair::keys(&person(format!("{given} {last}")));
        most = most.max(keys.len());
        all.extend(keys.iter().map(|k| hashed(k)));
    }
    println!("{names} names, {} keys ({most} at most a name), {} ms", all.len(), start.elapsed().as_millis());
    all.sort_unstable();
    let size = |key: u64| all.partition_point(|k| *k <= key) - all.partition_point(|k| *k < key);
    for change in CHANGES {
        let (mut within, mut sum) = ([0; 3], 0);
        for (given, last) in &sample {
            let slip = |word: &str, at: u64| {
                let at = at as usize % word.len();
                format!("{}{}{}", &word[..at], ['x', 'l', 't', 'o'][at % 4], &word[at + 1..])
            };
            let other = match change {
                "slip in surname" => format!("{given} {}", slip(last, random.below(20))),
                "slip in given name" => format!("{} {last}", slip(given, random.below(20))),
                "middle name" => format!("{given} {} {last}", word(random.skewed(2_000), 2)),
                "initial" => format!("{} {last}", &given[..1]),
                "joined" => format!("{given}{last}"),
                _ => format!("{last} {given}"),
            };
            let other = pair::keys(&person(other));
            let shared = pair::keys(&person(format!("{given} {last}"))).into_iter().filter(|k| other.contains(k));
            let least = shared.map(|k| size(hashed(&k))).min();
            for (count, limit) in within.iter_mut().zip([16, 64, 256]) {
                *count += usize::from(least.is_some_and(|l| l <= limit));
            }
            sum += 1;
        }
        println!("{change:20} of {sum}: in a block of 16 {}, of 64 {}, of 256 {}", within[0], within[1], within[2]);
    }
}
