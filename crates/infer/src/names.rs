//! The name recogniser: a token classifier for names in English (its card: `weights/names.md`).

use rten::{ModelOptions, OpRegistry, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::Error;
use crate::network::Network;
use crate::wordpiece::WordPiece;

/// The labels in the order of the scores: outside, then begin and inside of each kind of name.
pub const LABELS: [&str; 9] = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"];

/// A word's logits, one for each of [`LABELS`].
pub type Scores = [f32; LABELS.len()];

const MODEL: &str = "the name model";
const CLS: u32 = 101;
const SEP: u32 = 102;
/// What the case channel holds for `[CLS]`. In training its value told by which corpus's guideline the row was annotated;
/// this one says: by none in particular.
const CLS_CASE: u32 = 8;
/// Tokens of one row, `[CLS]` and `[SEP]` included: the longest that the model saw in training.
const LONGEST: usize = 255;
/// Pieces of a word that are looked at, as in training.
const PIECES: usize = 8;

/// One row of a batch: the pieces of a sentence's words between the marks for its start and its end.
#[derive(Clone, Debug)]
pub struct Encoded {
    pieces: Vec<u32>,
    cases: Vec<u32>,
    /// Of each word the place of its first piece.
    firsts: Vec<usize>,
}

impl Default for Encoded {
    fn default() -> Self {
        Self { pieces: vec![CLS], cases: vec![CLS_CASE], firsts: Vec::new() }
    }
}

impl Encoded {
    /// Length in tokens, with both marks.
    pub fn tokens(&self) -> usize {
        self.pieces.len() + 1
    }
}

/// The model, ready to run. Loading takes some 50 ms and some 60 MB; one is enough for a process.
pub struct NameModel {
    network: Network<3>,
    wordpiece: WordPiece,
}

impl NameModel {
    /// The first 8 bytes of the weights' SHA-256. Part of the version of what is made with the model.
    pub const DIGEST: &'static str = "a1e41d144885727d";

    /// # Errors
    /// When the runtime does not understand the weights, which a test excludes.
    pub fn load() -> Result<Self, Error> {
        let loaded = ModelOptions::with_ops(operators()).prepack_weights(true).load_static_slice(WEIGHTS);
        let inputs = ["input_ids", "token_type_ids", "attention_mask"];
        let network = Network::new(MODEL, loaded, inputs, "logits")?;
        Ok(Self { network, wordpiece: WordPiece::new(VOCABULARY) })
    }

    /// Tokens that a word takes of a row.
    pub fn pieces(&self, word: &str) -> usize {
        let mut pieces = Vec::with_capacity(PIECES);
        self.wordpiece.pieces(word, PIECES, &mut pieces);
        pieces.len().max(1)
    }

    /// Appends a word with its case class; `false` when the row has no room for it.
    pub fn push(&self, row: &mut Encoded, word: &str, case: u8) -> bool {
        let first = row.pieces.len();
        self.wordpiece.pieces(word, PIECES, &mut row.pieces);
        if row.pieces.len() == first {
            row.pieces.extend(self.wordpiece.unknown());
        }
        if row.tokens() > LONGEST {
            row.pieces.truncate(first);
            return false;
        }
        row.cases.resize(row.pieces.len(), case.into());
        row.firsts.push(first);
        true
    }

    /// The logits of each word of each row. Rows are padded to the longest: a batch of about 512 tokens with its
    /// padding is the fastest, and rows of equal length waste nothing.
    ///
    /// # Errors
    /// When the runtime does not run the model, which no input is known to cause.
    pub fn logits(&self, batch: &[Encoded]) -> Result<Vec<Vec<Scores>>, Error> {
        let Some(length) = batch.iter().map(Encoded::tokens).max() else { return Ok(Vec::new()) };
        let tensor = |value: &dyn Fn(&Encoded, usize) -> u32| {
            NdTensor::<i32, 2>::from_fn([batch.len(), length], |[row, at]| value(&batch[row], at) as i32)
        };
        let ids = tensor(&|row, at| match at.cmp(&row.pieces.len()) {
            std::cmp::Ordering::Less => row.pieces[at],
            std::cmp::Ordering::Equal => SEP,
            std::cmp::Ordering::Greater => 0,
        });
        let cases = tensor(&|row, at| row.cases.get(at).copied().unwrap_or(0));
        let mask = tensor(&|row, at| u32::from(at < row.tokens()));
        let logits = self.network.run::<3>([ids.view(), cases.view(), mask.view()])?;
        if logits.shape() != [batch.len(), length, LABELS.len()] {
            return Err(Error::Output { model: MODEL });
        }
        let word = |row: usize, at: usize| std::array::from_fn(|label| logits[[row, at, label]]);
        Ok(batch.iter().enumerate().map(|(row, r)| r.firsts.iter().map(|&at| word(row, at)).collect()).collect())
    }
}

static WEIGHTS: &[u8] = include_bytes!("../../../weights/names.int8.onnx");
static VOCABULARY: &str = include_str!("../../../weights/names.vocabulary.txt");

/// What the model is made of; the linker leaves out the runtime's other operators.
fn operators() -> OpRegistry {
    op_registry!(
        Add,
        And,
        Cast,
        Concat,
        Div,
        DynamicQuantizeLinear,
        Erf,
        Expand,
        Gather,
        GatherND,
        GreaterOrEqual,
        LayerNormalization,
        MatMul,
        MatMulInteger,
        Max,
        Mul,
        Range,
        Reshape,
        Shape,
        Slice,
        Softmax,
        Squeeze,
        Transpose,
        Unsqueeze,
        Where
    )
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn encoded(model: &NameModel, words: &[(&str, u8)]) -> Encoded {
        let mut row = Encoded::default();
        assert!(words.iter().all(|(word, case)| model.push(&mut row, word, *case)));
        row
    }

    fn labels(scores: &[Scores]) -> Vec<&'static str> {
        let best = |s: &Scores| (0..s.len()).max_by(|&a, &b| s[a].total_cmp(&s[b])).unwrap();
        scores.iter().map(|s| LABELS[best(s)]).collect()
    }

    #[test]
    fn the_digest_is_that_of_the_weights_and_the_labels_are_those_of_the_model() {
        let digest = Sha256::digest(WEIGHTS);
        assert!(digest.iter().map(|b| format!("{b:02x}")).collect::<String>().starts_with(NameModel::DIGEST));
        assert_eq!(include_str!("../../../weights/names.labels.txt").lines().collect::<Vec<_>>(), LABELS);
    }

    #[test]
    fn names_are_found_on_several_threads_at_once_and_each_gives_the_same() {
        let model = NameModel::load().unwrap();
        let batch = [
            encoded(
                &model,
                &[
                    ("Anna", 1),
                    ("Schmidt", 1),
                    ("works", 0),
                    ("for", 0),
                    ("Siemens", 1),
                    ("in", 0),
                    ("Paris", 1),
                    (".", 6),
                ],
            ),
            encoded(&model, &[]),
            encoded(&model, &[("Nothing", 1), ("here", 0)]),
        ];
        let alone = model.logits(&batch).unwrap();
        assert_eq!(labels(&alone[0]), ["B-PER", "I-PER", "O", "O", "B-ORG", "O", "B-LOC", "O"]);
        assert!(alone[1].is_empty());
        assert_eq!(labels(&alone[2]), ["O", "O"]);
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..3).map(|_| scope.spawn(|| model.logits(&batch).unwrap())).collect();
            assert!(others.into_iter().all(|other| other.join().unwrap() == alone));
        });
        assert!(model.logits(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_row_takes_words_until_it_is_full() {
        let model = NameModel::load().unwrap();
        let mut row = Encoded::default();
        let taken = (0..1000).take_while(|_| model.push(&mut row, "w-w", 0)).count();
        assert_eq!((taken, row.firsts.len(), row.tokens()), (84, 84, 254));
        assert!(model.push(&mut row, "\u{301}", 6) && !model.push(&mut row, "w", 0));
        assert_eq!(model.logits(&[row]).unwrap()[0].len(), 85);
    }
}
