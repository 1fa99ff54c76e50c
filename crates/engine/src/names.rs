//! The name model of this process.

use std::sync::LazyLock;

use docmill_analyze::names::{Error, Names};
use docmill_infer::NameModel;
use docmill_model::{Code, Warning};
use docmill_store::Failure;

use crate::disposition;

/// Loaded when the first document asks for it, and then shared by all workers. Children of the wall never ask.
static MODEL: LazyLock<Result<NameModel, Error>> = LazyLock::new(NameModel::load);

/// The model; what went wrong is the same for every document.
pub(crate) fn model() -> Result<&'static dyn Names, Failure> {
    match &*MODEL {
        Ok(model) => Ok(model),
        Err(error) => Err(failure(error)),
    }
}

/// An error of the model is the program's fault: its weights are part of it.
pub(crate) fn failure(error: &Error) -> Failure {
    Failure::new(Warning::new(Code::STAGE_BUG, "names could not be looked for"), disposition::chain(error))
}
