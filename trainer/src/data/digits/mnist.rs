//! Handwritten digits from IDX files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use flate2::read::GzDecoder;

use super::ink::{INK_SIDE, Ink};

/// Images and what they show, in the order of the files.
#[derive(Debug, Clone, Default)]
pub struct Handwriting {
    /// 28×28 pictures.
    pub images: Vec<Ink>,
    /// The digit of each, 0..=9.
    pub digits: Vec<u8>,
}

/// Reads a pair of gzipped IDX files: 28×28 images and their labels.
///
/// # Errors
/// When a file cannot be read or is not what its name says; the message names the file.
pub fn read(images: &Path, labels: &Path) -> anyhow::Result<Handwriting> {
    let (shape, pixels) = read_idx(images)?;
    ensure!(
        shape.len() == 3 && shape[1] == INK_SIDE && shape[2] == INK_SIDE,
        "{} holds an array of shape {shape:?}, not 28×28 images; get the file again",
        images.display()
    );
    let (label_shape, digits) = read_idx(labels)?;
    ensure!(
        label_shape == [shape[0]] && digits.iter().all(|&digit| digit <= 9),
        "{} does not hold one digit for each image of {}; get both files again",
        labels.display(),
        images.display()
    );
    let images = pixels
        .chunks_exact(INK_SIDE * INK_SIDE)
        .map(|image| Ink::try_from(image).expect("chunks are of that size"))
        .collect();
    Ok(Handwriting { images, digits })
}

/// Shape and bytes of a gzipped IDX file of unsigned bytes.
fn read_idx(path: &Path) -> anyhow::Result<(Vec<usize>, Vec<u8>)> {
    /// More than any file of MNIST or its extensions; a broken header must not ask for all memory.
    const LARGEST: u64 = 1 << 30;
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} is not whole; get the file again", path.display()))?;
    let dimensions = match bytes.get(..4) {
        Some([0, 0, 8, dimensions @ 1..=3]) => usize::from(*dimensions),
        _ => bail!(
            "{} is not an IDX file of bytes; get the file again",
            path.display()
        ),
    };
    let header = 4 + 4 * dimensions;
    ensure!(
        bytes.len() >= header,
        "{} ends in its header; get the file again",
        path.display()
    );
    let shape: Vec<usize> = bytes[4..header]
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    let expected = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    ensure!(
        expected == Some(bytes.len() - header),
        "{} holds {} bytes where its header says {shape:?}; get the file again",
        path.display(),
        bytes.len() - header
    );
    bytes.drain(..header);
    Ok((shape, bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write_idx(path: &Path, shape: &[u32], bytes: &[u8]) {
        let mut out = vec![0, 0, 8, shape.len() as u8];
        for side in shape {
            out.extend(side.to_be_bytes());
        }
        out.extend(bytes);
        let file = File::create(path).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&out).unwrap();
        gzip.finish().unwrap();
    }

    #[test]
    fn reads_pairs_and_names_a_file_that_is_short() {
        let folder = tempfile::tempdir().unwrap();
        let (images, labels) = (
            folder.path().join("images.gz"),
            folder.path().join("labels.gz"),
        );
        let mut pixels = vec![0; 2 * 784];
        pixels[784] = 200;
        write_idx(&images, &[2, 28, 28], &pixels);
        write_idx(&labels, &[2], &[3, 9]);
        let both = read(&images, &labels).unwrap();
        assert_eq!(both.digits, [3, 9]);
        assert_eq!((both.images[0][0], both.images[1][0]), (0, 200));

        write_idx(&images, &[3, 28, 28], &pixels);
        let error = read(&images, &labels).unwrap_err().to_string();
        assert!(
            error.contains("images.gz") && error.contains("get the file again"),
            "{error}"
        );
    }
}
