//! The writer: knows which elements are open and puts the text into blocks.

use docmill_model::{BlockKind, Warning};

use super::element::{Attributes, Name, Role, is_void};
use super::is_worth_showing;
use super::table::{MAX_CELL, Table};
use crate::Options;
use crate::draft::{Draft, Gap};

struct Open {
    name: Name,
    role: Role,
    /// It or an element around it is not shown.
    hidden: bool,
}

struct List {
    number: u32,
    item: u32,
    /// Blocks of the open item.
    blocks: u32,
}

/// A link whose end has not come.
struct Link {
    target: String,
    /// Where its text begins in the line.
    from: usize,
}

/// How many blocks of each sort there were, for their paths.
#[derive(Default)]
struct Counts {
    headings: u32,
    paragraphs: u32,
    lists: u32,
    tables: u32,
    codes: u32,
    captions: u32,
    headers: u32,
    footers: u32,
}

pub(super) struct Writer<'d> {
    draft: &'d mut Draft,
    prefix: &'d str,
    options: &'d Options,
    xml: bool,
    open: Vec<Open>,
    /// How many elements of each role are open.
    roles: [u32; Role::COUNT],
    /// Elements that are open and deeper than the limit.
    beyond: u64,
    deep: bool,
    lists: Vec<List>,
    tables: Vec<Table>,
    link: Option<Link>,
    has_title: bool,
    counts: Counts,
    /// The text of the block being read, and its length.
    line: String,
    chars: u32,
    /// White space was read that is not written yet.
    space: bool,
    /// The reader is in a program or style that lies deeper than the limit.
    skips: bool,
}

impl<'d> Writer<'d> {
    pub(super) fn new(draft: &'d mut Draft, prefix: &'d str, options: &'d Options, xml: bool) -> Self {
        Self {
            draft,
            prefix,
            options,
            xml,
            open: Vec::new(),
            roles: [0; Role::COUNT],
            beyond: 0,
            deep: false,
            lists: Vec::new(),
            tables: Vec::new(),
            link: None,
            has_title: false,
            counts: Counts::default(),
            line: String::new(),
            chars: 0,
            space: false,
            skips: false,
        }
    }

    pub(super) fn finish(mut self) -> Option<Warning> {
        self.flush();
        self.deep.then(|| super::too_deep(self.options))
    }

    /// Whether no more text is wanted.
    pub(super) fn is_full(&self) -> bool {
        self.draft.room() == 0 || self.chars > self.draft.room()
    }

    /// Whether XML's rules hold where the reader stands: a tag may close itself, CDATA is text.
    pub(super) fn is_xml(&self) -> bool {
        self.xml || self.is_in(Role::Foreign)
    }

    fn is_in(&self, role: Role) -> bool {
        self.roles[role as usize] > 0
    }

    fn is_hidden(&self) -> bool {
        self.skips || self.open.last().is_some_and(|o| o.hidden)
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.is_hidden() {
            return;
        }
        if self.is_in(Role::Preformatted) && !self.is_in_plain_cell() {
            self.write_space();
            self.line.push_str(text);
            self.chars += text.chars().count() as u32;
            return;
        }
        for (index, word) in text.split([' ', '\t', '\n', '\r', '\u{c}']).enumerate() {
            self.space |= index > 0;
            if !word.is_empty() {
                self.write_space();
                self.line.push_str(word);
                self.chars += word.chars().count() as u32;
            }
        }
    }

    fn write_space(&mut self) {
        if std::mem::take(&mut self.space) && !self.line.is_empty() && !self.line.ends_with('\n') {
            self.line.push(' ');
            self.chars += 1;
        }
    }

    /// A start tag. Gives whether the element is open then, so that its content follows.
    pub(super) fn start(&mut self, name: &[u8], attributes: &Attributes, closes_itself: bool) -> bool {
        let role = Role::of(name);
        self.close_implied(name, role);
        if is_void(name) {
            self.write_void(name, attributes);
            return false;
        }
        let shown_dialog = name != b"dialog" || attributes.open;
        let extra_title =
            role == Role::Title && (self.has_title || self.is_in(Role::Foreign) || !self.draft.is_empty());
        let hidden = self.is_hidden() || role == Role::Hidden || attributes.hides() || !shown_dialog || extra_title;
        if !hidden && role.is_apart() {
            self.separate(role);
        }
        if matches!(name, b"option" | b"optgroup") {
            // They end where the next one begins, and a list of them may be long.
            return true;
        }
        if closes_itself && (self.is_xml() || role == Role::Foreign) {
            if role == Role::Cell {
                self.tables.last_mut().into_iter().for_each(Table::start_cell);
            }
            return false;
        }
        if self.open.len() >= self.options.max_depth as usize {
            self.beyond += 1;
            self.deep = true;
            self.skips |= role == Role::Hidden;
            return true;
        }
        self.open.push(Open { name: Name::new(name), role, hidden });
        self.roles[role as usize] += 1;
        match role {
            Role::List => {
                self.counts.lists += 1;
                self.lists.push(List { number: self.counts.lists, item: 0, blocks: 0 });
            }
            Role::Item if !hidden => {
                if let Some(list) = self.lists.last_mut() {
                    list.item += 1;
                    list.blocks = 0;
                }
            }
            Role::Table => {
                self.counts.tables += 1;
                self.tables.push(Table::new(self.counts.tables));
            }
            Role::Row => self.tables.last_mut().into_iter().for_each(Table::start_row),
            Role::Cell => self.tables.last_mut().into_iter().for_each(Table::start_cell),
            Role::Title if !hidden => self.has_title = true,
            Role::Anchor if !hidden => {
                let target = attributes.href.as_deref().unwrap_or("").trim();
                self.link = Some(Link { target: target.to_owned(), from: self.line.len() });
            }
            _ => {}
        }
        true
    }

    pub(super) fn end(&mut self, name: &[u8]) {
        let role = Role::of(name);
        if is_void(name) {
            // `</br>` is read as `<br>`.
            if name == b"br" {
                self.write_void(name, &Attributes::default());
            }
            return;
        }
        if matches!(name, b"option" | b"optgroup") {
            if !self.is_hidden() {
                self.separate(role);
            }
            return;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            self.skips = false;
            if role.is_apart() && !self.is_hidden() {
                self.separate(role);
            }
            return;
        }
        let wanted = Name::new(name);
        let same = |o: &Open| o.name == wanted || (role == Role::Heading && o.role == Role::Heading);
        let Some(at) = self.find(same, |o| is_wall(o.role, role)) else {
            // An end without a beginning still parts what is around it.
            if role.is_apart() && !self.is_hidden() {
                self.separate(role);
            }
            return;
        };
        if role.is_apart() || self.open[at].hidden || self.open[at + 1..].iter().all(|o| !o.role.is_apart()) {
            self.close_to(at);
        } else {
            // `<b><p></b>`: the paragraph stays open.
            self.close_link_of(role);
            self.open.remove(at);
            self.roles[role as usize] -= 1;
        }
    }

    /// Closes what the standard closes without an end tag when this element begins.
    fn close_implied(&mut self, name: &[u8], role: Role) {
        if matches!(name, b"rt" | b"rp")
            && let Some(last) = self.open.last()
            && matches!(last.name.as_bytes(), b"rt" | b"rp")
        {
            self.close_to(self.open.len() - 1);
        }
        let (closed, wall): (&[Role], &[Role]) = match role {
            Role::Item => (&[Role::Item], &[Role::List, Role::Cell]),
            Role::Cell => (&[Role::Cell], &[Role::Table]),
            Role::Row => (&[Role::Row], &[Role::Table]),
            Role::Section => (&[Role::Section, Role::Row], &[Role::Table]),
            Role::Anchor => (&[Role::Anchor], &[Role::Cell]),
            Role::Heading => (&[Role::Heading, Role::Paragraph], &[Role::Cell]),
            _ if role.is_apart() && name != b"button" || name == b"hr" => (&[Role::Paragraph], &[Role::Cell]),
            _ => return,
        };
        for &role in closed {
            if self.is_in(role)
                && let Some(at) = self.find(|o| o.role == role, |o| wall.contains(&o.role))
            {
                self.close_to(at);
            }
        }
        if role == Role::Item && self.is_in(Role::Paragraph) {
            self.close_implied(b"div", Role::Block);
        }
    }

    /// The innermost open element that is wanted and has no wall inside it.
    fn find(&self, wanted: impl Fn(&Open) -> bool, wall: impl Fn(&Open) -> bool) -> Option<usize> {
        for (at, open) in self.open.iter().enumerate().rev() {
            if wanted(open) {
                return Some(at);
            }
            if wall(open) {
                return None;
            }
        }
        None
    }

    /// Closes the element at this place and all inside it.
    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            // Flushed while it is still open, since it tells what kind of block its text is.
            let Some(&Open { role, hidden, .. }) = self.open.last() else { return };
            self.close_link_of(role);
            if role.is_apart() && !hidden {
                if role == Role::Cell { self.flush() } else { self.separate(role) }
            }
            self.open.pop();
            self.roles[role as usize] -= 1;
            match role {
                Role::List => drop(self.lists.pop()),
                Role::Table => drop(self.tables.pop()),
                _ => {}
            }
        }
    }

    fn close_link_of(&mut self, role: Role) {
        if role == Role::Anchor {
            self.write_target();
            self.link = None;
        }
    }

    /// Writes the target of the open link behind its text, once.
    fn write_target(&mut self) {
        let Some(link) = &mut self.link else { return };
        let text = self.line.get(link.from..).unwrap_or("");
        if is_worth_showing(text, &link.target) {
            let target = format!(" <{}>", std::mem::take(&mut link.target));
            self.line.push_str(&target);
            self.chars += target.chars().count() as u32;
        }
    }

    fn write_void(&mut self, name: &[u8], attributes: &Attributes) {
        if self.is_hidden() || attributes.hides() {
            return;
        }
        match name {
            b"br" if self.is_in_plain_cell() => self.space = true,
            b"br" => {
                self.space = false;
                self.line.push('\n');
                self.chars += 1;
            }
            b"hr" => self.separate(Role::Block),
            b"img" | b"image" => {
                if let Some(alt) = attributes.alt.as_deref().filter(|alt| !alt.trim().is_empty()) {
                    self.space = true;
                    self.text(alt);
                    self.space = true;
                }
            }
            _ => {}
        }
    }

    /// Whether text goes into one cell of a table, on one line.
    fn is_in_plain_cell(&self) -> bool {
        self.is_in(Role::Cell) && self.deciding_role() == Role::Cell
    }

    /// The role of the innermost element that decides on the kind of block.
    fn deciding_role(&self) -> Role {
        let roles = self.open.iter().rev().map(|o| o.role).take_while(|&role| role != Role::Table);
        let mut deciding = roles.filter(|&role| match role {
            Role::Cell => self.tables.last().is_some_and(|t| !t.layout),
            Role::Item => !self.lists.is_empty(),
            role => kind_of(role).is_some(),
        });
        deciding.next().unwrap_or(Role::Block)
    }

    /// Ends what is being read, since something apart from it begins or ended.
    fn separate(&mut self, role: Role) {
        if !self.is_in_plain_cell() {
            return self.flush();
        }
        let long = self.line.len() > MAX_CELL && matches!(role, Role::Paragraph | Role::Block);
        if role.is_structure() || long {
            self.tables.last_mut().into_iter().for_each(|t| t.layout = true);
            self.flush();
        } else {
            self.space = true;
        }
    }

    /// Writes the block that was read.
    fn flush(&mut self) {
        self.write_target();
        if let Some(link) = &mut self.link {
            link.from = 0;
        }
        let line = std::mem::take(&mut self.line);
        (self.chars, self.space) = (0, false);
        if line.trim().is_empty() {
            return;
        }
        let (kind, path, gap) = self.place();
        if kind != BlockKind::Cell {
            self.tables.iter_mut().for_each(Table::interrupt);
        }
        self.draft.push(gap, kind, format!("{}{path}", self.prefix), &line);
        // The room of the line is used again.
        self.line = line;
        self.line.clear();
    }

    /// Kind and path of the block, and what stands before it.
    fn place(&mut self) -> (BlockKind, String, Gap) {
        let role = self.deciding_role();
        let counts = &mut self.counts;
        let (count, word) = match role {
            Role::Title => return (BlockKind::Heading, "title".into(), Gap::Blank),
            Role::Heading => (&mut counts.headings, "h"),
            Role::Preformatted => (&mut counts.codes, "code"),
            Role::Caption => (&mut counts.captions, "caption"),
            Role::Header => (&mut counts.headers, "header"),
            Role::Footer => (&mut counts.footers, "footer"),
            Role::Item => {
                if let Some(list) = self.lists.last_mut() {
                    list.blocks += 1;
                    let more = if list.blocks > 1 { format!("/p{}", list.blocks) } else { String::new() };
                    return (BlockKind::ListItem, format!("list{}/i{}{more}", list.number, list.item), Gap::Blank);
                }
                (&mut counts.paragraphs, "p")
            }
            Role::Cell => {
                if let Some(table) = self.tables.last_mut() {
                    let gap = table.write();
                    return (BlockKind::Cell, table.path(), gap);
                }
                (&mut counts.paragraphs, "p")
            }
            _ => (&mut counts.paragraphs, "p"),
        };
        *count += 1;
        (kind_of(role).unwrap_or(BlockKind::Paragraph), format!("{word}{count}"), Gap::Blank)
    }
}

/// The kind of block that an element makes of the text in it.
fn kind_of(role: Role) -> Option<BlockKind> {
    Some(match role {
        Role::Title | Role::Heading => BlockKind::Heading,
        Role::Preformatted => BlockKind::Code,
        Role::Item => BlockKind::ListItem,
        Role::Cell => BlockKind::Cell,
        Role::Caption => BlockKind::Caption,
        Role::Header => BlockKind::Header,
        Role::Footer => BlockKind::Footer,
        _ => return None,
    })
}

/// Whether an end tag of role `end` does not reach past an open element.
fn is_wall(open: Role, end: Role) -> bool {
    let of_table = matches!(end, Role::Table | Role::Section | Role::Row | Role::Cell);
    match open {
        Role::Cell | Role::Caption => !of_table,
        Role::Table => end != Role::Table,
        Role::List => end == Role::Item,
        _ => false,
    }
}
