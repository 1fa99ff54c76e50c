//! Tasks that return signatures, and one that reads them.

use celeriac::{Failure, Outcome, Registry};
use celeriac_wire::Value;
use celeriac_wire::canvas::{Signature, chain, chord, group};

use super::{named, task};

pub fn register(registry: &mut Registry) {
    let mut nested = |name: &str, build: fn() -> Signature| {
        registry.function(name, &[], move |_, (): ()| Ok(build().to_value()));
    };
    nested(named!("return_nested_signature_chain_chain"), || chain([chain([add()])]));
    nested(named!("return_nested_signature_chain_group"), || chain([group([add()])]));
    nested(named!("return_nested_signature_chain_chord"), || chain([chord([add()], add())]));
    nested(named!("return_nested_signature_group_chain"), || group([chain([add()])]));
    nested(named!("return_nested_signature_group_group"), || group([group([add()])]));
    nested(named!("return_nested_signature_group_chord"), || group([chord([add()], add())]));
    nested(named!("return_nested_signature_chord_chain"), || chord([chain([add()])], add()));
    nested(named!("return_nested_signature_chord_group"), || chord([group([add()])], add()));
    nested(named!("return_nested_signature_chord_chord"), || chord([chord([add()], add())], add()));
    registry.function(named!("rebuild_signature"), &["sig_dict"], |_, (signature,): (Value,)| -> Outcome<()> {
        Signature::from_value(&signature).map_err(|error| Failure::builtin("TypeError", error.to_string()))?;
        Ok(())
    });
}

fn add() -> Signature {
    task("add")
}
