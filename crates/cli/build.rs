//! Puts the pages of `docs/errors` into the program, as one sorted table.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<(String, String)> = fs::read_dir(&folder)?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let code = path.file_name()?.to_str()?.strip_suffix(".md")?.to_owned();
            Some((code, path.to_str()?.to_owned()))
        })
        .collect();
    pages.sort();
    let mut table = "&[\n".to_owned();
    for (code, path) in pages {
        let _ = writeln!(table, "    ({code:?}, include_str!({path:?})),");
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(Path::new(&out).join("error_pages.rs"), table)
}
