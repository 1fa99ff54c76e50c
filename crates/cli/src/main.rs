//! Turns a pile of documents into a knowledge graph whose every fact can be shown on the page it came from.
fn main() {}
