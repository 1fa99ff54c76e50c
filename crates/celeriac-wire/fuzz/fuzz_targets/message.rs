//! What lies on a queue: it is read or refused, and what is read survives being written.

#![no_main]

use celeriac_wire::serializer::{self, Accept};
use celeriac_wire::{Body, Record, envelope};
use libfuzzer_sys::fuzz_target;

/// What a body may decode to.
const MAX: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = envelope::decode(bytes) {
        let written = envelope::encode(&message);
        assert_eq!(envelope::decode(written.as_bytes()).as_ref(), Ok(&message));
        let _ = serializer::body(&message, &Accept::default(), MAX);
    }
    if let Ok(body) = Body::decode(bytes) {
        assert_eq!(Body::decode(&body.encode()), Ok(body));
    }
    if let Ok(record) = Record::decode(bytes) {
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }
    let _ = (envelope::redelivered(bytes), envelope::delivery_tag(bytes));
});
