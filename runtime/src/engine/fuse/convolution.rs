//! Convolutions without padding, one behind the other.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

use super::scratch;
use super::tile::{Columns, GROUP, Product, Rows, Starts, pack, packs_well};
use super::values;

/// Most pixels that a convolution gives, each of which has its place in a list: a picture of 1024×1024.
const MOST_PIXELS: usize = 1 << 20;

/// One convolution, and what becomes of its sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stage {
    /// Rows, columns and channels that it reads.
    input: [usize; 3],
    /// Rows and columns of a patch.
    kernel: [usize; 2],
    /// Rows, columns and channels that it gives.
    pub output: [usize; 3],
    /// Whether what is below zero becomes zero.
    rectified: bool,
    /// As [`pack`] gives them.
    weights: Arc<Tensor>,
    /// Up to a whole group of channels.
    bias: Arc<Tensor>,
    /// Where the patch of each output pixel begins.
    starts: Vec<usize>,
}

impl Stage {
    /// A stage over an input of so many rows, columns and channels, with weights `[output channels, input channels, rows,
    /// columns]`; `None` where the kernel does not fit.
    pub fn new(
        input: [usize; 3],
        weights: &Tensor,
        bias: &Tensor,
        strides: [usize; 2],
        rectified: bool,
    ) -> TractResult<Option<Self>> {
        let [rows, columns, channels] = input;
        let &[outputs, of, down, across] = weights.shape() else {
            return Ok(None);
        };
        let fits = of == channels && (1..=rows).contains(&down) && (1..=columns).contains(&across);
        let biases = values(bias)?;
        if !fits || outputs == 0 || channels == 0 || strides.contains(&0) {
            return Ok(None);
        }
        let kernel = [down, across];
        let grid = [
            (rows - down) / strides[0] + 1,
            (columns - across) / strides[1] + 1,
        ];
        let numbers = values(weights)?;
        let steps = down * across * channels;
        if !packs_well(outputs, steps) || grid[0] * grid[1] > MOST_PIXELS {
            return Ok(None);
        }
        // A patch is read line by line, pixel by pixel, channel by channel.
        let packed = pack(outputs, steps, |output, step| {
            let (place, channel) = (step / channels, step % channels);
            numbers[(output * channels + channel) * down * across + place]
        });
        let mut all = match biases {
            [one] => vec![*one; outputs],
            many if many.len() == outputs => many.to_vec(),
            _ => return Ok(None),
        };
        all.resize(outputs.next_multiple_of(GROUP), 0.0);
        let starts = (0..grid[0])
            .flat_map(|row| (0..grid[1]).map(move |column| (row, column)))
            .map(|(row, column)| (row * strides[0] * columns + column * strides[1]) * channels)
            .collect();
        Ok(Some(Self {
            input,
            kernel,
            output: [grid[0], grid[1], outputs],
            rectified,
            weights: Arc::new(tensor1(&packed)),
            bias: Arc::new(tensor1(&all)),
            starts,
        }))
    }

    fn run(&self, input: &[f32], output: &mut [f32]) -> TractResult<()> {
        let [_, columns, channels] = self.input;
        Product {
            rows: Rows {
                values: input,
                starts: Starts::At(&self.starts),
                lines: self.kernel[0],
                stride: columns * channels,
                run: self.kernel[1] * channels,
            },
            columns: Columns {
                packed: values(&self.weights)?,
                count: self.output[2],
            },
            bias: values(&self.bias)?,
            rectified: self.rectified,
            output,
            output_stride: self.output[2],
        }
        .run();
        Ok(())
    }
}

/// Convolutions of pictures `[pictures, channels, rows, columns]`, each of what the one before gives; the last gives `[pictures,
/// rows, columns, channels]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Convolutions {
    pub stages: Vec<Stage>,
}

impl Op for Convolutions {
    fn name(&self) -> StaticName {
        "EvenkeelConvolutions".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Convolutions {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let (first, last) = match self.stages.as_slice() {
            [first, .., last] => (first, last),
            [only] => (only, only),
            [] => bail!("convolutions without a stage"),
        };
        let pictures = input.shape()[0];
        let [rows, columns, channels] = last.output;
        let mut output = Tensor::zero::<f32>(&[pictures, rows, columns, channels])?;
        let mut view = output.try_as_plain_ram_mut()?;
        let given = view.as_slice_mut::<f32>()?;
        let read = first.input.iter().product();
        let written = last.output.iter().product();
        let largest = self
            .stages
            .iter()
            .map(|stage| stage.output.iter().product());
        let most = largest.max().unwrap_or(0).max(read);
        let mut pixels = scratch::filled(most, 0.0);
        let mut next = scratch::filled(most, 0.0);
        let pairs = values(&input)?
            .chunks_exact(read)
            .zip(given.chunks_exact_mut(written));
        for (planes, given) in pairs {
            side_by_side(planes, first.input[2], &mut pixels[..read]);
            let (last, before) = self.stages.split_last().context("no stage")?;
            for stage in before {
                stage.run(&pixels, &mut next)?;
                std::mem::swap(&mut pixels, &mut next);
            }
            last.run(&pixels, given)?;
        }
        Ok(tvec![output.into_tvalue()])
    }
}

/// Planes of one channel each to pixels whose channels lie side by side.
fn side_by_side(planes: &[f32], channels: usize, pixels: &mut [f32]) {
    if channels == 1 {
        pixels.copy_from_slice(planes);
        return;
    }
    let size = planes.len() / channels;
    for (at, pixel) in pixels.chunks_exact_mut(channels).enumerate() {
        for (channel, value) in pixel.iter_mut().enumerate() {
            *value = planes[channel * size + at];
        }
    }
}

impl TypedOp for Convolutions {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let last = self.stages.last().context("convolutions without a stage")?;
        let [rows, columns, channels] = last.output.map(|size| size.to_dim());
        let shape = [inputs[0].shape[0].clone(), rows, columns, channels];
        Ok(tvec![f32::fact(shape)])
    }

    as_op!();
}
