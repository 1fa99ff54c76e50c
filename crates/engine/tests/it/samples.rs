use std::collections::BTreeMap;
use std::path::Path;
use crate::pile::*;
#[tokio::test(flavor = "multi_thread")]
async fn dump() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let pile = Pile::new(&[]);
    let workspace = pile.workspace();
    run_all(&workspace, &root).await;
    let export = export(&workspace).await;
    std::fs::write("/tmp/w/export.jsonl", &export).unwrap();
    let mut out = String::new();
    for id in workspace.store().document_ids(None, 1000).await.unwrap() {
        for m in workspace.store().mention_rows(id).await.unwrap() {
            out.push_str(&format!("{}\t{}\t{}\n", m.mention.id, m.mention.kind, m.mention.normal));
        }
    }
    std::fs::write("/tmp/w/normal.tsv", out).unwrap();
    let _ = BTreeMap::<u8, u8>::new();
}
