//! A document and where it comes from.

use serde::{Deserialize, Serialize};

use crate::DocumentId;

/// What a file is, by its content. The list is closed: it decides which extractor reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaType {
    Text,
    Markdown,
    Csv,
    Html,
    Mail,
    Pdf,
    Docx,
    /// A kind that is known and not read yet; the MIME type tells which.
    Other(OtherType),
}

/// Kinds that are recognised, named to the user by their MIME type, and not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OtherType {
    /// None of the kinds that are known.
    Unknown,
    Doc,
    Xls,
    Xlsx,
    Ppt,
    Pptx,
    Odt,
    Ods,
    Odp,
    Rtf,
    Epub,
    Msg,
    Mbox,
    Xml,
    Json,
    Zip,
    Tar,
    Gzip,
    SevenZip,
    Jpeg,
    Png,
    Tiff,
    Gif,
    Bmp,
    Webp,
    Heic,
    Wav,
    Mp3,
    M4a,
    Flac,
    Ogg,
    /// Moving pictures of any container, named as the most common one.
    Video,
    /// A compound file that is none of the kinds above.
    Ole,
    Executable,
}

impl MediaType {
    /// The MIME type that stands in the export.
    pub fn mime(self) -> &'static str {
        use OtherType as O;
        match self {
            Self::Text => "text/plain",
            Self::Markdown => "text/markdown",
            Self::Csv => "text/csv",
            Self::Html => "text/html",
            Self::Mail => "message/rfc822",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Other(other) => match other {
                O::Unknown => "application/octet-stream",
                O::Doc => "application/msword",
                O::Xls => "application/vnd.ms-excel",
                O::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                O::Ppt => "application/vnd.ms-powerpoint",
                O::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                O::Odt => "application/vnd.oasis.opendocument.text",
                O::Ods => "application/vnd.oasis.opendocument.spreadsheet",
                O::Odp => "application/vnd.oasis.opendocument.presentation",
                O::Rtf => "application/rtf",
                O::Epub => "application/epub+zip",
                O::Msg => "application/vnd.ms-outlook",
                O::Mbox => "application/mbox",
                O::Xml => "application/xml",
                O::Json => "application/json",
                O::Zip => "application/zip",
                O::Tar => "application/x-tar",
                O::Gzip => "application/gzip",
                O::SevenZip => "application/x-7z-compressed",
                O::Jpeg => "image/jpeg",
                O::Png => "image/png",
                O::Tiff => "image/tiff",
                O::Gif => "image/gif",
                O::Bmp => "image/bmp",
                O::Webp => "image/webp",
                O::Heic => "image/heic",
                O::Wav => "audio/wav",
                O::Mp3 => "audio/mpeg",
                O::M4a => "audio/mp4",
                O::Flac => "audio/flac",
                O::Ogg => "audio/ogg",
                O::Video => "video/mp4",
                O::Ole => "application/x-ole-storage",
                O::Executable => "application/x-executable",
            },
        }
    }
}

/// ISO 639-1, two lower-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Language(pub [u8; 2]);

impl Language {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_lowercase).then_some(Self(bytes))
    }
}

/// The original's list of categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Contract,
    Affidavit,
    Correspondence,
    Exhibit,
    Deposition,
    LegalFiling,
    Financial,
    #[default]
    Document,
}

impl Category {
    pub const ALL: [Self; 8] = [
        Self::Contract,
        Self::Affidavit,
        Self::Correspondence,
        Self::Exhibit,
        Self::Deposition,
        Self::LegalFiling,
        Self::Financial,
        Self::Document,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Affidavit => "affidavit",
            Self::Correspondence => "correspondence",
            Self::Exhibit => "exhibit",
            Self::Deposition => "deposition",
            Self::LegalFiling => "legal_filing",
            Self::Financial => "financial",
            Self::Document => "document",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == word)
    }
}

/// Where bytes come from: a file, or a part of another document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// `absolute` is the path's bytes and stays in the store; `shown` is relative to the root that was given,
    /// with bytes that are not UTF-8 as %XX.
    Path {
        absolute: Vec<u8>,
        shown: String,
    },
    Member {
        parent: DocumentId,
        member: String,
    },
}

/// One place where a document's bytes lie. A document lives while it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    pub document: DocumentId,
    pub origin: Origin,
}

/// What a caller calls a document: of any form, given back as it came, outside the export.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExternalId {
    pub scheme: String,
    pub value: String,
    pub document: DocumentId,
}
