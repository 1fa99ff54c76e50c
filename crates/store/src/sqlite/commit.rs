//! Results: pages as they are read, and the end of a stage run.

use std::collections::BTreeSet;

use docmill_model::{Code, Digest, DocumentId, Origin, Page, Stage, State, Warning};
use rusqlite::{Connection, params};

use super::{claim, facts, now_ms, passage, relation, row, state, submit};
use crate::protocol::Verdict;
use crate::{Claim, Commit, Failure, Lease, Message, Node, Ocr, Output, Result, Stamp, Submission, Versions, pack};

pub(super) fn checkpoint(c: &Connection, lease: Lease, pages: &[Page]) -> Result<()> {
    let document = claim::hold(c, lease)?;
    put_pages(c, document, pages)
}

pub(super) fn commit(c: &Connection, versions: &Versions, commit: Commit) -> Result<Vec<Message>> {
    let Commit { claim, verdict } = commit;
    let document = claim::hold(c, claim.lease)?;
    let stage = claim.lease.key.stage;
    let mut messages = Vec::new();
    match verdict {
        Verdict::Finished { output, mut warnings, reply } => {
            let saved = put_output(c, versions, &claim, document, &output, &mut warnings, &mut messages)?;
            let loss = warnings.iter().map(|w| w.code).find(|code| code.is_loss());
            let state = if loss.is_some() { State::Partial } else { State::Done };
            put_warnings(c, document, stage, &warnings)?;
            let sql = "UPDATE stage_run SET state = ?, output = ?, reply = ?, code = ?, chain = NULL, token = NULL,
                       alone = 0, deaths = 0 WHERE document = ? AND stage = ?";
            let digest = output.digest(&saved);
            let parameters = params![
                state.as_str(),
                digest.as_bytes().as_slice(),
                row::to_json(&reply),
                loss.map(Code::as_str),
                document,
                stage as i64
            ];
            c.prepare_cached(sql)?.execute(parameters)?;
            put_history(c, &claim, document, state, None)?;
            messages.extend(next(c, versions, document, claim.lease.key.document, stage)?);
        }
        Verdict::Ended { state, failure } => {
            clear_from(c, document, stage)?;
            put_warnings(c, document, stage, std::slice::from_ref(&failure.warning))?;
            let sql = "UPDATE stage_run SET state = ?, output = NULL, reply = ?, code = ?, chain = ?, token = NULL,
                       alone = 0 WHERE document = ? AND stage = ?";
            let reply = serde_json::json!({ "status": state.as_str(), "error": failure.warning });
            c.prepare_cached(sql)?.execute(params![
                state.as_str(),
                row::to_json(&reply),
                failure.code().as_str(),
                row::to_json(&failure.chain),
                document,
                stage as i64
            ])?;
            if let Some(media_type) = &failure.media_type {
                let sql = "UPDATE document SET media_type = ? WHERE id = ?";
                c.prepare_cached(sql)?.execute(params![pack::encode(media_type), document])?;
            }
            put_history(c, &claim, document, state, Some(&failure))?;
        }
        Verdict::Again { failure, counts } => {
            let sql = "UPDATE stage_run SET state = 'pending', deaths = deaths + ?, code = ?, chain = ?
                       WHERE document = ? AND stage = ?";
            c.prepare_cached(sql)?.execute(params![
                counts,
                failure.code().as_str(),
                row::to_json(&failure.chain),
                document,
                stage as i64
            ])?;
            put_history(c, &claim, document, State::Failed, Some(&failure))?;
            messages.extend(claim::enqueue(c, versions, document, claim.lease.key.document, stage, true)?);
        }
    }
    state::refresh(c, document)?;
    Ok(messages)
}

/// Asks for what follows a finished stage. A stage that has already run with the very input it would have now is
/// passed over: its own output is as it was, and so is what follows it.
fn next(c: &Connection, versions: &Versions, document: i64, id: DocumentId, stage: Stage) -> Result<Option<Message>> {
    let mut stage = stage.next();
    while let Some(candidate) = stage {
        let Some(input) = claim::input(c, versions, document, candidate)? else { return Ok(None) };
        let sql =
            "SELECT 1 FROM stage_run WHERE document = ? AND stage = ? AND input = ? AND state IN ('done', 'partial')";
        let parameters = params![document, candidate as i64, input.as_bytes().as_slice()];
        if !c.prepare_cached(sql)?.exists(parameters)? {
            return claim::enqueue(c, versions, document, id, candidate, false);
        }
        stage = candidate.next();
    }
    Ok(None)
}

fn put_output(
    c: &Connection,
    versions: &Versions,
    claim: &Claim,
    document: i64,
    output: &Output,
    warnings: &mut Vec<Warning>,
    messages: &mut Vec<Message>,
) -> Result<Vec<Digest>> {
    match output {
        Output::Ocr(ocr) => return put_ocr(c, versions, claim, document, ocr, warnings, messages),
        Output::Node(node) => put_node(c, document, node)?,
        Output::Chunks(chunked) => passage::put(c, document, chunked)?,
        Output::Mentions(mentions) => facts::put_mentions(c, document, mentions)?,
        Output::Referents(referents) => facts::put_referents(c, document, referents)?,
        Output::Relations(relations) => relation::put_relations(c, document, relations)?,
    }
    Ok(Vec::new())
}

/// Pages, members and what is known of the whole; the warnings of all pages join those of the document.
fn put_ocr(
    c: &Connection,
    versions: &Versions,
    claim: &Claim,
    document: i64,
    ocr: &Ocr,
    warnings: &mut Vec<Warning>,
    messages: &mut Vec<Message>,
) -> Result<Vec<Digest>> {
    put_pages(c, document, &ocr.pages)?;
    let sql = "SELECT digest, warnings FROM page WHERE document = ? ORDER BY number";
    let pages = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let warnings: Vec<Warning> = pack::decode(r.get_ref(1)?.as_blob().unwrap_or_default())?;
        Ok((row::digest_at(r, 0)?, warnings))
    })?;
    let mut digests = Vec::with_capacity(pages.len());
    for (digest, of_page) in pages {
        digests.push(digest);
        warnings.extend(of_page);
    }
    warnings.sort_by(|a, b| (a.page, a.code, &a.message).cmp(&(b.page, b.code, &b.message)));
    let sql = "UPDATE document SET media_type = ?, pages = ? WHERE id = ?";
    c.prepare_cached(sql)?.execute(params![pack::encode(&ocr.media_type), digests.len() as i64, document])?;
    put_members(c, versions, claim.lease.key.document, document, ocr, messages)?;
    Ok(digests)
}

fn put_members(
    c: &Connection,
    versions: &Versions,
    parent: DocumentId,
    parent_row: i64,
    ocr: &Ocr,
    messages: &mut Vec<Message>,
) -> Result<()> {
    let sql = "SELECT member FROM source WHERE parent = ?";
    let mut gone: BTreeSet<String> =
        row::collect(&mut *c.prepare_cached(sql)?, [parent_row], |r| Ok(r.get::<_, String>(0)?))?.into_iter().collect();
    let sql = "SELECT p.name FROM project p JOIN document d ON d.project = p.id WHERE d.id = ?";
    let project: String = c.prepare_cached(sql)?.query_row([parent_row], |r| r.get(0))?;
    for member in &ocr.members {
        // An archive that holds itself would live for ever by its own hand.
        if DocumentId::new(&project, &member.sha256) == parent {
            continue;
        }
        gone.remove(&member.name);
        let submission = Submission {
            project: project.clone(),
            sha256: member.sha256,
            bytes: member.bytes,
            origin: Origin::Member { parent, member: member.name.clone() },
            stamp: Stamp::default(),
        };
        let child = submit::submit(c, versions, &submission)?.document();
        let sql = "SELECT o.id, o.task_id, o.stage, o.alone FROM outbox o JOIN document d ON d.id = o.document
                   WHERE d.uuid = ? AND o.epoch IS NULL";
        let waiting = row::collect(&mut *c.prepare_cached(sql)?, [child.0.as_bytes().as_slice()], |r| {
            let key = crate::StageKey { document: child, stage: row::stage(r.get(2)?)? };
            Ok(Message { id: r.get(0)?, key, task_id: row::uuid_at(r, 1)?, alone: r.get(3)? })
        })?;
        messages.extend(waiting);
    }
    // Last, so that a member under a new name keeps its document.
    for name in &gone {
        super::forget::forget_member(c, parent_row, name)?;
    }
    Ok(())
}

fn put_pages(c: &Connection, document: i64, pages: &[Page]) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO page (document, number, width, height, rotation, chars, words, blocks, warnings, digest)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for page in pages {
        insert.execute(params![
            document,
            page.number,
            page.size.map(|s| s.width),
            page.size.map(|s| s.height),
            page.rotation,
            page.text.chars().count() as i64,
            if page.words.is_empty() { Vec::new() } else { pack::encode_words(&page.words) },
            pack::encode(&page.blocks),
            pack::encode(&page.warnings),
            Digest::of(&pack::encode(page)).as_bytes().as_slice()
        ])?;
        put_text(c, document, 0, page.number, &page.text)?;
    }
    Ok(())
}

/// Stores a text in pieces of at most one segment, in place of what was there.
fn put_text(c: &Connection, document: i64, layer: i64, page: u32, text: &str) -> Result<()> {
    c.prepare_cached("DELETE FROM text WHERE document = ? AND layer = ? AND page = ?")?
        .execute(params![document, layer, page])?;
    let mut insert = c.prepare_cached("INSERT INTO text (document, layer, page, seq, body) VALUES (?, ?, ?, ?, ?)")?;
    let mut rest = text;
    let mut seq = 0;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(docmill_model::Text::SEGMENT));
        insert.execute(params![document, layer, page, seq, head])?;
        rest = tail;
        seq += 1;
    }
    Ok(())
}

fn put_node(c: &Connection, document: i64, node: &Node) -> Result<()> {
    put_text(c, document, 1, 0, node.text.as_str())?;
    let sql = "INSERT OR REPLACE INTO text_map (document, map) VALUES (?, ?)";
    c.prepare_cached(sql)?.execute(params![document, pack::encode(&node.map)])?;
    let sql = "UPDATE document SET language = ?, category = ? WHERE id = ?";
    let language = node.language.as_ref().map(|l| l.as_str());
    c.prepare_cached(sql)?.execute(params![language, node.category.as_str(), document])?;
    c.prepare_cached("DELETE FROM block WHERE document = ?")?.execute([document])?;
    let pages = super::read::page_spans(c, document)?;
    let sql = "INSERT INTO block (document, seq, kind, start, \"end\", page, path) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (seq, block) in node.blocks.iter().enumerate() {
        let raw = node.map.to_raw(block.span);
        insert.execute(params![
            document,
            seq as i64,
            block.kind.as_str(),
            block.span.start,
            block.span.end,
            super::read::page_at(&pages, raw.start),
            block.path
        ])?;
    }
    Ok(())
}

/// A stage that ended without an output leaves nothing of an earlier one, and neither do those after it.
fn clear_from(c: &Connection, document: i64, stage: Stage) -> Result<()> {
    for later in Stage::ALL.into_iter().filter(|s| *s >= stage) {
        match later {
            Stage::ProcessOcr => {
                put_members_none(c, document)?;
                for sql in [
                    "DELETE FROM page WHERE document = ?",
                    "DELETE FROM text WHERE document = ? AND layer = 0",
                    "UPDATE document SET pages = 0, media_type = NULL WHERE id = ?",
                ] {
                    c.prepare_cached(sql)?.execute([document])?;
                }
            }
            Stage::CreateDocumentNode => {
                for sql in [
                    "DELETE FROM text WHERE document = ? AND layer = 1",
                    "DELETE FROM text_map WHERE document = ?",
                    "DELETE FROM block WHERE document = ?",
                    "UPDATE document SET language = NULL, category = NULL WHERE id = ?",
                ] {
                    c.prepare_cached(sql)?.execute([document])?;
                }
            }
            Stage::ProcessChunking => passage::clear(c, document)?,
            Stage::ExtractEntities => facts::put_mentions(c, document, &[])?,
            Stage::ResolveEntities => facts::put_referents(c, document, &[])?,
            Stage::BuildRelationships => relation::put_relations(c, document, &[])?,
        }
        if later > stage {
            for sql in [
                "DELETE FROM stage_run WHERE document = ? AND stage = ?",
                "DELETE FROM outbox WHERE document = ? AND stage = ?",
                "DELETE FROM warning WHERE document = ? AND stage = ?",
            ] {
                c.prepare_cached(sql)?.execute([document, later as i64])?;
            }
        }
    }
    Ok(())
}

fn put_members_none(c: &Connection, document: i64) -> Result<()> {
    let sql = "SELECT member FROM source WHERE parent = ?";
    for member in row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok(r.get::<_, String>(0)?))? {
        super::forget::forget_member(c, document, &member)?;
    }
    Ok(())
}

fn put_warnings(c: &Connection, document: i64, stage: Stage, warnings: &[Warning]) -> Result<()> {
    c.prepare_cached("DELETE FROM warning WHERE document = ? AND stage = ?")?.execute([document, stage as i64])?;
    let sql = "INSERT INTO warning (document, stage, seq, code, message, page) VALUES (?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (seq, w) in warnings.iter().enumerate() {
        insert.execute(params![document, stage as i64, seq as i64, w.code.as_str(), w.message, w.page])?;
    }
    Ok(())
}

fn put_history(c: &Connection, claim: &Claim, document: i64, state: State, failure: Option<&Failure>) -> Result<()> {
    let sql = "INSERT INTO history (document, stage, attempt, state, input, code, chain, started_ms, ended_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    c.prepare_cached(sql)?.execute(params![
        document,
        claim.lease.key.stage as i64,
        claim.attempt,
        state.as_str(),
        claim.input.as_bytes().as_slice(),
        failure.map(|f| f.code().as_str()),
        failure.map(|f| row::to_json(&f.chain)),
        claim.started_ms,
        now_ms()
    ])?;
    Ok(())
}
