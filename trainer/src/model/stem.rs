//! Where the patches of a stem lie: from a picture or a spectrogram to tokens.

use candle_core::{Device, Result, Tensor, bail};

use super::Stem;
use super::backbone::side_by_side;
use crate::backbone::Plan;

/// One convolution of a stem, without padding, and the sizes around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `[channels, rows, columns]` of what it takes.
    pub input: [usize; 3],
    /// Rows and columns of a patch.
    pub kernel: [usize; 2],
    /// Rows and columns from one patch to the next.
    pub stride: [usize; 2],
    /// Channels that it gives.
    pub channels: usize,
    /// Patches down and across.
    pub grid: [usize; 2],
}

impl Stage {
    fn new(
        input: [usize; 3],
        kernel: [usize; 2],
        stride: [usize; 2],
        channels: usize,
    ) -> Result<Self> {
        let [_, rows, columns] = input;
        let fits = |size: usize, i: usize| kernel[i] > 0 && stride[i] > 0 && kernel[i] <= size;
        if !fits(rows, 0) || !fits(columns, 1) || channels == 0 || input[0] == 0 {
            bail!(
                "a stem with kernel {kernel:?}, stride {stride:?} and {channels} channels does not \
                 fit an input of {rows}×{columns} with {} channels",
                input[0]
            );
        }
        let steps = |size: usize, i: usize| (size - kernel[i]) / stride[i] + 1;
        Ok(Self {
            input,
            kernel,
            stride,
            channels,
            grid: [steps(rows, 0), steps(columns, 1)],
        })
    }

    /// Values in a patch.
    pub fn patch(&self) -> usize {
        self.input[0] * self.kernel[0] * self.kernel[1]
    }

    /// Patches in one picture.
    pub fn cells(&self) -> usize {
        self.grid[0] * self.grid[1]
    }
}

/// The convolutions of a stem, one behind the other; the last one gives the tokens.
///
/// The first reads pictures plane by plane, so its patches are ordered by channel, row, column. The
/// others read rows of channels, so theirs are ordered by row, column, channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StemLayout {
    /// The pre-trained network that reads the pictures, if there is one; the first stage reads what it gives, of which the
    /// channels lie side by side too.
    pub backbone: Option<Plan>,
    /// Pictures that are cut into patches one by one.
    pub pictures: usize,
    /// At least one.
    pub stages: Vec<Stage>,
}

impl StemLayout {
    /// The stem over an input `[pictures, channels, rows, columns]` that gives tokens of `width`.
    ///
    /// # Errors
    /// When a kernel is larger than what it reads, or a size is zero.
    pub fn new(input: [usize; 4], stem: &Stem, width: usize) -> Result<Self> {
        let [pictures, channels, rows, columns] = input;
        if pictures == 0 {
            bail!("a stem needs a picture");
        }
        let convolutions = stem
            .convolutions
            .iter()
            .map(|c| (c.kernel, c.stride, c.channels))
            .chain([(stem.kernel, stem.stride, width)]);
        let input = [channels, rows, columns];
        let backbone = match &stem.backbone {
            Some(spec) => Some(Plan::new(&spec.network.network(), spec.stages, input)?),
            None => None,
        };
        let mut stages: Vec<Stage> = Vec::new();
        let mut size = backbone.as_ref().map_or(input, Plan::output);
        for (kernel, stride, channels) in convolutions {
            let stage = Stage::new(size, kernel, stride, channels)?;
            size = [channels, stage.grid[0], stage.grid[1]];
            stages.push(stage);
        }
        Ok(Self {
            backbone,
            pictures,
            stages,
        })
    }

    /// Tokens per sample: every patch of the last stage in every picture, row by row.
    pub fn tokens(&self) -> usize {
        self.pictures * self.stages.last().map_or(0, Stage::cells)
    }

    /// The stage that reads the input.
    pub fn first(&self) -> &Stage {
        &self.stages[0]
    }

    /// Patches of the first stage per sample.
    pub fn patches(&self) -> usize {
        self.pictures * self.first().cells()
    }

    /// The patches that the first stage reads in some inputs `[pictures, channels, rows, columns]`, zeros where there is none:
    /// `[inputs · patches, patch]`.
    ///
    /// # Errors
    /// When an input has another size.
    pub fn cut<'a>(
        &self,
        inputs: impl ExactSizeIterator<Item = Option<&'a [f32]>>,
        device: &Device,
    ) -> Result<Tensor> {
        let patch = self.first().patch();
        let rows = inputs.len() * self.patches();
        let mut values = Vec::with_capacity(rows * patch);
        for input in inputs {
            self.extend(&mut values, input)?;
        }
        Tensor::from_vec(values, (rows, patch), device)
    }

    /// What a stem with a pre-trained network takes instead, zeros where there is none: the pixels of some inputs `[pictures,
    /// channels, rows, columns]` if the network is `tuned`, or what a frozen one has given: `[inputs · pixels, channels]`.
    ///
    /// # Errors
    /// When an input has another size.
    pub fn pixels<'a>(
        &self,
        inputs: impl ExactSizeIterator<Item = Option<&'a [f32]>>,
        tuned: bool,
        device: &Device,
    ) -> Result<Tensor> {
        let size = match &self.backbone {
            Some(plan) if tuned => plan.input(),
            _ => self.first().input,
        };
        let [channels, rows, columns] = size;
        let length = self.pictures * channels * rows * columns;
        let count = inputs.len();
        let mut values = Vec::with_capacity(count * length);
        for input in inputs {
            match input {
                None => values.resize(values.len() + length, 0.0),
                Some(input) if input.len() != length => bail!(
                    "features have {} values instead of {} times {size:?}",
                    input.len(),
                    self.pictures
                ),
                Some(input) if tuned => side_by_side(&mut values, input, size)?,
                Some(input) => values.extend_from_slice(input),
            }
        }
        Tensor::from_vec(values, (count * length / channels, channels), device)
    }

    /// Appends the patches that the first stage reads in one input to `out`; zeros if there is none.
    ///
    /// # Errors
    /// When the input has another size.
    pub fn extend(&self, out: &mut Vec<f32>, input: Option<&[f32]>) -> Result<()> {
        let stage = self.first();
        let Some(values) = input else {
            out.resize(out.len() + self.patches() * stage.patch(), 0.0);
            return Ok(());
        };
        let [channels, height, width] = stage.input;
        if values.len() != self.pictures * channels * height * width {
            bail!(
                "features have {} values instead of {} times {:?}",
                values.len(),
                self.pictures,
                stage.input
            );
        }
        let ([kernel_rows, kernel_columns], [down, across]) = (stage.kernel, stage.stride);
        for picture in 0..self.pictures {
            for (row, column) in
                (0..stage.grid[0]).flat_map(|r| (0..stage.grid[1]).map(move |c| (r, c)))
            {
                for channel in 0..channels {
                    let plane = (picture * channels + channel) * height;
                    for line in 0..kernel_rows {
                        let start = (plane + row * down + line) * width + column * across;
                        out.extend_from_slice(&values[start..start + kernel_columns]);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Convolution;
    use super::*;

    fn plain(kernel: [usize; 2], stride: [usize; 2]) -> Stem {
        Stem {
            backbone: None,
            vit: None,
            convolutions: Vec::new(),
            kernel,
            stride,
        }
    }

    #[test]
    fn overlapping_patches_in_the_order_of_a_convolution() {
        // Two channels of 2×3.
        let layout = StemLayout::new([1, 2, 2, 3], &plain([2, 2], [2, 1]), 4).unwrap();
        let mut out = Vec::new();
        let input: Vec<f32> = (0..12).map(|v| v as f32).collect();
        layout.extend(&mut out, Some(&input)).unwrap();
        assert_eq!((layout.tokens(), layout.first().patch()), (2, 8));
        assert_eq!(out[..8], [0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 9.0, 10.0]);
        assert_eq!(out[8..], [1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 10.0, 11.0]);
    }

    #[test]
    fn each_stage_reads_what_the_one_before_gives() {
        let stem = Stem {
            convolutions: vec![Convolution {
                channels: 3,
                kernel: [3, 3],
                stride: [2, 2],
            }],
            ..plain([2, 4], [2, 1])
        };
        let layout = StemLayout::new([2, 1, 9, 13], &stem, 5).unwrap();
        assert_eq!(layout.stages[0].grid, [4, 6]);
        assert_eq!(layout.stages[1].input, [3, 4, 6]);
        assert_eq!(layout.stages[1].grid, [2, 3]);
        assert_eq!((layout.tokens(), layout.patches()), (12, 48));
        assert_eq!(layout.stages[1].patch(), 24);
    }

    #[test]
    fn a_kernel_larger_than_the_input_is_refused() {
        assert!(StemLayout::new([1, 1, 2, 9], &plain([3, 2], [1, 1]), 4).is_err());
        assert!(StemLayout::new([0, 1, 3, 9], &plain([3, 2], [1, 1]), 4).is_err());
    }
}
