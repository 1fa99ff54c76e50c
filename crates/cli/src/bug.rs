//! What a panic says.

use std::io::Write as _;

/// Makes a panic tell the person that it is not their fault. A panic inside a stage ends that document alone, with
/// the code `stage_bug`; one of the main thread ends the program with 2.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let said = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: this is a bug in docmill: {said}{place}\nhint: please report it with this message and the output of \
             `docmill doctor`; the sources are untouched"
        );
    }));
}
