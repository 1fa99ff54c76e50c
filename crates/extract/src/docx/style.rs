//! What the styles of a document say of a paragraph's place in its structure.

use std::collections::BTreeMap;

use docmill_model::BlockKind;

use super::xml::{Element, Enter, Visitor};

/// How far a style is followed to the one it is based on. Word allows fewer; a longer chain is a circle.
const MAX_CHAIN: usize = 32;

/// Outline levels 0 to 8 are headings, 9 is body text (ECMA-376 part 1, 17.3.1.20).
const BODY_LEVEL: u32 = 9;

/// What a paragraph or a style says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties {
    pub outline_level: Option<u32>,
    /// The list it belongs to; 0 takes it out of the list of its style.
    pub list: Option<u32>,
}

impl Properties {
    /// Takes note of a property element; others are no concern.
    pub(super) fn read(&mut self, element: &Element<'_>) {
        let value = || element.attribute("val").and_then(|v| v.trim().parse().ok());
        match element.name() {
            "outlineLvl" => self.outline_level = value(),
            "numId" => self.list = value(),
            _ => {}
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Style {
    name: String,
    base: Option<String>,
    properties: Properties,
}

/// The styles of a document by their id.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_id: BTreeMap<String, Style>,
    /// Id of the style being read.
    open: Option<(String, Style)>,
    depth: u32,
    max: usize,
}

impl Styles {
    /// Keeps at most `max` styles.
    pub(super) fn new(max: u32) -> Self {
        Self { max: max as usize, ..Self::default() }
    }

    /// What a paragraph is by its own properties and those of its style.
    pub(super) fn kind(&self, style: Option<&str>, own: Properties) -> BlockKind {
        let mut properties = own;
        let mut is_caption = false;
        let mut is_heading = false;
        let mut next = style;
        // The nearest style that is not a mere variation of another names it.
        for _ in 0..MAX_CHAIN {
            let Some(id) = next else { break };
            let found = self.by_id.get(id);
            let name = found.map_or(id, |s| &s.name).to_ascii_lowercase();
            is_heading |= is_heading_name(&name);
            is_caption |= name == "caption";
            let Some(found) = found else { break };
            properties.outline_level = properties.outline_level.or(found.properties.outline_level);
            properties.list = properties.list.or(found.properties.list);
            next = found.base.as_deref();
        }
        let is_heading = properties.outline_level.map_or(is_heading, |level| level < BODY_LEVEL);
        if is_heading {
            BlockKind::Heading
        } else if is_caption {
            BlockKind::Caption
        } else if properties.list.is_some_and(|list| list > 0) {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        }
    }
}

/// Whether a style is one of the built-in headings: these have English names in every language of the program,
/// and ids without the space.
fn is_heading_name(name: &str) -> bool {
    let level = name.strip_prefix("heading").map(str::trim_start);
    level.is_some_and(|l| l.len() == 1 && l.as_bytes()[0].is_ascii_digit()) || matches!(name, "title" | "subtitle")
}

impl Visitor for Styles {
    fn open(&mut self, element: &Element<'_>) -> Enter {
        match (element.name(), &mut self.open) {
            ("style", None) if element.attribute("type").is_none_or(|t| t == "paragraph") => {
                let id = element.attribute("styleId").unwrap_or_default().into_owned();
                self.open = Some((id, Style::default()));
                self.depth = 0;
            }
            ("pPrChange" | "rPr" | "tblStylePr", _) => return Enter::No,
            ("name", Some((_, style))) => style.name = element.attribute("val").unwrap_or_default().into_owned(),
            ("basedOn", Some((_, style))) => style.base = element.attribute("val").map(|v| v.into_owned()),
            (_, Some((_, style))) => style.properties.read(element),
            _ => {}
        }
        self.depth += 1;
        Enter::Yes
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0
            && let Some((id, style)) = self.open.take()
            && self.by_id.len() < self.max
        {
            self.by_id.insert(id, style);
        }
    }

    fn text(&mut self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::super::xml::walk;
    use super::*;

    #[test]
    fn a_paragraph_is_what_it_says_or_what_its_style_says() {
        let xml = r#"<w:styles xmlns:w="x"><w:docDefaults><w:pPrDefault><w:pPr/></w:pPrDefault></w:docDefaults>
            <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
            <w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="berschrift1"/></w:style>
            <w:style w:type="paragraph" w:styleId="Body"><w:name w:val="Body"/><w:basedOn w:val="berschrift1"/>
              <w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
            <w:style w:type="paragraph" w:styleId="Bullet"><w:name w:val="List Bullet"/>
              <w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>
            <w:style w:type="paragraph" w:styleId="Caption"><w:name w:val="caption"/></w:style>
            <w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
            <w:style w:type="character" w:styleId="Char"><w:name w:val="heading 1"/></w:style>
            </w:styles>"#;
        let mut styles = Styles::new(100);
        assert!(!walk(xml.as_bytes(), 256, &mut styles).is_damaged);
        let check = |style: &str, outline_level: Option<u32>, list: Option<u32>, want: BlockKind| {
            let style = Some(style).filter(|s| !s.is_empty());
            assert_eq!(styles.kind(style, Properties { outline_level, list }), want, "{style:?}");
        };
        check("", None, None, BlockKind::Paragraph);
        check("", Some(2), None, BlockKind::Heading);
        check("", None, Some(1), BlockKind::ListItem);
        check("berschrift1", None, None, BlockKind::Heading);
        check("berschrift1", None, Some(1), BlockKind::Heading);
        check("berschrift1", Some(9), None, BlockKind::Paragraph);
        check("Mine", None, None, BlockKind::Heading);
        check("Body", None, None, BlockKind::Paragraph);
        check("Bullet", None, None, BlockKind::ListItem);
        check("Bullet", None, Some(0), BlockKind::Paragraph);
        check("Caption", None, None, BlockKind::Caption);
        check("Loop", None, None, BlockKind::Paragraph);
        check("Char", None, None, BlockKind::Paragraph);
        check("Heading2", None, None, BlockKind::Heading);
        check("Unknown", None, None, BlockKind::Paragraph);
    }
}
