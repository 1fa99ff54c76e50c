//! Sentence encoders that are not part of this program: BERT's form, pooled and scaled inside the graph.

use rten::{ModelOptions, OpRegistry, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::Error;
use crate::network::Network;
use crate::table::direction;
use crate::wordpiece::WordPiece;

const MODEL: &str = "the sentence model";
/// Tokens of a text that are read, `[CLS]` and `[SEP]` included: what such encoders are trained with.
const LONGEST: usize = 256;
/// What outputs, which are about 1 at most, are multiplied with to become whole numbers: 24 bits, as many as the mantissa
/// of an `f32` has.
const UNIT: f32 = (1 << 24) as f32;

/// An encoder, ready to run.
pub struct SentenceModel {
    network: Network<2>,
    wordpiece: WordPiece,
    first: u32,
    last: u32,
}

impl SentenceModel {
    /// Reads an encoder in ONNX with the inputs `input_ids` and `attention_mask` and the output `sentence`, and its
    /// vocabulary, one piece a line with `[CLS]` and `[SEP]`. Both stay in memory until the process ends.
    pub fn read(weights: Vec<u8>, vocabulary: String) -> Result<Self, Error> {
        let vocabulary: &'static str = vocabulary.leak();
        let id = |mark: &str| vocabulary.lines().position(|line| line == mark).map(|at| at as u32);
        let (Some(first), Some(last)) = (id("[CLS]"), id("[SEP]")) else { return Err(Error::Output { model: MODEL }) };
        let loaded = ModelOptions::with_ops(operators()).prepack_weights(true).load(weights);
        let network = Network::new(MODEL, loaded, ["input_ids", "attention_mask"], "sentence")?;
        Ok(Self { network, wordpiece: WordPiece::new(vocabulary), first, last })
    }

    /// The direction of a text as signed bytes, see [`crate::Table::vector`]. Each text is a batch of its own, because
    /// the rows of a batch influence each other. `None` for a text without words.
    pub fn vector(&self, text: &str) -> Result<Option<Vec<i8>>, Error> {
        let mut pieces = vec![self.first];
        self.wordpiece.pieces(text, LONGEST - 2, &mut pieces);
        if pieces.len() == 1 {
            return Ok(None);
        }
        pieces.push(self.last);
        let ids = NdTensor::<i32, 2>::from_fn([1, pieces.len()], |[_, at]| pieces[at] as i32);
        let mask = NdTensor::<i32, 2>::from_fn([1, pieces.len()], |_| 1);
        let sentence = self.network.run::<2>([ids.view(), mask.view()])?;
        Ok(direction(&sentence.iter().map(|v| (v * UNIT).round() as i64).collect::<Vec<_>>()))
    }
}

/// What such encoders are made of; the linker leaves out the runtime's other operators.
fn operators() -> OpRegistry {
    op_registry!(
        Add,
        And,
        Cast,
        Clip,
        Concat,
        ConstantOfShape,
        Div,
        DynamicQuantizeLinear,
        Equal,
        Erf,
        Expand,
        Gather,
        GatherElements,
        GatherND,
        GreaterOrEqual,
        LayerNormalization,
        MatMul,
        MatMulInteger,
        Max,
        Mul,
        Pow,
        Range,
        ReduceMean,
        ReduceSum,
        Reshape,
        Shape,
        Slice,
        Softmax,
        Sqrt,
        Squeeze,
        Sub,
        Tanh,
        Transpose,
        Unsqueeze,
        Where
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_encoder_is_refused() {
        let check = |weights: &[u8], vocabulary: &str| {
            assert!(SentenceModel::read(weights.to_vec(), vocabulary.to_owned()).is_err(), "{vocabulary:?}");
        };
        check(b"", "");
        check(b"", "[CLS]\n[SEP]\nword");
        check(&[8; 4096], "[CLS]\n[SEP]");
        // The name model is none: it has another output.
        check(include_bytes!("../../../weights/names.int8.onnx"), "[CLS]\n[SEP]");
        check(include_bytes!("../../../weights/names.int8.onnx"), "word");
    }
}
