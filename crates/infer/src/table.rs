//! Word vectors from a table, without a model to run: the mean of a text's pieces (its card: `weights/static256.md`).

use crate::Error;
use crate::wordpiece::WordPiece;

static WEIGHTS: &[u8] = include_bytes!("../../../weights/static256.safetensors");
static VOCABULARY: &str = include_str!("../../../weights/static256.vocabulary.txt");

const MODEL: &str = "the table of word vectors";
/// Numbers of a vector.
const WIDTH: usize = 256;
/// What scales are multiplied with to become whole numbers, so that sums are exact in any order. With 28 bits behind the
/// point a scale is far finer than the bytes that it multiplies, and the sum over a million pieces stays below 2^63.
const UNIT: f64 = (1 << 28) as f64;

/// The table, ready to use. Loading takes some 10 ms and 4 MB beside the program.
pub struct Table {
    wordpiece: WordPiece,
    scales: Vec<i64>,
    rows: &'static [u8],
}

impl Table {
    /// The first 8 bytes of the weights' SHA-256. Part of the version of what is made with the table.
    pub const DIGEST: &'static str = "cbdd4b6e7b80020f";

    /// # Errors
    /// When the weights have another form, which a test excludes.
    pub fn load() -> Result<Self, Error> {
        Self::read(WEIGHTS, VOCABULARY).ok_or(Error::Output { model: MODEL })
    }

    fn read(weights: &'static [u8], vocabulary: &'static str) -> Option<Self> {
        let (length, rest) = weights.split_first_chunk::<8>()?;
        let (header, body) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let header = std::str::from_utf8(header).ok()?;
        let (scales, _) = body.get(range(header, "scales")?)?.as_chunks::<4>();
        let scales = scales.iter().map(|s| (f64::from(f32::from_le_bytes(*s)) * UNIT).round() as i64).collect();
        let table =
            Self { wordpiece: WordPiece::new(vocabulary), scales, rows: body.get(range(header, "embeddings")?)? };
        let lines = vocabulary.lines().count();
        (table.scales.len() == lines && table.rows.len() == lines * WIDTH).then_some(table)
    }

    /// The direction of a text as signed bytes, the greatest of them 127 or -127: what its length was is not kept.
    /// `None` for a text without a known word. Linear time; the same on every processor.
    pub fn vector(&self, text: &str) -> Option<Vec<i8>> {
        let mut pieces = Vec::new();
        self.wordpiece.pieces(text, text.len(), &mut pieces);
        let unknown = self.wordpiece.unknown();
        let mut sum = [0i64; WIDTH];
        for piece in pieces.into_iter().filter(|piece| Some(*piece) != unknown) {
            let at = piece as usize;
            let scale = self.scales[at];
            for (sum, value) in sum.iter_mut().zip(&self.rows[at * WIDTH..(at + 1) * WIDTH]) {
                *sum += i64::from(*value as i8) * scale;
            }
        }
        direction(&sum)
    }
}

/// Numbers as signed bytes, in proportion to the greatest. `None` when all are 0.
pub(crate) fn direction(sum: &[i64]) -> Option<Vec<i8>> {
    let most = sum.iter().map(|v| v.unsigned_abs()).max().filter(|most| *most > 0)? as i128;
    let byte = |v: i64| {
        let twice = 2 * 127 * i128::from(v);
        // Rounded half away from zero.
        ((twice + i128::from(v.signum()) * most) / (2 * most)) as i8
    };
    Some(sum.iter().map(|v| byte(*v)).collect())
}

/// The bytes of a tensor, as the header of the file names them.
fn range(header: &str, tensor: &str) -> Option<std::ops::Range<usize>> {
    let (_, entry) = header.split_once(&format!("\"{tensor}\":{{"))?;
    let (_, offsets) = entry.split_once("\"data_offsets\":[")?;
    let (start, end) = offsets.split_once(']')?.0.split_once(',')?;
    Some(start.trim().parse().ok()?..end.trim().parse().ok()?)
}

/// How near two directions are, in thousandths: 1000 for the same, 0 for a right angle and beyond, and for vectors of
/// different models.
pub fn similarity(a: &[i8], b: &[i8]) -> u16 {
    if a.len() != b.len() {
        return 0;
    }
    let dot = |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum::<i64>();
    let lengths = (dot(a, a) as u64).isqrt() * (dot(b, b) as u64).isqrt();
    let nearness = (dot(a, b).max(0) as u64 * 1000).checked_div(lengths).unwrap_or(0);
    nearness.min(1000) as u16
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_weights_are_those_of_the_digest() {
        let digest = Sha256::digest(WEIGHTS);
        assert!(digest.iter().map(|b| format!("{b:02x}")).collect::<String>().starts_with(Table::DIGEST));
    }

    #[test]
    fn texts_of_one_meaning_are_nearer_than_others() {
        let table = Table::load().unwrap();
        let near = |a: &str, b: &str| similarity(&table.vector(a).unwrap(), &table.vector(b).unwrap());
        let same = near("The tenant pays the rent every month.", "Each month rent is paid by the lessee.");
        let other = near("The tenant pays the rent every month.", "A dog was barking at the moon.");
        assert!(same > 600 && other < 300, "{same} {other}");
        assert_eq!(near("net RENT", " net\n\nrent"), 1000);
    }

    #[test]
    fn a_vector_is_the_mean_of_its_pieces() {
        let table = Table::load().unwrap();
        assert_eq!(table.vector("rent"), table.vector("rent rent rent"));
        assert_eq!(table.vector("net rent"), table.vector("rent net"));
        assert_eq!(table.vector("rent").unwrap().iter().map(|v| v.unsigned_abs()).max(), Some(127));
        for text in ["", " \n", "\u{301}", "\u{2603}\u{fe0f}"] {
            assert_eq!(table.vector(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_direction_is_rounded_to_signed_bytes() {
        let check = |sum: &[i64], expected: Option<&[i8]>| assert_eq!(direction(sum).as_deref(), expected, "{sum:?}");
        check(&[2, -4, 1], Some(&[64, -127, 32]));
        check(&[i64::MAX, i64::MIN + 1, 0], Some(&[127, -127, 0]));
        check(&[0, 0], None);
        check(&[], None);
    }

    #[test]
    fn weights_of_another_form_are_no_table() {
        assert!(Table::read(b"", "").is_none());
        assert!(Table::read(&[255; 40], "").is_none());
        assert!(Table::read(WEIGHTS, "one\nword").is_none());
        assert!(Table::read(&WEIGHTS[..WEIGHTS.len() - 1], VOCABULARY).is_none());
    }

    #[test]
    fn vectors_of_different_models_are_not_near() {
        assert_eq!((similarity(&[1], &[1, 1]), similarity(&[], &[]), similarity(&[1], &[-1])), (0, 0, 0));
        assert_eq!((similarity(&[3, 4], &[3, 4]), similarity(&[0], &[0])), (1000, 0));
    }
}
