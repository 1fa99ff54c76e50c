//! How well names are told apart: `cargo run --release -p docmill-analyze --example identity -- PAIRS.csv [--errors]`
//! scores pairs of names (columns schema, name1, name2, is_match), `... -- FOLDER` clusters the named mentions of
//! CoNLL-U files with entities, document by document, `... -- --scale N` makes N names, writes some of them in another
//! way, and tells how many of these still share a key with the name that they were made from, by the size of its block.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use docmill_analyze::eval::cluster::Clusters;
use docmill_analyze::eval::figures::Counts;
use docmill_analyze::eval::pair::{Scored, at, cross_chosen};
use docmill_analyze::eval::{conllu, csv};
use docmill_analyze::pair::{self, Prepared};
use docmill_analyze::{name, referent};
use docmill_model::{MentionType, ProfileKey};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let errors = arguments.iter().any(|a| a == "--errors");
    if let [flag, names] = &arguments[..]
        && flag == "--scale"
    {
        scale(names.parse()?);
        return Ok(());
    }
    for argument in arguments.iter().filter(|a| !a.starts_with("--")) {
        match Path::new(argument).is_dir() {
            true => documents(Path::new(argument), errors)?,
            false => pairs(&std::fs::read_to_string(argument)?, errors)?,
        }
    }
    Ok(())
}

fn key(schema: &str, raw: &str) -> ProfileKey {
    let (kind, normal) = match schema {
        "Person" => (MentionType::Person, name::person(raw).map(|n| n.normal)),
        _ => (MentionType::Org, name::organisation(raw).map(|n| n.normal)),
    };
    let normal = normal.unwrap_or_else(|| name::fold(raw));
    ProfileKey { kind, normal, identifiers: Vec::new(), discriminator: String::new() }
}

fn pairs(file: &str, errors: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut all: BTreeMap<&str, Vec<Scored>> = BTreeMap::new();
    let (mut vetoes, mut shared) = (0, [0; 2]);
    let mut prepared = Vec::new();
    let rows = csv::rows(file)?;
    let Some(((_, head), rows)) = rows.split_first() else { return Ok(()) };
    for (_, row) in rows {
        let cell = |name: &str| {
            let at = head.iter().position(|column| column == name);
            at.and_then(|at| row.get(at)).map(String::as_str).unwrap_or_default()
        };
        let (a, b) = (key(cell("schema"), cell("name1")), key(cell("schema"), cell("name2")));
        let found = pair::pair(&a, &b);
        let same = cell("is_match") == "true";
        let score = if found.veto.is_some() { 0 } else { found.score };
        vetoes += usize::from(same && found.veto.is_some());
        let keys = pair::keys(&b);
        let share = pair::keys(&a).iter().any(|k| keys.contains(k));
        shared[0] += usize::from(same && share);
        if errors && !share && score >= pair::POSSIBLE {
            println!("no common key: {} | {}", a.normal, b.normal);
        }
        shared[1] += usize::from(same);
        let person = if cell("schema") == "Person" { "persons" } else { "organisations" };
        all.entry(person).or_default().push(Scored { score, same });
        all.entry("all").or_default().push(Scored { score, same });
        if errors && (score >= pair::POSSIBLE) != same {
            println!("{score:4} {same:5} {:?} {:?} | {} | {}", found.veto, found.reasons, a.normal, b.normal);
        }
        prepared.push((Prepared::new(&a), Prepared::new(&b)));
    }
    let show = |name: &str, how: &str, counts: Counts| {
        println!("{name:14} {how:22} F1 {} P {} R {}", counts.f1(), counts.precision(), counts.recall());
    };
    for (name, scored) in &all {
        let (counts, thresholds) = cross_chosen(scored);
        show(name, &format!("chosen {thresholds:?}"), counts);
        show(name, &format!("possible {}", pair::POSSIBLE), at(scored.iter().copied(), pair::POSSIBLE));
        show(name, &format!("merge {}", pair::MERGE), at(scored.iter().copied(), pair::MERGE));
    }
    println!("same and vetoed: {vetoes}; same and sharing a key: {} of {}", shared[0], shared[1]);
    let start = Instant::now();
    let rounds = 100;
    for _ in 0..rounds {
        for (a, b) in &prepared {
            std::hint::black_box(pair::pair_prepared(a, b));
        }
    }
    println!("{} ns a pair", start.elapsed().as_nanos() / (rounds * prepared.len() as u128));
    Ok(())
}

fn documents(folder: &Path, errors: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut all: BTreeMap<String, Clusters> = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(|f| f.path());
    for file in files.iter().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "conllu")) {
        for document in conllu::read(&std::fs::read_to_string(&file)?)? {
            let mentions = document.mentions();
            let names: Vec<(MentionType, &str)> = mentions.iter().map(|m| (m.kind, m.name.as_str())).collect();
            let found = referent::clusters(&names);
            let both: Vec<(&str, usize)> = mentions.iter().zip(&found).map(|(m, f)| (m.group.as_str(), *f)).collect();
            let clusters = Clusters::of(&both);
            if errors {
                println!("{}", file.display());
                wrong(&names, &both);
            }
            let genre = file.file_name().and_then(|n| n.to_str()).and_then(|n| n.split('_').nth(1)).unwrap_or_default();
            *all.entry(genre.to_owned()).or_default() += clusters;
            // Letters are not among what the figures of others were measured on.
            if genre != "letter" {
                *all.entry("ALL without letters".to_owned()).or_default() += clusters;
            }
            *all.entry("ALL".to_owned()).or_default() += clusters;
        }
    }
    for (genre, c) in &all {
        println!(
            "{genre:20} mentions {:5} B3 F1 {} P {} R {}, links F1 {} P {} R {}",
            c.mentions,
            c.f1(),
            c.precision(),
            c.recall(),
            c.links.f1(),
            c.links.precision(),
            c.links.recall()
        );
    }
    Ok(())
}

/// Shows the marked groups that were parted and the found ones that hold several.
fn wrong(names: &[(MentionType, &str)], both: &[(&str, usize)]) {
    let mut marked: BTreeMap<&str, BTreeMap<usize, Vec<&str>>> = BTreeMap::new();
    let mut found: BTreeMap<usize, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for ((_, name), (m, f)) in names.iter().zip(both) {
        marked.entry(m).or_default().entry(*f).or_default().push(name);
        found.entry(*f).or_default().entry(m).or_default().push(name);
    }
    for parts in marked.values().filter(|p| p.len() > 1) {
        println!("  parted {:?}", parts.values().collect::<Vec<_>>());
    }
    for parts in found.values().filter(|p| p.len() > 1) {
        println!("  joined {:?}", parts.values().collect::<Vec<_>>());
    }
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
