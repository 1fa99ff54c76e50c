//! Compression of message bodies (header `compression`) and of results (in-band), by kombu's names.
//!
//! What `gzip` means to kombu is zlib's format. Each method is a feature of the crate; what is not built in is known by
//! name and refused. Decoding stops at a bound, so that a small message cannot fill the memory.

use std::io::{self, Read};

/// A method, by what it is called on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `application/x-gzip`, which holds a zlib stream.
    Zlib,
    /// `application/x-bz2`
    Bzip2,
    /// `application/x-brotli`
    Brotli,
    /// `application/x-lzma`, which holds an xz stream.
    Xz,
    /// `application/zstd`
    Zstd,
}

/// Why something was not compressed or decompressed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No method has that name.
    #[error("unknown compression {0:?}")]
    Unknown(String),
    /// The feature of that name is not built in.
    #[error("compression {0} is not built in")]
    NotBuiltIn(&'static str),
    /// The data is damaged, or was compressed by another method.
    #[error("not compressed as {method} says")]
    Broken {
        /// The method that it was said to be compressed with.
        method: &'static str,
        /// What the decompressor says.
        #[source]
        source: io::Error,
    },
    /// It would be more than was allowed. Decompression stops there.
    #[error("larger than {max} bytes when decompressed")]
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
}

impl Compression {
    const ALL: [Self; 5] = [Self::Zlib, Self::Bzip2, Self::Brotli, Self::Xz, Self::Zstd];

    /// The method of a content type or an alias.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        let found =
            Self::ALL.into_iter().find(|method| method.content_type() == name || method.aliases().contains(&name));
        found.ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    /// The text by which messages name the method.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Zlib => "application/x-gzip",
            Self::Bzip2 => "application/x-bz2",
            Self::Brotli => "application/x-brotli",
            Self::Xz => "application/x-lzma",
            Self::Zstd => "application/zstd",
        }
    }

    fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Zlib => &["zlib", "gzip"],
            Self::Bzip2 => &["bzip2", "bzip"],
            Self::Brotli => &["brotli"],
            Self::Xz => &["xz", "lzma"],
            Self::Zstd => &["zstd", "zstandard"],
        }
    }

    /// Compresses.
    ///
    /// # Errors
    ///
    /// Only for a method that is not built in.
    pub fn compress(self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let method = self.aliases()[0];
        let out = encoded(self, bytes).ok_or(Error::NotBuiltIn(method))?;
        out.map_err(|source| Error::Broken { method, source })
    }

    /// Decompresses to at most `max` bytes.
    pub fn decompress(self, bytes: &[u8], max: usize) -> Result<Vec<u8>, Error> {
        let method = self.aliases()[0];
        let broken = |source| Error::Broken { method, source };
        let reader = reader(self, bytes).ok_or(Error::NotBuiltIn(method))?.map_err(broken)?;
        let mut out = Vec::new();
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        reader.take(limit).read_to_end(&mut out).map_err(broken)?;
        if out.len() > max { Err(Error::TooLarge { max }) } else { Ok(out) }
    }
}

/// `None` where the method is not built in.
fn encoded(method: Compression, bytes: &[u8]) -> Option<io::Result<Vec<u8>>> {
    match method {
        #[cfg(feature = "zlib")]
        Compression::Zlib => {
            let mut encoder = flate2::bufread::ZlibEncoder::new(bytes, flate2::Compression::default());
            Some(all(&mut encoder))
        }
        #[cfg(feature = "bzip2")]
        Compression::Bzip2 => Some(all(&mut bzip2::bufread::BzEncoder::new(bytes, bzip2::Compression::best()))),
        #[cfg(feature = "brotli")]
        // Quality and window of Python's `brotli.compress`, 11 and 22, take a hundred times as long as 5 for a few
        // per cent.
        Compression::Brotli => Some(all(&mut brotli::CompressorReader::new(bytes, 4096, 5, 22))),
        #[cfg(feature = "xz")]
        Compression::Xz => Some(xz(bytes)),
        #[cfg(feature = "zstd")]
        Compression::Zstd => {
            Some(Ok(ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)))
        }
        #[allow(unreachable_patterns, reason = "unless each method is built in")]
        _ => {
            let _ = bytes;
            None
        }
    }
}

#[cfg(any(feature = "zlib", feature = "bzip2", feature = "brotli"))]
fn all(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    reader.read_to_end(&mut out)?;
    Ok(out)
}

#[cfg(feature = "xz")]
fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    use std::io::Write;

    // The preset of Python's `lzma.compress`.
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6))?;
    writer.write_all(bytes)?;
    writer.finish()
}

/// `None` where the method is not built in. Windows and dictionaries that a stream asks for are bounded too: by the
/// formats, or by 128 MiB.
fn reader<'a>(method: Compression, bytes: &'a [u8]) -> Option<io::Result<Box<dyn Read + 'a>>> {
    match method {
        #[cfg(feature = "zlib")]
        Compression::Zlib => Some(Ok(Box::new(flate2::bufread::ZlibDecoder::new(bytes)))),
        #[cfg(feature = "bzip2")]
        Compression::Bzip2 => Some(Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)))),
        #[cfg(feature = "brotli")]
        Compression::Brotli => Some(Ok(Box::new(brotli::Decompressor::new(bytes, 4096)))),
        #[cfg(feature = "xz")]
        Compression::Xz => Some(Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(bytes, true, XZ_MEMORY_KIB)))),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Some(match ruzstd::decoding::StreamingDecoder::new(bytes) {
            Ok(decoder) => Ok(Box::new(decoder)),
            Err(error) => Err(io::Error::other(error)),
        }),
        #[allow(unreachable_patterns, reason = "unless each method is built in")]
        _ => {
            let _ = bytes;
            None
        }
    }
}

#[cfg(feature = "xz")]
const XZ_MEMORY_KIB: u32 = 128 * 1024;

/// What a result begins with that was compressed (`result_compression`, Celery 5.7).
const MARK: &[u8] = b"\0celery-compressed\0";

/// A result document as it is stored under `result_compression`.
pub fn pack_result(document: &[u8], method: Compression) -> Result<Vec<u8>, Error> {
    let packed = method.compress(document)?;
    Ok([MARK, method.content_type().as_bytes(), b"\0", &packed].concat())
}

/// The document of a stored result, whether it was compressed or not.
pub fn unpack_result(stored: Vec<u8>, max: usize) -> Result<Vec<u8>, Error> {
    let Some(rest) = stored.strip_prefix(MARK) else { return Ok(stored) };
    let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
    let name = String::from_utf8_lossy(&rest[..end]);
    Compression::from_name(&name)?.decompress(rest.get(end + 1..).unwrap_or_default(), max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn built_in() -> impl Iterator<Item = Compression> {
        Compression::ALL.into_iter().filter(|method| method.compress(b"x").is_ok())
    }

    #[test]
    fn what_is_compressed_is_decompressed_up_to_the_bound() {
        let text = b"so it goes, ".repeat(10_000);
        for method in built_in() {
            let packed = method.compress(&text).unwrap();
            assert!(packed.len() < text.len() / 10, "{method:?}: {}", packed.len());
            assert_eq!(method.decompress(&packed, text.len()).unwrap(), text, "{method:?}");
            let error = method.decompress(&packed, text.len() - 1).unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{method:?}: {error:?}");
            assert!(method.decompress(&packed[..packed.len() / 2], text.len()).is_err(), "{method:?}");
            assert!(method.decompress(b"", 10).is_err() || method == Compression::Bzip2, "{method:?}");
        }
    }

    #[test]
    fn names_are_those_of_kombu() {
        for method in Compression::ALL {
            for name in method.aliases().iter().chain([&method.content_type()]) {
                assert_eq!(Compression::from_name(name).unwrap(), method);
            }
        }
        assert!(matches!(Compression::from_name("rar"), Err(Error::Unknown(_))));
    }

    #[cfg(feature = "zlib")]
    #[test]
    fn a_result_says_itself_that_it_is_compressed() {
        let packed = pack_result(b"{}", Compression::Zlib).unwrap();
        assert!(packed.starts_with(b"\0celery-compressed\0application/x-gzip\0x\x9c"));
        assert_eq!(unpack_result(packed, 2).unwrap(), b"{}");
        assert_eq!(unpack_result(b"{}".to_vec(), 0).unwrap(), b"{}");
        assert!(unpack_result(b"\0celery-compressed\0".to_vec(), 10).is_err());
        assert!(unpack_result(b"\0celery-compressed\0application/x-gzip\0junk".to_vec(), 10).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn garbage_is_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..200) {
            for method in built_in() {
                let _ = method.decompress(&bytes, 10_000);
                let mut packed = method.compress(b"a text that is longer than a few bytes").unwrap();
                let at = at % packed.len();
                packed[at] ^= 0x55;
                let _ = method.decompress(&packed, 10_000);
            }
        }
    }
}
