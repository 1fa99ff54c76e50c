//! Each serializer and compression on anything: values survive being written, and nothing grows beyond the bound.

#![no_main]

use celeriac_wire::compression::Compression;
use celeriac_wire::serializer::Serializer;
use libfuzzer_sys::fuzz_target;

/// What may be made of the input.
const MAX: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    for serializer in [Serializer::Json, Serializer::Msgpack, Serializer::Yaml] {
        if let Ok(value) = serializer.decode(bytes, MAX)
            && let Ok(written) = serializer.encode(&value)
            && serializer != Serializer::Json
        {
            assert_eq!(serializer.decode(&written, written.len()).ok(), Some(value));
        }
    }
    for name in ["zlib", "bzip2", "brotli", "xz", "zstd"] {
        if let Ok(decoded) = Compression::from_name(name).and_then(|method| method.decompress(bytes, MAX)) {
            assert!(decoded.len() <= MAX);
        }
    }
});
