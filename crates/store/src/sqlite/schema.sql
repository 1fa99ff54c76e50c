-- Times are milliseconds since 1970. Ids of content are 16 bytes. Enumerations are the words of the model.
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('token', 0);

CREATE TABLE project (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    project INTEGER NOT NULL REFERENCES project,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    media_type BLOB,
    language TEXT,
    category TEXT,
    pages INTEGER NOT NULL DEFAULT 0,
    -- Whether its referents are counted in their profiles.
    counted INTEGER NOT NULL DEFAULT 0,
    -- What it calls itself, and the name of its file: its chunks are found by both. NULL until it is cut into chunks.
    title TEXT,
    name TEXT
);
CREATE INDEX document_sha256 ON document (sha256);
CREATE INDEX document_uncounted ON document (id) WHERE counted <> (state IN ('done', 'partial'));

CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document,
    project INTEGER NOT NULL REFERENCES project,
    absolute BLOB,
    shown TEXT,
    size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, read_ns INTEGER,
    parent INTEGER REFERENCES document,
    member TEXT,
    UNIQUE (absolute, project),
    UNIQUE (parent, member)
);
CREATE INDEX source_document ON source (document);
CREATE INDEX source_shown ON source (shown);

CREATE TABLE external_id (
    scheme TEXT NOT NULL, value TEXT NOT NULL, document INTEGER NOT NULL REFERENCES document,
    PRIMARY KEY (scheme, value)
) WITHOUT ROWID;
CREATE INDEX external_document ON external_id (document);

CREATE TABLE unread (absolute BLOB PRIMARY KEY, shown TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE stage_run (
    document INTEGER NOT NULL REFERENCES document,
    stage INTEGER NOT NULL,
    state TEXT NOT NULL,
    version TEXT NOT NULL,
    input BLOB,
    output BLOB,
    generation INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    alone INTEGER NOT NULL DEFAULT 0,
    token INTEGER,
    task_id BLOB,
    started_ms INTEGER,
    code TEXT,
    chain TEXT,
    reply TEXT,
    PRIMARY KEY (document, stage)
) WITHOUT ROWID;
CREATE INDEX stage_run_open ON stage_run (state) WHERE state IN ('pending', 'running', 'waiting', 'paused');

CREATE TABLE history (
    document INTEGER NOT NULL, stage INTEGER NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL,
    input BLOB, code TEXT, chain TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL
);
CREATE INDEX history_document ON history (document);

-- A row stays until its stage leaves `pending`.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL, stage INTEGER NOT NULL,
    task_id BLOB NOT NULL,
    alone INTEGER NOT NULL DEFAULT 0,
    epoch TEXT,
    UNIQUE (document, stage)
);
-- The order in which rows are published: what was cut off, what is nearest to its end, what runs alone.
CREATE INDEX outbox_turn ON outbox (id >= 0, alone, stage DESC, id);

CREATE TABLE warning (
    document INTEGER NOT NULL, stage INTEGER NOT NULL, seq INTEGER NOT NULL,
    code TEXT NOT NULL, message TEXT NOT NULL, page INTEGER,
    PRIMARY KEY (document, stage, seq)
) WITHOUT ROWID;

-- Spans of words and blocks here count characters of the page.
CREATE TABLE page (
    document INTEGER NOT NULL, number INTEGER NOT NULL,
    width INTEGER, height INTEGER, rotation INTEGER NOT NULL, chars INTEGER NOT NULL,
    words BLOB NOT NULL, blocks BLOB NOT NULL, warnings BLOB NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (document, number)
);

-- layer 0: raw text, by page; layer 1: cleaned text, page 0.
CREATE TABLE text (
    document INTEGER NOT NULL, layer INTEGER NOT NULL, page INTEGER NOT NULL, seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (document, layer, page, seq)
);
CREATE TABLE text_map (document INTEGER PRIMARY KEY, map BLOB NOT NULL);

CREATE TABLE block (
    document INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER NOT NULL, path TEXT NOT NULL,
    PRIMARY KEY (document, seq)
) WITHOUT ROWID;

CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL,
    document INTEGER NOT NULL, seq INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    -- The same range in bytes of the cleaned text.
    first_byte INTEGER NOT NULL, end_byte INTEGER NOT NULL,
    first_page INTEGER NOT NULL, last_page INTEGER NOT NULL, section TEXT,
    -- What copies are told by; its meaning as a direction (signed bytes).
    sketch BLOB, embedding BLOB,
    UNIQUE (document, seq)
);
CREATE VIRTUAL TABLE chunk_text USING fts5 (body, section, title, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE mention (
    document INTEGER NOT NULL, seq INTEGER NOT NULL,
    uuid BLOB NOT NULL, chunk INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    type TEXT NOT NULL, normal TEXT NOT NULL, name TEXT NOT NULL, identifiers TEXT NOT NULL, role TEXT,
    confidence INTEGER NOT NULL, extractor TEXT NOT NULL,
    PRIMARY KEY (document, seq)
) WITHOUT ROWID;

-- `documents`, `mentions`, `least` and the forms count what hangs on documents that are `counted`. `linked` says whether
-- the profile stands in the blocks; `level` is how far its links were cut to keep its component small.
CREATE TABLE profile (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL,
    project INTEGER NOT NULL,
    type TEXT NOT NULL, normal TEXT NOT NULL, identifiers TEXT NOT NULL, discriminator TEXT NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0, mentions INTEGER NOT NULL DEFAULT 0, least BLOB,
    revision INTEGER NOT NULL DEFAULT 0,
    dirty INTEGER NOT NULL DEFAULT 0,
    linked INTEGER NOT NULL DEFAULT 0,
    level INTEGER NOT NULL DEFAULT 0,
    entity BLOB,
    -- Why it belongs to its entity; empty for the profile with the least referent.
    reasons TEXT NOT NULL DEFAULT '', score INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project, uuid)
);
CREATE INDEX profile_dirty ON profile (dirty) WHERE dirty = 1;
CREATE INDEX profile_unlinked ON profile (project) WHERE linked <> (documents > 0);
CREATE INDEX profile_entity ON profile (entity);

CREATE TABLE profile_form (
    profile INTEGER NOT NULL, form TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (profile, form)
) WITHOUT ROWID;

-- A block is the hash of a project and a blocking key.
CREATE TABLE profile_block (
    block INTEGER NOT NULL, profile INTEGER NOT NULL,
    PRIMARY KEY (block, profile)
) WITHOUT ROWID;

-- Two profiles of a common block that are alike; in both directions. `refused` says why the two are not one entity.
CREATE TABLE profile_link (
    a INTEGER NOT NULL, b INTEGER NOT NULL,
    score INTEGER NOT NULL, reasons TEXT NOT NULL, veto TEXT, refused TEXT,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;

-- Kept by document and not by id: ids are scattered, and each would touch a page of its own.
CREATE TABLE referent (
    document INTEGER NOT NULL, seq INTEGER NOT NULL,
    uuid BLOB NOT NULL,
    profile INTEGER NOT NULL,
    forms TEXT NOT NULL, mentions BLOB NOT NULL, count INTEGER NOT NULL,
    -- As its stage gave it; its profile has more where a decision keeps it apart.
    discriminator TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (document, seq)
) WITHOUT ROWID;
CREATE INDEX referent_profile ON referent (profile);

-- "from" and "to" are the numbers of referents of the same document; "page" is where the evidence ends.
CREATE TABLE relation (
    document INTEGER NOT NULL, "from" INTEGER NOT NULL, "to" INTEGER NOT NULL, seq INTEGER NOT NULL,
    type TEXT NOT NULL, confidence INTEGER NOT NULL, extractor TEXT NOT NULL, attributes TEXT,
    page INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    from_mention BLOB NOT NULL, to_mention BLOB NOT NULL,
    PRIMARY KEY (document, "from", "to", seq)
) WITHOUT ROWID;
CREATE INDEX relation_to ON relation (document, "to");
CREATE INDEX relation_typed ON relation (document) WHERE type <> 'CO_MENTIONED';

CREATE TABLE entity (
    uuid BLOB NOT NULL, project INTEGER NOT NULL,
    type TEXT NOT NULL, name TEXT NOT NULL, aliases TEXT NOT NULL, identifiers TEXT NOT NULL,
    documents INTEGER NOT NULL, mentions INTEGER NOT NULL,
    -- The referent that its id comes from.
    least BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (uuid)
) WITHOUT ROWID;

-- Ids that entities had, each with the profile that leads on from it.
CREATE TABLE entity_alias (uuid BLOB PRIMARY KEY, profile INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX entity_alias_profile ON entity_alias (profile);

CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    project TEXT NOT NULL,
    action TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,
    "by" TEXT NOT NULL, at_ms INTEGER NOT NULL, why TEXT,
    -- The decision that this one undoes.
    undoes BLOB
);
CREATE INDEX decision_turn ON decision (project, at_ms, uuid);
CREATE INDEX decision_undoes ON decision (undoes) WHERE undoes IS NOT NULL;

-- `seq` counts the anchors of a side; `referent` is the number of the referent that an anchor finds in its document,
-- null while it sleeps, and `profile` the profile of that.
CREATE TABLE anchor (
    decision INTEGER NOT NULL, side INTEGER NOT NULL, seq INTEGER NOT NULL,
    document BLOB NOT NULL, type TEXT NOT NULL, normal TEXT NOT NULL, quote TEXT NOT NULL,
    referent INTEGER, profile INTEGER,
    PRIMARY KEY (decision, side, seq)
) WITHOUT ROWID;
CREATE INDEX anchor_document ON anchor (document);
CREATE INDEX anchor_profile ON anchor (profile) WHERE profile IS NOT NULL;
