//! A loaded model with its inputs and its output, run on one thread.

use rten::{LoadError, Model, NodeId};
use rten_tensor::{NdTensor, NdTensorView};

use crate::Error;
use crate::pool::Pools;

/// A model with `N` inputs, each a batch of rows of whole numbers, and one output.
pub(crate) struct Network<const N: usize> {
    name: &'static str,
    model: Model,
    inputs: [NodeId; N],
    output: NodeId,
    pools: Pools,
}

impl<const N: usize> Network<N> {
    /// Looks the inputs and the output up in what was loaded. `name` is what errors call the model.
    pub(crate) fn new(
        name: &'static str,
        loaded: Result<Model, LoadError>,
        inputs: [&str; N],
        output: &str,
    ) -> Result<Self, Error> {
        let model = loaded.map_err(|source| Error::Load { model: name, source })?;
        let node = |id: &str| model.node_id(id).map_err(|source| Error::Run { model: name, source });
        let output = node(output)?;
        let mut nodes = [output; N];
        for (place, id) in nodes.iter_mut().zip(inputs) {
            *place = node(id)?;
        }
        Ok(Self { name, model, inputs: nodes, output, pools: Pools::default() })
    }

    /// The output, which has `D` dimensions, for inputs in the order in which they were named.
    pub(crate) fn run<const D: usize>(&self, inputs: [NdTensorView<'_, i32, 2>; N]) -> Result<NdTensor<f32, D>, Error> {
        let inputs = self.inputs.into_iter().zip(inputs.map(Into::into)).collect();
        let mut outputs = self
            .pools
            .lend(|options| self.model.run(inputs, &[self.output], Some(options)))
            .map_err(|source| Error::Run { model: self.name, source })?;
        outputs.pop().and_then(|output| output.try_into().ok()).ok_or(Error::Output { model: self.name })
    }
}
