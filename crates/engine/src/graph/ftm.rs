//! FollowTheMoney (followthemoney.tech), one JSON object a line: what OpenAleph and Datashare read.
//!
//! Persons, organisations, places, cases, accounts and addresses for mail become things of the schema that fits
//! them, documents become documents with what else they mention as properties, relations become the schema that
//! their ends allow and otherwise `UnknownLink`. What the model has no schema for (dates, sums, laws) is left out.

mod edge;
mod language;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use docmill_analyze::name;
use docmill_model::document::OtherType;
use docmill_model::{Digest, DocumentId, Entity, EntityId, Identifier, MediaType, MentionId, MentionType};
use docmill_store::{DocumentRow, MentionRow};
use serde::Serialize;
use uuid::Uuid;

use super::literal;
use super::walk::{Item, Sink};

/// What an entity became. Only those that became something are ends of relations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schema {
    Person,
    Organization,
    Company,
    Address,
    CourtCase,
    BankAccount,
    CryptoWallet,
    UserAccount,
}

impl Schema {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Organization => "Organization",
            Self::Company => "Company",
            Self::Address => "Address",
            Self::CourtCase => "CourtCase",
            Self::BankAccount => "BankAccount",
            Self::CryptoWallet => "CryptoWallet",
            Self::UserAccount => "UserAccount",
        }
    }

    fn is_organization(self) -> bool {
        matches!(self, Self::Organization | Self::Company)
    }

    fn is_legal_entity(self) -> bool {
        self == Self::Person || self.is_organization()
    }
}

/// Schemes of identifiers of blockchains' addresses, as the recognisers name them.
const WALLETS: [&str; 2] = ["btc", "eth"];

fn schema_of(entity: &Entity) -> Option<Schema> {
    let has_scheme = |schemes: &[&str]| entity.identifiers.iter().any(|i| schemes.contains(&i.scheme.as_str()));
    Some(match entity.kind {
        MentionType::Person => Schema::Person,
        MentionType::Org => {
            let mut forms = std::iter::once(&entity.name).chain(&entity.aliases);
            match forms.any(|form| name::organisation(form).is_some_and(|name| name.form.is_some())) {
                true => Schema::Company,
                false => Schema::Organization,
            }
        }
        MentionType::Location => Schema::Address,
        MentionType::Case => Schema::CourtCase,
        MentionType::Email => Schema::UserAccount,
        MentionType::Identifier if has_scheme(&["iban"]) => Schema::BankAccount,
        MentionType::Identifier if has_scheme(&WALLETS) => Schema::CryptoWallet,
        _ => return None,
    })
}

/// A line: values of properties are lists of strings, whatever they mean.
#[derive(Serialize)]
struct Line {
    id: Uuid,
    schema: &'static str,
    properties: BTreeMap<&'static str, Vec<String>>,
}

impl Line {
    fn new(id: Uuid, schema: &'static str) -> Self {
        Self { id, schema, properties: BTreeMap::new() }
    }

    /// Adds a value; an empty one is none, and each is there once.
    fn add(&mut self, property: &'static str, value: impl Into<String>) {
        let value = cut(property, value.into());
        if value.trim().is_empty() {
            return;
        }
        let values = self.properties.entry(property).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }

    /// Adds values that are different from each other and sorted, or too short to be cut: a long list is not searched
    /// for each of its values.
    fn add_all(&mut self, property: &'static str, values: impl IntoIterator<Item = String>) {
        let values = values.into_iter().map(|value| cut(property, value)).filter(|value| !value.trim().is_empty());
        let mut values: Vec<String> = values.collect();
        values.dedup();
        if !values.is_empty() {
            self.properties.insert(property, values);
        }
    }
}

/// As many characters of a value as the model takes for the type of its property (`max_length` of its types).
fn cut(property: &str, mut value: String) -> String {
    let longest = match property {
        "bodyText" | "notes" | "summary" => 65_000,
        "name" | "alias" | "peopleMentioned" | "companiesMentioned" => 384,
        "full" | "locationMentioned" => 250,
        "leiCode" | "vatCode" | "iban" | "ibanMentioned" | "publicKey" => 64,
        _ => 1_024,
    };
    if let Some((end, _)) = value.char_indices().nth(longest) {
        value.truncate(end);
    }
    value
}

pub(super) struct Ftm<'a> {
    out: &'a mut (dyn Write + Send),
    line: String,
    /// A few bytes for each entity: what relations may lead to.
    schemas: BTreeMap<EntityId, Schema>,
    document: Option<Open>,
}

/// The document whose mentions are coming by.
struct Open {
    line: Line,
    /// Chunk by chunk, as a value has a longest length in the model; each once, as values are a set there.
    body: Vec<String>,
    bodies: BTreeSet<Digest>,
    emails: BTreeSet<String>,
    phones: BTreeSet<String>,
    ibans: BTreeSet<String>,
    people: BTreeSet<String>,
    companies: BTreeSet<String>,
    places: BTreeSet<String>,
    /// Of each person and organisation the first mention and all forms.
    named: BTreeMap<EntityId, (MentionId, BTreeSet<String>)>,
}

impl<'a> Ftm<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, line: String::new(), schemas: BTreeMap::new(), document: None }
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        self.line.clear();
        literal::json(&serde_json::to_string(line)?, &mut self.line);
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())
    }

    fn entity(&mut self, entity: &Entity) -> io::Result<()> {
        let Some(schema) = schema_of(entity) else { return Ok(()) };
        self.schemas.insert(entity.id, schema);
        let mut line = Line::new(entity.id.0, schema.as_str());
        line.add("name", entity.name.as_str());
        line.add_all("alias", entity.aliases.iter().cloned());
        match schema {
            Schema::Address => line.add("full", entity.name.as_str()),
            Schema::UserAccount => line.add("username", entity.name.as_str()),
            _ => {}
        }
        for Identifier { scheme, value } in &entity.identifiers {
            let named = schema.is_legal_entity();
            let property = match (scheme.as_str(), schema) {
                ("email", _) if (named || schema == Schema::UserAccount) && is_email(value) => "email",
                ("phone", _) if named && is_phone(value) => "phone",
                ("lei", Schema::Organization | Schema::Company) => "leiCode",
                ("vat", Schema::Organization | Schema::Company) => "vatCode",
                ("iban", Schema::BankAccount) => "iban",
                (_, Schema::CryptoWallet) => "publicKey",
                _ => continue,
            };
            line.add(property, value.as_str());
        }
        self.write(&line)
    }

    fn mention(&mut self, row: &MentionRow) {
        let Some(open) = &mut self.document else { return };
        let m = &row.mention;
        match m.kind {
            MentionType::Email if is_email(&m.normal) => _ = open.emails.insert(m.normal.clone()),
            MentionType::Phone if is_phone(&m.normal) => _ = open.phones.insert(m.normal.clone()),
            MentionType::Identifier => {
                open.ibans.extend(m.identifiers.iter().filter(|i| i.scheme == "iban").map(|i| i.value.clone()));
            }
            MentionType::Person => _ = open.people.insert(m.name.clone()),
            MentionType::Org => _ = open.companies.insert(m.name.clone()),
            MentionType::Location => _ = open.places.insert(m.name.clone()),
            _ => {}
        }
        let Some(entity) = row.entity.filter(|e| self.schemas.get(e).is_some_and(|s| s.is_legal_entity())) else {
            return;
        };
        open.named.entry(entity).or_insert_with(|| (m.id, BTreeSet::new())).1.insert(m.name.clone());
    }

    fn document_end(&mut self) -> io::Result<()> {
        let Some(open) = self.document.take() else { return Ok(()) };
        let Open { mut line, body, bodies: _, emails, phones, ibans, people, companies, places, named } = open;
        line.add_all("bodyText", body);
        line.add_all("emailMentioned", emails);
        line.add_all("phoneMentioned", phones);
        line.add_all("ibanMentioned", ibans);
        line.add_all("peopleMentioned", people);
        line.add_all("companiesMentioned", companies);
        line.add_all("locationMentioned", places);
        self.write(&line)?;
        let document = line.id.to_string();
        for (entity, (first, forms)) in named {
            let Some(schema) = self.schemas.get(&entity) else { continue };
            let mut line = Line::new(first.0, "Mention");
            line.add("document", document.as_str());
            line.add("resolved", entity.to_string());
            line.add("detectedSchema", schema.as_str());
            line.add_all("name", forms);
            self.write(&line)?;
        }
        Ok(())
    }
}

/// Whether the model takes it for an address: its domain has to have a point, which one inside of a house may lack.
fn is_email(address: &str) -> bool {
    address.split_once('@').is_some_and(|(_, domain)| domain.contains('.') && !domain.contains('@'))
}

/// Whether the model takes it for a number: one with its country and without an extension.
fn is_phone(number: &str) -> bool {
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number.strip_prefix('+').is_some_and(is_digits)
}

/// The schema of a document, by its kind.
fn document_schema(media_type: Option<MediaType>) -> &'static str {
    use OtherType as O;
    match media_type {
        None => "Document",
        Some(MediaType::Text | MediaType::Markdown) => "PlainText",
        Some(MediaType::Csv) => "Table",
        Some(MediaType::Html) => "HyperText",
        Some(MediaType::Mail) => "Email",
        Some(MediaType::Pdf | MediaType::Docx) => "Pages",
        Some(MediaType::Other(other)) => match other {
            O::Jpeg | O::Png | O::Tiff | O::Gif | O::Bmp | O::Webp | O::Heic => "Image",
            O::Wav | O::Mp3 | O::M4a | O::Flac | O::Ogg => "Audio",
            O::Video => "Video",
            O::Zip | O::Tar | O::Gzip | O::SevenZip => "Package",
            O::Xls | O::Xlsx | O::Ods => "Workbook",
            O::Doc | O::Odt | O::Rtf | O::Ppt | O::Pptx | O::Odp | O::Epub => "Pages",
            O::Msg => "Email",
            O::Mbox => "Package",
            O::Unknown | O::Xml | O::Json | O::Ole | O::Executable => "Document",
        },
    }
}

/// Schemata that are folders too.
const FOLDERS: [&str; 3] = ["Email", "Package", "Workbook"];

fn open(row: &DocumentRow, parents: &[(DocumentId, MediaType)]) -> Open {
    let mut line = Line::new(row.id.0, document_schema(row.media_type));
    let name = if row.name().trim().is_empty() { row.id.to_string() } else { row.name().to_owned() };
    line.add("fileName", name);
    // `contentHash` takes SHA-1 alone.
    line.add("notes", format!("sha256 {}", row.sha256));
    line.add("fileSize", row.bytes.to_string());
    // The type of what has none is none in this model.
    let known = row.media_type.filter(|m| *m != MediaType::Other(OtherType::Unknown));
    line.add("mimeType", known.map_or("", |m| m.mime()));
    line.add("language", row.language.as_ref().and_then(|l| language::three_letters(l.as_str())).unwrap_or_default());
    line.add("keywords", row.category.as_str());
    line.add("processingStatus", row.state.as_str());
    // In the model only a folder has members; a PDF with attachments is none.
    let folders = parents.iter().filter(|(_, media_type)| FOLDERS.contains(&document_schema(Some(*media_type))));
    line.add_all("parent", folders.map(|(parent, _)| parent.to_string()));
    Open {
        line,
        body: Vec::new(),
        bodies: BTreeSet::new(),
        emails: BTreeSet::new(),
        phones: BTreeSet::new(),
        ibans: BTreeSet::new(),
        people: BTreeSet::new(),
        companies: BTreeSet::new(),
        places: BTreeSet::new(),
        named: BTreeMap::new(),
    }
}

impl Sink for Ftm<'_> {
    fn take(&mut self, item: &Item<'_>) -> io::Result<()> {
        match *item {
            Item::Entity(row) => self.entity(&row.entity)?,
            Item::Project(_) => {}
            Item::Document { row, parents, .. } => self.document = Some(open(row, parents)),
            Item::Chunk { text, .. } => {
                if let (Some(open), Some(text)) = (&mut self.document, text)
                    && open.bodies.insert(Digest::of(text.as_bytes()))
                {
                    open.body.push(text.to_owned());
                }
            }
            Item::Mention { row, .. } => self.mention(row),
            Item::DocumentEnd => self.document_end()?,
            Item::Relation(relation) => {
                let ends = (self.schemas.get(&relation.from), self.schemas.get(&relation.to));
                if let (Some(from), Some(to)) = ends {
                    self.write(&edge::relation(relation, *from, *to))?;
                }
            }
            Item::Possible(row) => {
                if self.schemas.contains_key(&row.a) && self.schemas.contains_key(&row.b) {
                    self.write(&edge::similar(row))?;
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
