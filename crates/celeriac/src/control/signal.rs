//! Names of signals, as `revoke` and `terminate` take them.

use celeriac_wire::Value;

use super::exception::{Raised, type_name};

/// Linux's names and numbers on the machines that this crate is built for (x86-64, ARM and RISC-V share them).
const SIGNALS: &[(&str, i32)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("XCPU", 24),
    ("XFSZ", 25),
];

const TERM: i32 = 15;

/// The number of a signal that is given by name or number; `TERM` if by neither.
pub(super) fn number(signal: Option<&Value>) -> Result<i32, Raised> {
    match signal {
        None => Ok(TERM),
        Some(Value::String(name)) if name.is_empty() => Ok(TERM),
        Some(Value::Int(number)) => match i32::try_from(*number) {
            Ok(0) => Ok(TERM),
            Ok(number @ 1..=64) => Ok(number),
            _ => Err(Raised::new("ValueError", "signal number out of range")),
        },
        Some(Value::String(name)) => {
            if name.chars().any(char::is_lowercase) || !name.chars().any(char::is_uppercase) {
                return Err(Raised::type_error("signal name must be uppercase string."));
            }
            let short = name.strip_prefix("SIG").unwrap_or(name);
            let known = SIGNALS.iter().find(|(known, _)| *known == short);
            known
                .map(|(_, number)| *number)
                .ok_or_else(|| Raised::new("AttributeError", format!("module 'signal' has no attribute 'SIG{short}'")))
        }
        Some(other) => {
            tracing::debug!(kind = type_name(other), "a signal is neither a name nor a number");
            Err(Raised::type_error("signal name must be uppercase string."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_named_with_and_without_their_prefix() {
        #[track_caller]
        fn check(signal: Value, expected: Result<i32, &str>) {
            assert_eq!(number(Some(&signal)).map_err(|e| e.to_string()), expected.map_err(str::to_owned));
        }
        check(Value::from("KILL"), Ok(9));
        check(Value::from("SIGUSR1"), Ok(10));
        check(Value::from(2), Ok(2));
        check(Value::from(0), Ok(15));
        check(Value::from(-9), Err("ValueError('signal number out of range')"));
        check(Value::from("kill"), Err("TypeError('signal name must be uppercase string.')"));
        check(Value::from("NOPE"), Err("AttributeError(\"module 'signal' has no attribute 'SIGNOPE'\")"));
        check(Value::from(1.5), Err("TypeError('signal name must be uppercase string.')"));
        assert_eq!(number(None), Ok(15));
    }
}
