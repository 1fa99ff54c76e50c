//! The layout of the tables: made in an empty file, and brought up to date in one that an earlier version wrote.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{passage, read, relation, row};
use crate::{Error, Result};

/// The newest layout that this program knows; `PRAGMA user_version` of the file.
pub(super) const SCHEMA_VERSION: i64 = 2;
const SCHEMA: &str = include_str!("schema.sql");

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let version = |c: &Connection| c.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    // Looked at first without a lock, so that a store that is up to date opens beside a writer.
    if version(connection)? == SCHEMA_VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        0 => transaction.execute_batch(SCHEMA)?,
        1 => from_1(&transaction)?,
        SCHEMA_VERSION => {}
        newer if newer > SCHEMA_VERSION => return Err(Error::Newer { found: newer, known: SCHEMA_VERSION }),
        other => return Err(Error::Corrupt(format!("the store has the unknown version {other}"))),
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Documents and their facts stay. What the fold made of them is dropped: the next fold makes it anew. Passages are
/// found by their text, heading and document as before; their titles, sketches and vectors come with reprocessing.
fn from_1(c: &Connection) -> Result<()> {
    c.execute_batch(
        "ALTER TABLE document ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE document ADD COLUMN title TEXT;
         ALTER TABLE document ADD COLUMN name TEXT;
         ALTER TABLE referent ADD COLUMN discriminator TEXT NOT NULL DEFAULT '';
         DROP TABLE chunk_text;
         DROP TABLE entity;
         DROP TABLE merge;
         DROP INDEX profile_dirty;
         DROP INDEX profile_entity;
         DROP INDEX relation_from;
         ALTER TABLE profile RENAME TO profile_1;
         ALTER TABLE chunk RENAME TO chunk_1;
         ALTER TABLE relation RENAME TO relation_1;
         DELETE FROM meta WHERE key = 'fold';",
    )?;
    create_missing(c)?;
    c.execute_batch(
        "INSERT INTO profile (id, uuid, project, type, normal, identifiers, discriminator)
         SELECT id, uuid, project, type, normal, identifiers, discriminator FROM profile_1
         WHERE id IN (SELECT profile FROM referent);
         INSERT INTO chunk (id, uuid, document, seq, start, \"end\", first_byte, end_byte, first_page, last_page, section)
         SELECT id, uuid, document, seq, start, \"end\", first_byte, end_byte, first_page, last_page, section FROM chunk_1;",
    )?;
    copy_relations(c)?;
    c.execute_batch("DROP TABLE profile_1; DROP TABLE chunk_1; DROP TABLE relation_1;")?;
    passage::index_all(c)
}

/// Makes the tables and indexes that are not there.
fn create_missing(c: &Connection) -> Result<()> {
    let sql = "SELECT name FROM sqlite_master";
    let known: BTreeSet<String> =
        row::collect(&mut c.prepare(sql)?, [], |r| Ok(r.get::<_, String>(0)?))?.into_iter().collect();
    let text: Vec<&str> = SCHEMA.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    for statement in text.join("\n").split(';') {
        let mut words = statement.split_whitespace().skip_while(|word| !matches!(*word, "TABLE" | "INDEX"));
        if words.next().is_some() && words.next().is_some_and(|name| !known.contains(name)) {
            c.execute_batch(statement)?;
        }
    }
    Ok(())
}

/// Takes the relations over. Those of the first version did not say on which page they stand.
fn copy_relations(c: &Connection) -> Result<()> {
    let documents = "SELECT DISTINCT document FROM relation_1";
    let starts = "SELECT seq, start, \"end\" FROM relation_1 WHERE document = ?";
    let insert =
        "INSERT INTO relation (document, \"from\", \"to\", seq, type, confidence, extractor, page, start, \"end\",
                                        from_mention, to_mention)
                  SELECT document, \"from\", \"to\", seq, type, confidence, extractor, ?, start, \"end\", from_mention,
                         to_mention FROM relation_1 WHERE document = ? AND seq = ?";
    for document in row::collect(&mut c.prepare(documents)?, [], |r| Ok(r.get::<_, i64>(0)?))? {
        let (pages, map) = (read::page_spans(c, document)?, read::clean_map(c, document)?);
        let spans = row::collect(&mut *c.prepare_cached(starts)?, [document], |r| {
            Ok((r.get::<_, i64>(0)?, row::span(r.get(1)?, r.get(2)?)?))
        })?;
        for (seq, span) in spans {
            let page = relation::page_of(span, &map, &pages);
            c.prepare_cached(insert)?.execute(params![page, document, seq])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use docmill_model::{CleanMap, Digest, DocumentId, MentionId, MentionType, ProfileId, ProfileKey, ReferentId};
    use docmill_model::{Rewrite, Segment, Span};

    use super::*;
    use crate::{Profiles, Sqlite, Store, Versions, pack};

    /// Columns of all tables and the texts of all indexes.
    fn layout(c: &Connection) -> Vec<String> {
        let sql = "SELECT m.name || ' ' || x.cid || ' ' || x.name || ' ' || x.type || ' ' || x.\"notnull\" || ' '
                          || coalesce(x.dflt_value, '') || ' ' || x.pk
                   FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table'
                   UNION SELECT name || coalesce(sql, '') FROM sqlite_master WHERE type = 'index' ORDER BY 1";
        row::collect(&mut c.prepare(sql).unwrap(), [], |r| Ok(r.get(0)?)).unwrap()
    }

    /// A document of the first version, `Anna wrote to Ben` on its second page, with all that was stored of it.
    fn fill(c: &Connection) -> DocumentId {
        let id = DocumentId::new("test", &Digest::of(b"a"));
        let text = "page one\nAnna wrote to Ben";
        let spans = [(9, 13), (23, 26)].map(|(start, end)| Span::new(start, end));
        let mention = |span| MentionId::new(id, MentionType::Person, span, "rule/name@1");
        let map = CleanMap::from(vec![Segment { rewrite: Rewrite::Equal, raw: 26, clean: 26 }]);
        c.execute_batch(
            "INSERT INTO project (name) VALUES ('test');
             INSERT INTO meta VALUES ('fold', '1');
             INSERT INTO page VALUES (1, 1, 100, 100, 0, 9, x'', x'00', x'00', x'00');
             INSERT INTO page VALUES (1, 2, 100, 100, 0, 17, x'', x'00', x'00', x'00');
             INSERT INTO chunk VALUES (7, x'00000000000000000000000000000001', 1, 0, 0, 26, 0, 26, 1, 2, 'Heading');
             INSERT INTO merge VALUES (x'00', x'01', '[]', 1000);",
        )
        .unwrap();
        let sql = "INSERT INTO document (uuid, project, sha256, bytes, state, pages) VALUES (?, 1, ?, 1, 'done', 2)";
        c.execute(sql, params![row::blob(&id.0), Digest::of(b"a").as_bytes().as_slice()]).unwrap();
        let sql = "INSERT INTO source (document, project, absolute, shown) VALUES (1, 1, ?, 'a/letter.txt')";
        c.execute(sql, [b"/a/letter.txt".as_slice()]).unwrap();
        c.execute("INSERT INTO text VALUES (1, 1, 0, 0, ?)", [text]).unwrap();
        c.execute("INSERT INTO text_map VALUES (1, ?)", [pack::encode(&map)]).unwrap();
        for (seq, (name, span)) in (0_u32..).zip(["Anna", "Ben"].into_iter().zip(spans)) {
            let normal = name.to_lowercase();
            let key = ProfileKey {
                kind: MentionType::Person,
                normal: normal.clone(),
                identifiers: vec![],
                discriminator: String::new(),
            };
            let profile = ProfileId::new(&key.digest());
            let sql = "INSERT INTO mention VALUES (1, ?, ?, 0, ?, ?, 'PERSON', ?, ?, '[]', NULL, 900, 'rule/name@1')";
            let uuid = mention(span).0;
            c.execute(sql, params![seq, row::blob(&uuid), span.start, span.end, normal, name]).unwrap();
            let sql = "INSERT INTO profile (uuid, project, type, normal, identifiers, discriminator, dirty, entity)
                       VALUES (?, 1, 'PERSON', ?, '[]', '', 0, x'00')";
            c.execute(sql, params![row::blob(&profile.0), normal]).unwrap();
            let referent = ReferentId::new(id, MentionType::Person, span);
            let forms = row::to_json(&[(name, 1)]);
            let sql = "INSERT INTO referent VALUES (1, ?, ?, ?, ?, ?, 1)";
            let mentions = pack::encode(&vec![mention(span)]);
            c.execute(sql, params![seq, row::blob(&referent.0), seq + 1, forms, mentions]).unwrap();
        }
        let sql = "INSERT INTO relation VALUES (1, 0, 0, 1, 'WROTE_TO', 1000, 'rule/mail_header@1', 5, 26, ?, ?)";
        let [from, to] = spans.map(|span| mention(span).0);
        c.execute(sql, [row::blob(&from), row::blob(&to)]).unwrap();
        // One that nothing hangs on.
        let sql = "INSERT INTO profile (uuid, project, type, normal, identifiers, discriminator)
                   VALUES (x'00', 1, 'PERSON', 'gone', '[]', '')";
        c.execute(sql, []).unwrap();
        id
    }

    #[tokio::test]
    async fn a_workspace_of_the_first_version_keeps_its_documents_and_their_facts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let first = Connection::open(&path).unwrap();
        first.execute_batch(include_str!("migrate/schema_1.sql")).unwrap();
        let id = fill(&first);
        first.pragma_update(None, "user_version", 1).unwrap();
        drop(first);

        let store = Sqlite::open(&path, Versions::new()).unwrap();
        let fresh = Sqlite::open(&folder.path().join("fresh.sqlite"), Versions::new()).unwrap();
        assert_eq!(store.read(|c| Ok(layout(c))).unwrap(), fresh.read(|c| Ok(layout(c))).unwrap());
        assert_eq!(store.check().unwrap(), Vec::<String>::new());

        assert_eq!(store.document(id).await.unwrap().name(), "letter.txt");
        assert_eq!(store.mentions(id).await.unwrap().len(), 2);
        assert_eq!(store.chunks(id).await.unwrap()[0].section.as_deref(), Some("Heading"));
        for word in ["wrote", "heading", "letter"] {
            assert_eq!(store.search(&crate::Query::new(word, 9)).await.unwrap().hits.len(), 1, "{word}");
        }
        assert_eq!(store.count_documents(99).await.unwrap(), 1);
        let unlinked = store.unlinked(99).await.unwrap().unwrap();
        assert_eq!((unlinked.come.len(), unlinked.gone.len()), (2, 0));
        let page = |c: &Connection| Ok(c.query_row("SELECT page FROM relation", [], |r| r.get::<_, u32>(0))?);
        assert_eq!(store.read(page).unwrap(), 2);
    }

    #[test]
    fn an_index_of_the_schema_is_made_where_it_is_missing() {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(SCHEMA).unwrap();
        let whole = layout(&c);
        c.execute_batch("DROP INDEX anchor_document; DROP TABLE entity_alias; DROP TABLE chunk_text").unwrap();
        create_missing(&c).unwrap();
        assert_eq!(layout(&c), whole);
    }
}
