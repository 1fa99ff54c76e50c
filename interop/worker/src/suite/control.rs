//! The control commands that the suite adds to its worker.

use celeriac::Map;
use celeriac::control::{Commands, Raised};
use celeriac_wire::value;

pub fn commands() -> Commands {
    let mut commands = Commands::new();
    commands
        .add("pidbox_reset_error", |_, _| Err(Raised::new("RuntimeError", "pidbox reset integration test")))
        // Two changes of the queues in one request.
        .add("schedule_add_then_cancel_consumer", |call, arguments| {
            let queue = arguments.get("queue").cloned().unwrap_or_default();
            let arguments = Map::from([("queue".to_owned(), queue.clone())]);
            call.run("add_consumer", arguments.clone())?;
            call.run("cancel_consumer", arguments)?;
            Ok(value!({"scheduled": queue}))
        })
        // Queues are added and cancelled at once: nothing is ever put off.
        .add("pending_operations_count", |_, _| Ok(value!(0)));
    commands
}
