//! Handwritten digits of 8×8 pixels: another continent's hands, another scanner than MNIST's.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use flate2::read::GzDecoder;
use image::GrayImage;
use image::imageops::{FilterType, replace, resize};

use super::ink::{INK_SIDE, Ink};
use super::mnist::Handwriting;
use crate::data::fetch::wheel;

/// Where the images lie in the Python package.
const MEMBER: &str = "sklearn/datasets/data/digits.csv.gz";
/// Rows and columns of an image.
const SIDE: u32 = 8;
/// The largest value of a pixel.
const MOST_INK: u8 = 16;
/// Rows and columns that the digit fills on the square of ink, as in MNIST.
const FILLED: u32 = 20;

/// The 1,797 images in the Python package at `path`, as ink on squares of 28×28.
///
/// # Errors
/// When the package cannot be read or holds something else.
pub fn read(path: &Path) -> anyhow::Result<Handwriting> {
    let table = wheel::file(path, MEMBER)?;
    let context = || format!("{MEMBER} in {} is not what it should be", path.display());
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(GzDecoder::new(Cursor::new(table)));
    let mut handwriting = Handwriting::default();
    for line in lines.deserialize() {
        let numbers: Vec<f32> = line.with_context(context)?;
        let [pixels @ .., digit] = &numbers[..] else {
            bail!(context());
        };
        let fits = |most: u8| move |value: &f32| (0.0..=f32::from(most)).contains(value);
        ensure!(
            pixels.len() == (SIDE * SIDE) as usize
                && pixels.iter().all(fits(MOST_INK))
                && fits(9)(digit),
            context()
        );
        handwriting.images.push(enlarge(pixels));
        handwriting.digits.push(*digit as u8);
    }
    Ok(handwriting)
}

/// An image of [`SIDE`]×[`SIDE`] as ink.
fn enlarge(pixels: &[f32]) -> Ink {
    let scale = 255.0 / f32::from(MOST_INK);
    let bytes = pixels.iter().map(|&pixel| (pixel * scale) as u8).collect();
    let small = GrayImage::from_raw(SIDE, SIDE, bytes).expect("one byte a pixel");
    let large = resize(&small, FILLED, FILLED, FilterType::CatmullRom);
    let mut square = GrayImage::new(INK_SIDE as u32, INK_SIDE as u32);
    let margin = i64::from((INK_SIDE as u32 - FILLED) / 2);
    replace(&mut square, &large, margin, margin);
    let bytes = square.into_raw();
    bytes.try_into().expect("the square is of that size")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn package(folder: &Path, table: &str) -> std::path::PathBuf {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(table.as_bytes()).unwrap();
        let path = folder.join("package.whl");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(MEMBER, options).unwrap();
        zip.write_all(&gzip.finish().unwrap()).unwrap();
        zip.finish().unwrap();
        path
    }

    #[test]
    fn an_image_of_sixty_four_numbers_fills_the_middle_of_a_square() {
        let folder = tempfile::tempdir().unwrap();
        let image = |ink: &str| [ink; 64].join(",");
        let table = format!("{},3\n{},7\n", image("16"), image("0"));
        let handwriting = read(&package(folder.path(), &table)).unwrap();
        assert_eq!(handwriting.digits, [3, 7]);
        let full = &handwriting.images[0];
        assert_eq!((full[0], full[14 * INK_SIDE + 14]), (0, 255));
        assert_eq!(full.iter().filter(|&&ink| ink > 250).count(), 400);
        assert!(handwriting.images[1].iter().all(|&ink| ink == 0));
    }

    #[test]
    fn a_table_of_something_else_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for table in ["1,2,3\n", "a,b\n", &format!("{}0,3\n", "17,".repeat(63))] {
            let error = read(&package(folder.path(), table)).unwrap_err();
            assert!(format!("{error:#}").contains("package.whl"), "{error:#}");
        }
    }
}
