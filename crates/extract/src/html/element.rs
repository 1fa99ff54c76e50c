//! What an element means for the text.

/// The name of an element, cut to a length that every known name has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Name {
    bytes: [u8; 15],
    length: u8,
}

impl Name {
    pub(super) fn new(name: &[u8]) -> Self {
        let length = name.len().min(15);
        let mut bytes = [0; 15];
        bytes[..length].copy_from_slice(&name[..length]);
        Self { bytes, length: length as u8 }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }
}

/// The part that an element plays. The order is of no meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Part of a line: `b`, `span` and all that is not known.
    Inline,
    Anchor,
    /// Stands apart from what is before and behind it.
    Block,
    Paragraph,
    Heading,
    /// Keeps its white space.
    Preformatted,
    List,
    Item,
    Table,
    Section,
    Row,
    Cell,
    Caption,
    Header,
    Footer,
    /// Not shown: programs, styles, what stands in for them, what belongs to a picture or a formula.
    Hidden,
    /// A document's title, or that of a picture.
    Title,
    /// `svg` and `math`, in which XML's rules hold.
    Foreign,
}

impl Role {
    pub(super) const COUNT: usize = Self::Foreign as usize + 1;

    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"a" => Self::Anchor,
            b"p" => Self::Paragraph,
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Self::Heading,
            b"pre" | b"listing" | b"xmp" | b"plaintext" | b"textarea" => Self::Preformatted,
            b"ul" | b"ol" | b"dl" | b"menu" | b"dir" => Self::List,
            b"li" | b"dt" | b"dd" => Self::Item,
            b"table" => Self::Table,
            b"thead" | b"tbody" | b"tfoot" => Self::Section,
            b"tr" => Self::Row,
            b"td" | b"th" => Self::Cell,
            b"caption" | b"figcaption" => Self::Caption,
            b"header" => Self::Header,
            b"footer" => Self::Footer,
            b"title" => Self::Title,
            b"svg" | b"math" => Self::Foreign,
            b"script" | b"style" | b"template" | b"noscript" | b"iframe" | b"noembed" | b"noframes" | b"audio"
            | b"video" | b"canvas" | b"datalist" | b"rp" | b"annotation" | b"annotation-xml" | b"desc"
            | b"metadata" => Self::Hidden,
            b"address" | b"article" | b"aside" | b"blockquote" | b"body" | b"button" | b"center" | b"details"
            | b"dialog" | b"div" | b"fieldset" | b"figure" | b"form" | b"frameset" | b"head" | b"hgroup" | b"html"
            | b"legend" | b"main" | b"nav" | b"optgroup" | b"option" | b"search" | b"section" | b"select"
            | b"summary" => Self::Block,
            _ => Self::Inline,
        }
    }

    /// Whether text before and behind the element is apart from the text in it.
    pub(super) fn is_apart(self) -> bool {
        !matches!(self, Self::Inline | Self::Anchor | Self::Hidden | Self::Foreign)
    }

    /// Whether the element makes the cell it stands in part of a layout and not of a table.
    pub(super) fn is_structure(self) -> bool {
        matches!(self, Self::Heading | Self::Preformatted | Self::List | Self::Table | Self::Header | Self::Footer)
    }
}

/// Elements without content or end tag.
pub(super) fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"basefont"
            | b"bgsound"
            | b"br"
            | b"col"
            | b"command"
            | b"embed"
            | b"frame"
            | b"hr"
            | b"img"
            | b"image"
            | b"input"
            | b"keygen"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

/// The attributes that matter, of the tag being read.
#[derive(Default, Debug)]
pub(super) struct Attributes {
    pub(super) hidden: bool,
    pub(super) open: bool,
    pub(super) style: Option<String>,
    pub(super) href: Option<String>,
    pub(super) alt: Option<String>,
}

impl Attributes {
    /// Whether the element is not shown.
    pub(super) fn hides(&self) -> bool {
        self.hidden || self.style.as_deref().is_some_and(hides)
    }
}

/// Whether a style holds `display: none` or `visibility: hidden`.
fn hides(style: &str) -> bool {
    style.split(';').filter_map(|rule| rule.split_once(':')).any(|(property, value)| {
        let value = value.trim().trim_end_matches("!important").trim_end();
        let is = |p: &str, v: &str| property.trim().eq_ignore_ascii_case(p) && value.eq_ignore_ascii_case(v);
        is("display", "none") || is("visibility", "hidden")
    })
}
