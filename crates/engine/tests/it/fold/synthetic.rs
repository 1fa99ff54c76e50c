//! Documents that speak of persons and organisations, each mention with who is meant.

use docmill_analyze::name;
use docmill_model::{Digest, DocumentId, Identifier, MentionId, MentionType, Referent, ReferentId, Span};

pub const PROJECT: &str = "synthetic";

/// A small generator of its own, so that each seed gives the same project on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The steps of SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// What a document says, and of whom it speaks.
#[derive(Clone, Debug)]
pub struct Said {
    pub referent: Referent,
    pub truth: usize,
}

#[derive(Clone, Debug)]
pub struct Document {
    pub id: DocumentId,
    pub sha256: Digest,
    pub said: Vec<Said>,
}

impl Document {
    pub fn new(name: &str) -> Self {
        let sha256 = Digest::of(name.as_bytes());
        Self { id: DocumentId::new(PROJECT, &sha256), sha256, said: Vec::new() }
    }

    /// Adds a referent that is mentioned once or more under one form.
    pub fn say(
        &mut self,
        kind: MentionType,
        normal: String,
        form: &str,
        email: Option<&str>,
        count: u32,
        truth: usize,
    ) {
        let at = self.said.len() as u32 * 100;
        let mention = |i: u32| MentionId::new(self.id, kind, Span::new(at + i, at + i + 1), "rule/test@1");
        let identifiers = email.map(|email| Identifier { scheme: "email".into(), value: email.into() });
        let referent = Referent {
            id: ReferentId::new(self.id, kind, Span::new(at, at + 1)),
            kind,
            normal,
            identifiers: identifiers.into_iter().collect(),
            forms: vec![(form.to_owned(), count)],
            mentions: (0..count).map(mention).collect(),
            discriminator: String::new(),
        };
        let same = |said: &Said| said.referent.key() == referent.key();
        if !self.said.iter().any(same) {
            self.said.push(Said { referent, truth });
        }
    }

    pub fn person(&mut self, form: &str, email: Option<&str>, count: u32, truth: usize) {
        let normal = name::person(form).map_or_else(|| form.to_lowercase(), |person| person.normal);
        self.say(MentionType::Person, normal, form, email, count, truth);
    }

    pub fn organisation(&mut self, form: &str, truth: usize) {
        let normal = name::organisation(form).map_or_else(|| form.to_lowercase(), |org| org.normal);
        self.say(MentionType::Org, normal, form, None, 1, truth);
    }
}

const GIVEN: [&str; 16] = [
    "Robert",
    "Anna",
    "Eleanor",
    "Katarina",
    "Maximilian",
    "Nadezhda",
    "Theodore",
    "Isabel",
    "Friedrich",
    "Guillermo",
    "Hannah",
    "Joachim",
    "Leopold",
    "Margaret",
    "Octavia",
    "Philippa",
];
const FAMILY: [&str; 14] = [
    "Whitcombe",
    "Okonkwo",
    "Brandstetter",
    "Vasquez",
    "Lindqvist",
    "Marchetti",
    "Nakamura",
    "Papadopoulos",
    "Rasmussen",
    "Szymanski",
    "Thornbury",
    "Underhill",
    "Valdimarsson",
    "Zimmermann",
];
const FIRMS: [&str; 6] = [
    "Harrow Point Museum",
    "Castellan Shipping",
    "Meridian Bridge",
    "Northwind Salvage",
    "Tidewater Bank",
    "Orchard Press",
];
/// As many as make the block of their family name larger than is compared.
const SMITHS: usize = 90;
/// A firm and its branches: each may be the firm, and together they are too many for one block.
const BRANCHED: &str = "Pemberton Quarries";
const BRANCHES: usize = 90;

/// Who is spoken of: the first of each name, those of whom there are two, the firms, the Smiths.
fn full_name(person: usize) -> String {
    format!("{} {}", GIVEN[person % GIVEN.len()], FAMILY[person % FAMILY.len()])
}

fn smith(number: usize) -> String {
    format!("{} Smith", given(number))
}

/// A name that nobody has.
fn given(number: usize) -> String {
    let syllable = |n: usize| ["ba", "du", "fe", "go", "ki", "lo", "mu", "ni", "po", "ra"][n % 10];
    let given = format!("{}{}{}", syllable(number / 10), syllable(number), syllable(number / 3 + 4));
    format!("{}{}", given[..1].to_uppercase(), &given[1..])
}

fn place(number: usize) -> String {
    const TREES: [&str; 10] = ["Ash", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper"];
    const ENDINGS: [&str; 9] = ["bank", "croft", "dale", "field", "gate", "hurst", "mere", "ridge", "wick"];
    format!("{}{}", TREES[number % 10], ENDINGS[number / 10])
}

/// Persons with a name of their own; those behind them share a name with one of these, under another address.
const PERSONS: usize = 40;
const HOMONYMS: usize = 6;

/// A project of so many documents, whatever the seed of its shuffles.
pub fn documents(count: usize) -> Vec<Document> {
    (0..count).map(document).collect()
}

fn document(number: usize) -> Document {
    let mut random = Random::new(number as u64 * 7919 + 1);
    let mut document = Document::new(&format!("document {number}"));
    for _ in 0..3 + random.below(5) {
        match random.below(11) {
            0..=4 => person(&mut document, &mut random),
            5 => {
                let at = random.below(FIRMS.len());
                let form = ["", ", Inc.", " Inc", " Incorporated"][random.below(4)];
                document.organisation(&format!("{}{form}", FIRMS[at]), 1000 + at);
            }
            6..=7 => {
                let at = random.below(SMITHS);
                document.person(&smith(at), None, 1, 2000 + at);
            }
            8..=9 => {
                let at = random.below(BRANCHES);
                let form = if at == 0 { BRANCHED.to_owned() } else { format!("{BRANCHED} {}", place(at)) };
                document.organisation(&form, 4000 + at);
            }
            _ => {
                let day = random.below(200);
                document.say(MentionType::Date, format!("2024-{day:03}"), &format!("day {day}"), None, 1, 3000 + day);
            }
        }
    }
    document
}

fn person(document: &mut Document, random: &mut Random) {
    let who = random.below(PERSONS + HOMONYMS);
    let name = full_name(who % PERSONS);
    let (given, family) = name.split_once(' ').expect("two words");
    let email = format!("{}{who}@example.org", family.to_lowercase());
    let count = 1 + random.below(3) as u32;
    // A homonym is known by his address alone, and so is whom he shares the name with: a bare name would be a guess.
    if !(HOMONYMS..PERSONS).contains(&who) {
        return document.person(&name, Some(&email), count, who);
    }
    match random.below(8) {
        0 => document.person(&name, Some(&email), count, who),
        1 => document.person(&format!("{family}, {given}"), None, count, who),
        2 => document.person(&name.to_uppercase(), None, count, who),
        3 => document.person(&format!("Dr. {name}"), None, count, who),
        4 => document.person(&format!("{given} Q. {family}"), None, count, who),
        5 => document.person(&format!("{}. {family}", &given[..1]), None, count, who),
        _ => document.person(&name, None, count, who),
    }
}
