//! Pictures as cameras send them, turned into RGB and made smaller on the way.

use std::fmt;

/// How the bytes of a picture that is not compressed are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// Two pixels in four bytes: Y, U, Y, V.
    Yuyv,
    /// All Y; then U and V in turn, one pair for four pixels.
    Nv12,
    /// All Y; then all U; then all V, one of each for four pixels.
    Yuv420,
    /// One byte a pixel.
    Grey,
    /// Red, green and blue.
    Rgb,
}

impl PixelFormat {
    /// Whether it shows colours.
    #[cfg(feature = "sensors")]
    pub fn has_colour(self) -> bool {
        self != PixelFormat::Grey
    }

    /// Bytes of one row of the first plane.
    fn row(self, width: usize) -> usize {
        match self {
            PixelFormat::Yuyv => 2 * width,
            PixelFormat::Nv12 | PixelFormat::Yuv420 | PixelFormat::Grey => width,
            PixelFormat::Rgb => 3 * width,
        }
    }

    /// Columns and rows that share a colour.
    fn shared(self) -> (usize, usize) {
        match self {
            PixelFormat::Yuyv => (2, 1),
            PixelFormat::Nv12 | PixelFormat::Yuv420 => (2, 2),
            PixelFormat::Grey | PixelFormat::Rgb => (1, 1),
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PixelFormat::Yuyv => "YUYV",
            PixelFormat::Nv12 => "NV12",
            PixelFormat::Yuv420 => "YUV 4:2:0",
            PixelFormat::Grey => "GREY",
            PixelFormat::Rgb => "RGB",
        })
    }
}

/// Larger than the pictures of any camera.
const MOST_SIDE: u32 = 16_384;

/// Where the pixels of a picture lie among its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    format: PixelFormat,
    width: usize,
    height: usize,
    /// Bytes from one row of the first plane to the next.
    stride: usize,
}

impl Layout {
    /// Without space between rows.
    ///
    /// # Errors
    /// When a side is zero, absurdly long, or odd where pixels share their colour.
    pub fn packed(format: PixelFormat, width: u32, height: u32) -> Result<Self, String> {
        let sides = 1..=MOST_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(format!(
                "{width}×{height} is no size of a picture; both must be 1 to {MOST_SIDE}"
            ));
        }
        let (width, height) = (width as usize, height as usize);
        let (columns, rows) = format.shared();
        if width % columns != 0 || height % rows != 0 {
            return Err(format!(
                "{width}×{height} must be even for {format}, whose pixels share their colour"
            ));
        }
        Ok(Self {
            format,
            width,
            height,
            stride: format.row(width),
        })
    }

    /// The same with `stride` bytes from row to row, if that is more than a row has.
    #[cfg(feature = "sensors")]
    pub fn with_stride(self, stride: u32) -> Self {
        Self {
            stride: self.stride.max(stride as usize),
            ..self
        }
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width as u32
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height as u32
    }

    /// How the bytes are arranged.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// The least bytes that hold a whole picture.
    pub fn bytes(&self) -> usize {
        let last_row = self.format.row(self.width);
        match self.format {
            PixelFormat::Yuyv | PixelFormat::Grey | PixelFormat::Rgb => {
                self.stride * (self.height - 1) + last_row
            }
            PixelFormat::Nv12 => {
                self.stride * self.height + self.stride * (self.height / 2 - 1) + last_row
            }
            PixelFormat::Yuv420 => {
                let (first, other) = (self.stride * self.height, self.stride / 2);
                first + 2 * other * (self.height / 2 - 1) + other + last_row / 2
            }
        }
    }

    /// Columns and rows after each square of `factor` by `factor` pixels has become one.
    fn reduced(&self, factor: usize) -> (usize, usize) {
        let side = |pixels: usize| (pixels / factor).max(1);
        (side(self.width), side(self.height))
    }
}

/// Turns pictures into RGB, keeping its memory from one to the next.
#[derive(Debug, Default)]
pub struct Converter {
    /// Per column of the result, the sum over the pixels that become one.
    sums: Vec<[u32; 3]>,
}

impl Converter {
    /// Puts the picture in `bytes` into `rgb`, each square of `factor` by `factor` pixels averaged into one;
    /// returns columns and rows. `None` if there are too few bytes.
    pub fn convert(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        factor: usize,
        rgb: &mut Vec<u8>,
    ) -> Option<(u32, u32)> {
        if bytes.len() < layout.bytes() {
            return None;
        }
        let factor = factor.clamp(1, layout.width.min(layout.height));
        let (width, height) = layout.reduced(factor);
        rgb.clear();
        rgb.reserve(3 * width * height);
        for row in 0..height {
            self.sums.clear();
            self.sums.resize(width, [0; 3]);
            for source in row * factor..(row + 1) * factor {
                add_row(layout, bytes, source, factor, &mut self.sums);
            }
            let count = (factor * factor) as u32;
            let is_rgb = matches!(layout.format, PixelFormat::Rgb | PixelFormat::Grey);
            for sums in &self.sums {
                let mean = sums.map(|sum| ((sum + count / 2) / count) as u8);
                rgb.extend(if is_rgb { mean } else { rgb_of_yuv(mean) });
            }
        }
        Some((width as u32, height as u32))
    }
}

/// Adds one row of the source to the sums of the columns that it becomes part of.
fn add_row(layout: &Layout, bytes: &[u8], row: usize, factor: usize, sums: &mut [[u32; 3]]) {
    let &Layout {
        format,
        width,
        height,
        stride,
    } = layout;
    let first = &bytes[row * stride..][..format.row(width)];
    match format {
        PixelFormat::Rgb => add(sums, factor, |x| {
            [first[3 * x], first[3 * x + 1], first[3 * x + 2]]
        }),
        PixelFormat::Grey => add(sums, factor, |x| [first[x]; 3]),
        PixelFormat::Yuyv => add(sums, factor, |x| {
            let pair = x / 2 * 4;
            [first[2 * x], first[pair + 1], first[pair + 3]]
        }),
        PixelFormat::Nv12 => {
            let pairs = &bytes[stride * height + row / 2 * stride..][..width];
            add(sums, factor, |x| {
                let pair = x / 2 * 2;
                [first[x], pairs[pair], pairs[pair + 1]]
            });
        }
        PixelFormat::Yuv420 => {
            let (stride_2, rows_2) = (stride / 2, height / 2);
            let u_plane = &bytes[stride * height..];
            let u = &u_plane[row / 2 * stride_2..][..width / 2];
            let v = &u_plane[(rows_2 + row / 2) * stride_2..][..width / 2];
            add(sums, factor, |x| [first[x], u[x / 2], v[x / 2]]);
        }
    }
}

fn add(sums: &mut [[u32; 3]], factor: usize, pixel: impl Fn(usize) -> [u8; 3]) {
    for (column, sum) in sums.iter_mut().enumerate() {
        for x in column * factor..(column + 1) * factor {
            let values = pixel(x);
            for channel in 0..3 {
                sum[channel] += u32::from(values[channel]);
            }
        }
    }
}

/// ITU-R BT.601-7: luma from 16 to 235 and colour differences from 16 to 240 around 128 (section 2.5.3);
/// R = Y + 1.402 C_R, B = Y + 1.772 C_B, and G from Y = 0.299 R + 0.587 G + 0.114 B (section 2.5.1).
/// In units of 1/65536.
fn rgb_of_yuv([y, u, v]: [u8; 3]) -> [u8; 3] {
    const LUMA: i32 = (65_536.0 * 255.0 / 219.0) as i32;
    const DIFFERENCE: f64 = 65_536.0 * 255.0 / 224.0;
    const RED: i32 = (1.402 * DIFFERENCE) as i32;
    const BLUE: i32 = (1.772 * DIFFERENCE) as i32;
    const GREEN_OF_RED: i32 = (1.402 * 0.299 / 0.587 * DIFFERENCE) as i32;
    const GREEN_OF_BLUE: i32 = (1.772 * 0.114 / 0.587 * DIFFERENCE) as i32;
    let luma = LUMA * (i32::from(y) - 16) + 32_768;
    let (cb, cr) = (i32::from(u) - 128, i32::from(v) - 128);
    [
        luma + RED * cr,
        luma - GREEN_OF_RED * cr - GREEN_OF_BLUE * cb,
        luma + BLUE * cb,
    ]
    .map(|value| (value >> 16).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(layout: Layout, bytes: &[u8], factor: usize) -> (u32, u32, Vec<u8>) {
        let mut rgb = vec![9; 5];
        let (width, height) = Converter::default()
            .convert(&layout, bytes, factor, &mut rgb)
            .unwrap();
        (width, height, rgb)
    }

    /// Y, U and V of the 100 % colour bars of BT.601, and their RGB.
    const BARS: [([u8; 3], [u8; 3]); 6] = [
        ([235, 128, 128], [255, 255, 255]),
        ([16, 128, 128], [0, 0, 0]),
        ([81, 90, 240], [255, 0, 0]),
        ([145, 54, 34], [0, 255, 0]),
        ([41, 240, 110], [0, 0, 255]),
        ([170, 166, 16], [0, 255, 255]),
    ];

    #[test]
    fn colour_bars_come_out_as_their_colours_in_every_format() {
        for ([y, u, v], rgb) in BARS {
            let sources = [
                (PixelFormat::Yuyv, vec![y, u, y, v, y, u, y, v]),
                (PixelFormat::Nv12, vec![y, y, y, y, u, v]),
                (PixelFormat::Yuv420, vec![y, y, y, y, u, v]),
            ];
            for (format, bytes) in sources {
                let layout = Layout::packed(format, 2, 2).unwrap();
                assert_eq!(layout.bytes(), bytes.len(), "{format}");
                let (_, _, found) = convert(layout, &bytes, 1);
                assert_eq!(found.len(), 12);
                for (found, wanted) in found.iter().zip(rgb.iter().cycle()) {
                    assert!(found.abs_diff(*wanted) <= 2, "{format} {rgb:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn pixels_keep_their_places_and_padding_is_passed_over() {
        // Two pixels of black and white, three bytes of padding, two rows.
        let bytes = [16, 128, 235, 128, 7, 7, 7, 235, 128, 16, 128];
        let layout = Layout::packed(PixelFormat::Yuyv, 2, 2).unwrap();
        let padded = Layout {
            stride: 7,
            ..layout
        };
        assert_eq!(padded.bytes(), bytes.len());
        let (_, _, rgb) = convert(padded, &bytes, 1);
        assert_eq!(rgb, [0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0]);

        let planes: Vec<u8> = [vec![126; 16], vec![54, 240, 54, 240], vec![128; 4]].concat();
        let layout = Layout::packed(PixelFormat::Yuv420, 4, 4).unwrap();
        let (_, _, rgb) = convert(layout, &planes, 1);
        let blue: Vec<u8> = rgb.iter().skip(2).step_by(3).copied().collect();
        assert!(
            blue.chunks(4)
                .all(|row| row[..2] == [0, 0] && row[2..] == [255, 255]),
            "{blue:?}"
        );
    }

    #[test]
    fn squares_are_averaged_and_what_is_left_over_at_the_edges_is_dropped() {
        let layout = Layout::packed(PixelFormat::Grey, 5, 2).unwrap();
        let bytes = [10, 20, 100, 100, 255, 30, 40, 200, 200, 255];
        assert_eq!(
            convert(layout, &bytes, 2),
            (2, 1, vec![25, 25, 25, 150, 150, 150])
        );
        let rgb = Layout::packed(PixelFormat::Rgb, 2, 2).unwrap();
        let bytes = [0, 10, 20, 0, 10, 20, 4, 10, 24, 4, 10, 24];
        assert_eq!(convert(rgb, &bytes, 9), (1, 1, vec![2, 10, 22]));
    }

    #[test]
    fn a_picture_that_is_cut_short_is_refused_and_so_is_an_impossible_size() {
        let layout = Layout::packed(PixelFormat::Nv12, 4, 2).unwrap();
        let bytes = [0; 11];
        let nothing = Converter::default().convert(&layout, &bytes, 1, &mut Vec::new());
        assert_eq!(nothing, None);
        assert!(Layout::packed(PixelFormat::Yuv420, 5, 4).is_err());
        assert!(Layout::packed(PixelFormat::Rgb, 0, 4).is_err());
        assert!(Layout::packed(PixelFormat::Grey, 100_000, 4).is_err());
    }
}
