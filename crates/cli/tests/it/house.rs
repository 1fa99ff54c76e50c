//! The house: which crate may know which, and what pure crates must not know.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// All arrows between crates of this workspace, tests and benches not counted. Adding a line here is the change
/// that deserves the most thought.
const ARROWS: &[(&str, &[&str])] = &[
    ("celeriac-wire", &[]),
    ("celeriac", &["celeriac-wire", "warden"]),
    ("celeriac-interop", &["celeriac", "celeriac-wire"]),
    ("warden", &[]),
    ("docmill-model", &[]),
    ("docmill-extract", &["docmill-model"]),
    ("docmill-infer", &[]),
    ("docmill-analyze", &["docmill-infer", "docmill-model"]),
    ("docmill-store", &["docmill-model"]),
    (
        "docmill-engine",
        &[
            "celeriac",
            "docmill-analyze",
            "docmill-extract",
            "docmill-infer",
            "docmill-model",
            "docmill-store",
            "warden",
        ],
    ),
    (
        "docmill",
        &[
            "docmill-analyze",
            "docmill-engine",
            "docmill-extract",
            "docmill-infer",
            "docmill-model",
            "docmill-store",
            "warden",
        ],
    ),
    ("docmill-testkit", &[]),
];

/// Crates that neither wait nor speak to anything, and what they must not even reach.
const PURE: &[&str] = &["celeriac-wire", "docmill-model", "docmill-extract", "docmill-infer", "docmill-analyze"];
const IMPURE: &[&str] = &["tokio", "mio", "rusqlite", "libsqlite3-sys", "redis", "hyper", "reqwest", "tokio-postgres"];

struct House {
    /// Package name to the names of its ordinary dependencies.
    wants: BTreeMap<String, BTreeSet<String>>,
    ours: BTreeSet<String>,
}

fn house() -> House {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform"])
        // What other platforms need is not downloaded here.
        .arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .output()
        .expect("cargo runs the tests, so cargo is there");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["id"].as_str().unwrap(), p["name"].as_str().unwrap()))
        .collect();
    let ours = metadata["workspace_members"].as_array().unwrap().iter();
    let ours = ours.map(|id| names[id.as_str().unwrap()].to_owned()).collect();
    let mut wants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let wanted = wants.entry(names[node["id"].as_str().unwrap()].to_owned()).or_default();
        for dependency in node["deps"].as_array().unwrap() {
            // `null` is an ordinary dependency; the others are `dev` and `build`.
            if dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()) {
                wanted.insert(names[dependency["pkg"].as_str().unwrap()].to_owned());
            }
        }
    }
    House { wants, ours }
}

#[test]
fn the_arrows_between_crates_are_those_of_the_table() {
    let house = house();
    let table: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    assert_eq!(house.ours.iter().map(String::as_str).collect::<Vec<_>>(), table.keys().copied().collect::<Vec<_>>());
    for (from, allowed) in table {
        let known: BTreeSet<&str> = house.wants[from].intersection(&house.ours).map(String::as_str).collect();
        assert_eq!(known, allowed, "what {from} knows, and what the table says");
    }
}

#[test]
fn pure_crates_reach_no_runtime_no_network_and_no_database() {
    let house = house();
    for pure in PURE {
        let mut reached = BTreeSet::new();
        let mut queue = vec![*pure];
        while let Some(name) = queue.pop() {
            assert!(!IMPURE.contains(&name), "{pure} reaches {name}");
            if reached.insert(name) {
                queue.extend(house.wants[name].iter().map(String::as_str));
            }
        }
    }
}
