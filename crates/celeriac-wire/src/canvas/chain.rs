//! The steps of a chain, flattened, upgraded and with ids.

use std::collections::VecDeque;

use super::freeze::{Place, Plan};
use super::signature::{Kind, Signature, as_list};
use super::{Error, MAX_NESTING};
use crate::{Map, Value};

/// The tasks of a chain that is ready to be sent, last one first, and their results.
pub(crate) struct Prepared {
    pub tasks: Vec<Signature>,
    pub results: Vec<usize>,
}

/// What a chain is run with.
#[derive(Default)]
pub(crate) struct Call<'c> {
    pub args: &'c [Value],
    pub kwargs: Option<&'c Map>,
    pub errbacks: Vec<Value>,
    /// Where the last task is to stand.
    pub place: Place<'c>,
}

/// A task on its way through the preparation, and where in the chain it comes from: the way to it, and to the body,
/// to the body's body and so on if it became a chord. An execution copy has no such ways.
struct Piece {
    sig: Signature,
    path: Option<Vec<usize>>,
    bodies: Vec<Option<Vec<usize>>>,
}

impl Piece {
    fn member(&self, index: usize, sig: Signature) -> Self {
        let path = self.path.as_ref().map(|path| [path.as_slice(), &[index]].concat());
        Self { sig, path, bodies: Vec::new() }
    }

    /// The only task of a group of one.
    fn unrolled(self) -> Self {
        match &self.sig.kind {
            Kind::Group(tasks) if tasks.len() == 1 => self.member(0, tasks[0].clone()),
            _ => self,
        }
    }

    fn members(&self) -> Vec<Self> {
        let (Kind::Chain(tasks) | Kind::Group(tasks)) = &self.sig.kind else { return Vec::new() };
        tasks.iter().enumerate().map(|(index, task)| self.member(index, task.clone())).collect()
    }
}

/// Gives ids to the tasks of a chain, in place. The result is that of its last task.
pub(crate) fn freeze(plan: &mut Plan<'_>, sig: &mut Signature, place: Place<'_>) -> Result<usize, Error> {
    let Kind::Chain(tasks) = &mut sig.kind else { return Err(Error::EmptyChain) };
    let pieces =
        tasks.iter().enumerate().map(|(at, task)| Piece { sig: task.clone(), path: Some(vec![at]), bodies: vec![] });
    let call = Call { args: &sig.args, place, ..Call::default() };
    let (pieces, results) = prepare(plan, pieces.collect(), &call, false)?;
    for piece in pieces {
        if let Some(path) = &piece.path {
            put(tasks, path, &piece.sig);
        }
        let mut sig = &piece.sig;
        for path in &piece.bodies {
            let Ok(body) = sig.body() else { break };
            if let Some(path) = path {
                put(tasks, path, body);
            }
            sig = body;
        }
    }
    let first = *results.first().ok_or(Error::EmptyChain)?;
    sig.options.insert("task_id".to_owned(), plan.results.id(first).into());
    Ok(first)
}

fn put(tasks: &mut [Signature], path: &[usize], sig: &Signature) {
    let Some((at, rest)) = path.split_first() else { return };
    let Some(task) = tasks.get_mut(*at) else { return };
    match &mut task.kind {
        _ if rest.is_empty() => *task = sig.clone(),
        Kind::Chain(tasks) | Kind::Group(tasks) => put(tasks, rest, sig),
        Kind::Task | Kind::Chord(_) => {}
    }
}

/// The tasks of a chain as they are to be sent; the signature itself stays as it is.
pub(crate) fn prepared(plan: &mut Plan<'_>, tasks: &[Signature], call: &Call<'_>) -> Result<Prepared, Error> {
    let pieces = tasks.iter().map(|task| Piece { sig: task.clone(), path: None, bodies: Vec::new() });
    let (pieces, results) = prepare(plan, pieces.collect(), call, true)?;
    let mut tasks: Vec<Signature> = pieces.into_iter().map(|piece| piece.sig).collect();
    tasks.iter_mut().for_each(strip_header_links);
    Ok(Prepared { tasks, results })
}

/// Makes sure that what stands first is a task that takes the arguments of the chain: chains within are spliced, and
/// groups without tasks left out as long as something follows.
fn normalise_head(steps: &mut VecDeque<Piece>, copying: bool) {
    let mut stripped = None;
    while let Some(head) = steps.pop_front() {
        if matches!(head.sig.kind, Kind::Chain(_)) {
            let head = if copying { Piece { sig: head.sig.cloned(), ..head } } else { head };
            head.members().into_iter().rev().for_each(|task| steps.push_front(task));
            continue;
        }
        let head = head.unrolled();
        if head.sig.is_empty_group() && !steps.is_empty() {
            stripped = Some(head);
            continue;
        }
        steps.push_front(head);
        break;
    }
    if steps.is_empty() {
        steps.extend(stripped);
    }
}

/// Goes through the steps from the last to the first.
fn prepare(
    plan: &mut Plan<'_>,
    mut steps: VecDeque<Piece>,
    call: &Call<'_>,
    copying: bool,
) -> Result<(Vec<Piece>, Vec<usize>), Error> {
    normalise_head(&mut steps, copying);
    let (mut done, mut results): (Vec<Piece>, Vec<usize>) = (Vec::new(), Vec::new());
    // The result that waits for the one before it, while there is a task behind the present one.
    let mut open: Option<usize> = None;
    let mut first_round = true;
    while let Some(piece) = steps.pop_back() {
        let (is_first, is_last) = (steps.is_empty(), first_round);
        let mut piece = piece.unrolled();
        if piece.sig.is_empty_group() && !(steps.is_empty() && done.is_empty()) {
            continue;
        }
        if copying && let Some(unrolled) = unroll_body(&piece.sig) {
            steps.extend(unrolled.into_iter().map(|sig| Piece { sig, path: None, bodies: Vec::new() }));
            continue;
        }
        match (copying, is_first) {
            (true, true) => {
                piece.sig = piece.sig.cloned_with(call.args, call.kwargs.unwrap_or(&Map::new()), &Map::new());
            }
            (true, false) => piece.sig = piece.sig.cloned(),
            (false, true) => piece.sig.args.splice(0..0, call.args.iter().cloned()).for_each(drop),
            (false, false) => {}
        }
        if matches!(piece.sig.kind, Kind::Chain(_)) {
            steps.extend(piece.members());
            continue;
        }
        if piece.sig.is_group()
            && let (Some(body), Some(body_result)) = (done.pop(), results.pop())
        {
            // The rest of the chain waits for the body; from now on it waits for the chord.
            let mut waits = results.last().copied();
            while let Some(node) = waits
                && plan.results.parent(node) != Some(body_result)
            {
                waits = plan.results.parent(node);
            }
            let before = open;
            if let Some(node) = waits {
                plan.results.set_parent(node, None);
                open = Some(node);
            }
            piece = upgrade(plan, piece, body, before, call.place.root_id);
            if piece.bodies.len() > MAX_NESTING {
                return Err(Error::Nesting);
            }
            if done.is_empty() {
                open = None;
            }
        }
        let root_id = call.place.root_id;
        let place =
            if is_last { Place { parent_id: None, ..call.place } } else { Place { root_id, ..Place::default() } };
        let result = plan.freeze(&mut piece.sig, place)?;
        first_round = false;
        if let Some(waits) = open
            && plan.results.parent(waits).is_none()
        {
            plan.results.set_parent(waits, Some(result));
        }
        for errback in &call.errbacks {
            let on_header = plan.sender.errbacks_on_header;
            piece.sig.add_errback(errback, on_header);
            if let Kind::Chord(chord) = &mut piece.sig.kind {
                chord.body.iter_mut().for_each(|body| body.add_errback(errback, on_header));
            }
        }
        // What comes before a chord comes before its header.
        let is_chord = matches!(piece.sig.kind, Kind::Chord(_));
        open = Some(if is_chord { plan.results.first(result) } else { result });
        done.push(piece);
        results.push(result);
    }
    Ok((done, results))
}

/// A group that is followed by a task becomes a chord with that task as its body.
fn upgrade(plan: &Plan<'_>, header: Piece, body: Piece, waits: Option<usize>, root_id: Option<&str>) -> Piece {
    let mut options = Map::new();
    // A group's result has no task id.
    if let Some(task) = waits.filter(|node| plan.results.children(*node).is_none()) {
        options.insert("task_id".to_owned(), plan.results.id(task).into());
    }
    options.insert("root_id".to_owned(), root_id.into());
    let Kind::Group(tasks) = header.sig.kind else { return body };
    let mut bodies = vec![if body.bodies.is_empty() { body.path } else { None }];
    bodies.extend(body.bodies);
    Piece { sig: Signature::of_chord(tasks, Some(body.sig), options), path: None, bodies }
}

/// Options of a chain that stay with it; its other ones go to its first task.
const CHAIN_OPTIONS: [&str; 8] =
    ["chord", "group_id", "group_index", "link", "link_error", "parent_id", "root_id", "task_id"];

/// A chord whose body is a chain that begins with a task, as a chord with that task for a body and the rest of the
/// chain behind it: each task of the header carries the body, and should not carry the rest.
fn unroll_body(sig: &Signature) -> Option<Vec<Signature>> {
    let Kind::Chord(chord) = &sig.kind else { return None };
    let Kind::Chain(tasks) = &chord.body.as_ref()?.kind else { return None };
    if tasks.first().is_none_or(Signature::is_group) {
        return None;
    }
    let mut sig = sig.cloned();
    let Kind::Chord(chord) = &mut sig.kind else { return None };
    let body = chord.body.take()?;
    let mut options = body.options.clone();
    options.retain(|name, _| !CHAIN_OPTIONS.contains(&name.as_str()));
    let mut tasks = body.unchained();
    chord.body = Some(tasks.remove(0).cloned_with(&[], &Map::new(), &options));
    tasks.insert(0, sig);
    Some(tasks)
}

/// Splits the bodies of chords in a chain that is about to be sent, in place.
pub(crate) fn unroll_chords(sig: &mut Signature) {
    let Kind::Chain(tasks) = &mut sig.kind else { return };
    let mut waiting: VecDeque<Signature> = std::mem::take(tasks).into();
    while let Some(mut task) = waiting.pop_front() {
        unroll_chords(&mut task);
        match unroll_body(&task) {
            Some(steps) => steps.into_iter().rev().for_each(|step| waiting.push_front(step)),
            None => tasks.push(task),
        }
    }
}

/// Takes from the headers of chords the body that each task of them would carry a second time.
pub(crate) fn strip_header_links(sig: &mut Signature) {
    match &mut sig.kind {
        Kind::Task => {}
        Kind::Chain(tasks) | Kind::Group(tasks) => tasks.iter_mut().for_each(strip_header_links),
        Kind::Chord(chord) => {
            if let Some(options) = &mut chord.header_options {
                options.shift_remove("chord");
            }
            for task in &mut chord.header {
                clear_chord(task);
                strip_header_links(task);
            }
            chord.body.iter_mut().for_each(strip_header_links);
        }
    }
}

fn clear_chord(sig: &mut Signature) {
    sig.options.shift_remove("chord");
    match &mut sig.kind {
        Kind::Task => {}
        Kind::Group(tasks) => tasks.iter_mut().for_each(clear_chord),
        Kind::Chain(tasks) => tasks.last_mut().into_iter().for_each(clear_chord),
        Kind::Chord(chord) => chord.body.iter_mut().for_each(clear_chord),
    }
}

/// Adds the callbacks and errbacks of a call to the body of a chord.
pub(crate) fn add_body_callbacks(body: &mut Signature, links: Option<&Value>, errbacks: Option<&Value>) {
    as_list(links).iter().for_each(|link| body.add_link(link));
    for errback in as_list(errbacks) {
        if body.is_group() {
            to_members(body, &errback, true);
        } else {
            body.append_to("link_error", errback);
        }
    }
}

/// An errback for each task of a group that is a body, and for the bodies of chords in it but not their headers. A
/// group that has errbacks of its own, which replace those of its tasks, gets it there.
fn to_members(sig: &mut Signature, errback: &Value, runs_as_group: bool) {
    let has_own = sig.options.get("link_error").is_some_and(|own| !own.is_null());
    match &mut sig.kind {
        Kind::Group(_) if runs_as_group && has_own => sig.append_to("link_error", errback.clone()),
        Kind::Group(tasks) => tasks.iter_mut().for_each(|task| to_members(task, errback, false)),
        Kind::Chord(chord) => chord.body.iter_mut().for_each(|body| to_members(body, errback, true)),
        Kind::Task | Kind::Chain(_) => sig.append_to("link_error", errback.clone()),
    }
}
