//! Parameters of a task, and how arguments are bound to them: as Python does, with Python's complaints.

use celeriac_wire::{Body, Map, Value};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::task::Failure;

/// The names of a task's parameters, with what each takes.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    /// What complaints call the task: `add()`.
    function: String,
    /// Those that may be given by position, in order.
    positional: Vec<Parameter>,
    /// Takes what is left over by position.
    rest: Option<&'static str>,
    /// Those that are given by name alone.
    named: Vec<Parameter>,
    /// Takes what is left over by name.
    others: Option<&'static str>,
    /// Whether what is missing and not marked as optional is refused here; serde does it otherwise.
    strict: bool,
}

#[derive(Clone, Copy, Debug)]
struct Parameter {
    name: &'static str,
    optional: bool,
}

impl Parameters {
    pub(super) fn new(task: &str, names: &[&'static str], strict: bool) -> Self {
        let function = format!("{}()", task.rsplit('.').next().unwrap_or(task));
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        let (mut rest, mut others) = (None, None);
        for name in names {
            if let Some(name) = name.strip_prefix("**") {
                others = Some(name);
            } else if let Some(name) = name.strip_prefix('*') {
                rest = Some(name);
            } else {
                let bare = name.strip_suffix('=');
                let parameter = Parameter { name: bare.unwrap_or(name), optional: bare.is_some() };
                if rest.is_some() { named.push(parameter) } else { positional.push(parameter) }
            }
        }
        Self { function, positional, rest, named, others, strict }
    }

    /// The typed arguments of a body.
    pub(super) fn read<A: DeserializeOwned>(&self, body: Body) -> Result<A, Failure> {
        let bound = self.bind(body)?;
        let order = self.order();
        A::deserialize(Bound { values: bound, order }).map_err(|error| self.mistyped(&error))
    }

    /// The fields in the order of the parameters, as a tuple takes them.
    fn order(&self) -> Vec<&'static str> {
        let positional = self.positional.iter().map(|parameter| parameter.name);
        let named = self.named.iter().map(|parameter| parameter.name);
        positional.chain(self.rest).chain(named).chain(self.others).collect()
    }

    /// Merges arguments by position and by name into one object.
    fn bind(&self, body: Body) -> Result<Map, Failure> {
        let given = body.args.len();
        let taken = self.positional.len();
        let mut args = body.args.into_iter();
        let mut bound: Map =
            self.positional.iter().map(|parameter| parameter.name.to_owned()).zip(args.by_ref()).collect();
        match self.rest {
            Some(rest) => {
                bound.insert(rest.to_owned(), Value::Array(args.collect()));
            }
            None if given > taken => return Err(self.too_many(given)),
            None => {}
        }
        let mut others = Map::new();
        for (name, value) in body.kwargs {
            let known = self.positional.iter().chain(&self.named).any(|parameter| parameter.name == name);
            if known && bound.contains_key(&name) {
                return Err(self.error(&format!(" got multiple values for argument '{name}'")));
            }
            if known {
                bound.insert(name, value);
            } else if self.others.is_some() {
                others.insert(name, value);
            } else {
                return Err(self.error(&format!(" got an unexpected keyword argument '{name}'")));
            }
        }
        if let Some(name) = self.others {
            bound.insert(name.to_owned(), Value::Object(others));
        }
        if self.strict {
            let missing = |of: &[Parameter]| -> Vec<&str> {
                of.iter().filter(|p| !p.optional && !bound.contains_key(p.name)).map(|p| p.name).collect()
            };
            let (positional, named) = (missing(&self.positional), missing(&self.named));
            if !positional.is_empty() {
                return Err(self.missing(&positional, "positional"));
            }
            if !named.is_empty() {
                return Err(self.missing(&named, "keyword-only"));
            }
        }
        Ok(bound)
    }

    /// What Python would say to arguments that do not fit, whatever their values are.
    pub(crate) fn refuse(&self, args: &[Value], kwargs: &Map) -> Option<String> {
        let args = vec![Value::Null; args.len()];
        let kwargs = kwargs.keys().map(|name| (name.clone(), Value::Null)).collect();
        let refusal = self.bind(Body { args, kwargs, ..Body::default() }).err()?;
        refusal.exc_message.first().and_then(Value::as_str).map(str::to_owned)
    }

    /// Moves arguments to their new values for another run, as `Task.retry` does: what is given by name replaces
    /// what came by position, and the other way round.
    pub(crate) fn change(&self, body: &Body, args: Option<Vec<Value>>, kwargs: Option<Map>) -> (Vec<Value>, Map) {
        match (args, kwargs) {
            (Some(args), Some(kwargs)) => (args, kwargs),
            (None, None) => (body.args.clone(), body.kwargs.clone()),
            (Some(args), None) => {
                let mut kwargs = body.kwargs.clone();
                for parameter in self.positional.iter().take(args.len()) {
                    kwargs.shift_remove(parameter.name);
                }
                (args, kwargs)
            }
            (None, Some(mut kwargs)) => {
                let mut args = body.args.clone();
                for (place, parameter) in args.iter_mut().zip(&self.positional) {
                    if let Some(value) = kwargs.shift_remove(parameter.name) {
                        *place = value;
                    }
                }
                (args, kwargs)
            }
        }
    }

    fn error(&self, problem: &str) -> Failure {
        Failure::builtin("TypeError", format!("{}{problem}", self.function))
    }

    fn too_many(&self, given: usize) -> Failure {
        let most = self.positional.len();
        let least = self.positional.iter().filter(|parameter| !parameter.optional).count();
        let was = if given == 1 { "was" } else { "were" };
        let plural = if most == 1 && least == most { "" } else { "s" };
        let range = if least == most { format!("{most}") } else { format!("from {least} to {most}") };
        self.error(&format!(" takes {range} positional argument{plural} but {given} {was} given"))
    }

    fn missing(&self, names: &[&str], kind: &str) -> Failure {
        let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        let listed = match quoted.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [one, two] => format!("{one} and {two}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
        };
        let plural = if names.len() == 1 { "" } else { "s" };
        self.error(&format!(" missing {} required {kind} argument{plural}: {listed}", names.len()))
    }

    /// What Python would say where serde refuses the arguments. Serde names one missing field at a time.
    fn mistyped(&self, error: &celeriac_wire::value::Error) -> Failure {
        let text = error.to_string();
        let missing = text.split_once("missing field `").and_then(|(_, rest)| Some(rest.split_once('`')?.0));
        match missing {
            None => self.error(&format!(": {error}")),
            Some(name) if self.named.iter().any(|parameter| parameter.name == name) => {
                self.missing(&[name], "keyword-only")
            }
            Some(name) => self.missing(&[name], "positional"),
        }
    }
}

/// Bound arguments, for a struct by name and for a tuple in order.
struct Bound {
    values: Map,
    order: Vec<&'static str>,
}

impl Bound {
    fn in_order<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, celeriac_wire::value::Error> {
        let values = self.order.iter().map(|name| self.values.shift_remove(*name).unwrap_or_default());
        visitor.visit_seq(SeqDeserializer::new(values))
    }
}

impl<'de> Deserializer<'de> for Bound {
    type Error = celeriac_wire::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(MapDeserializer::new(self.values.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.in_order(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit_struct seq
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use celeriac_wire::value;

    use super::*;

    #[track_caller]
    fn check(parameters: &[&'static str], args: Value, kwargs: Value, expected: Result<Value, &str>) {
        let body = Body::decode(celeriac_wire::json::write(&value!([args, kwargs, null])).as_bytes());
        let bound = Parameters::new("tasks.add", parameters, true).bind(body.unwrap()).map(Value::Object);
        assert_eq!(bound.map_err(|f| f.exc_message), expected.map_err(|message| vec![Value::from(message)]));
    }

    #[test]
    fn arguments_are_bound_and_refused_as_python_does() {
        check(&["x", "y"], value!([2, 3]), value!({}), Ok(value!({"x": 2, "y": 3})));
        check(&["x", "y"], value!([2]), value!({"y": 3}), Ok(value!({"x": 2, "y": 3})));
        check(&["x=", "y="], value!(null), value!(null), Ok(value!({})));
        check(&["x"], value!([1, 2]), value!({}), Err("add() takes 1 positional argument but 2 were given"));
        check(
            &["x", "y="],
            value!([1, 2, 3]),
            value!({}),
            Err("add() takes from 1 to 2 positional arguments but 3 were given"),
        );
        check(&[], value!([1]), value!({}), Err("add() takes 0 positional arguments but 1 was given"));
        check(&["x"], value!([1]), value!({"x": 2}), Err("add() got multiple values for argument 'x'"));
        check(&["x"], value!([]), value!({"z": 2}), Err("add() got an unexpected keyword argument 'z'"));
        check(&["x", "y"], value!([]), value!({}), Err("add() missing 2 required positional arguments: 'x' and 'y'"));
        check(&["*a", "k"], value!([1]), value!({}), Err("add() missing 1 required keyword-only argument: 'k'"));
        check(&["x", "*a", "k="], value!([1, 2, 3]), value!({"k": 4}), Ok(value!({"x": 1, "a": [2, 3], "k": 4})));
        check(&["x", "**k"], value!([1]), value!({"z": 4}), Ok(value!({"x": 1, "k": {"z": 4}})));
    }

    #[test]
    fn what_serde_misses_is_said_as_python_does() {
        #[derive(Debug, serde::Deserialize)]
        struct Args {
            #[allow(dead_code)]
            x: i64,
            #[allow(dead_code)]
            y: i64,
        }
        let error = Parameters::new("tasks.add", &["x", "y"], false).read::<Args>(Body::default()).unwrap_err();
        assert_eq!(error.exc_message, [Value::from("add() missing 1 required positional argument: 'x'")]);
    }

    #[test]
    fn a_tuple_takes_arguments_in_the_order_of_the_parameters() {
        let body =
            Body { args: vec![Value::Int(1)], kwargs: Map::from([("z".into(), Value::Int(3))]), ..Body::default() };
        let read = Parameters::new("t", &["x", "y=", "z"], true).read::<(i64, Option<i64>, i64)>(body);
        assert_eq!(read, Ok((1, None, 3)));
    }

    #[test]
    fn a_retry_changes_arguments_by_their_name() {
        let body =
            Body { args: vec![Value::Int(1)], kwargs: Map::from([("bar".into(), Value::Int(2))]), ..Body::default() };
        let parameters = Parameters::new("t", &["foo", "bar"], true);
        let (args, kwargs) = parameters.change(&body, None, Some(Map::from([("foo".into(), Value::Int(5))])));
        assert_eq!((args, kwargs.len()), (vec![Value::Int(5)], 0));
        let (args, kwargs) = parameters.change(&body, Some(vec![Value::Int(7), Value::Int(8)]), None);
        assert_eq!((args.len(), kwargs.len()), (2, 0));
    }
}
