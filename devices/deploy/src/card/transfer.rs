//! Bytes from an image onto a card, and back.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Context, Result, bail};

use crate::size::size;

/// What is written and read at once. Cards erase in blocks of up to 4 MiB.
const BLOCK: usize = 4 << 20;

/// Writes an image of so many bytes. Tells `went` how many went each time.
///
/// # Errors
/// When the image cannot be read or is shorter, or the card does not take it.
pub fn copy(
    image: &mut dyn Read,
    card: &mut dyn Write,
    bytes: u64,
    went: &mut dyn FnMut(u64),
) -> Result<()> {
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    while done < bytes {
        let wanted = &mut block[..part(bytes - done)];
        image
            .read_exact(wanted)
            .context("the image cannot be read")?;
        card.write_all(wanted)
            .with_context(|| format!("the card does not take what is written at {}", size(done)))?;
        done += wanted.len() as u64;
        went(wanted.len() as u64);
    }
    Ok(())
}

/// Reads as many bytes back, and compares.
///
/// # Errors
/// When a byte is another one, or something cannot be read.
pub fn compare(
    image: &mut dyn Read,
    card: &mut dyn Read,
    bytes: u64,
    went: &mut dyn FnMut(u64),
) -> Result<()> {
    let (mut written, mut block) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut done = 0;
    while done < bytes {
        let count = part(bytes - done);
        let (written, read) = (&mut written[..count], &mut block[..count]);
        image
            .read_exact(written)
            .context("the image cannot be read")?;
        match card.read_exact(read) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                bail!(
                    "the card ends before {}, where it was written to",
                    size(done + count as u64)
                )
            }
            outcome => {
                outcome.with_context(|| format!("the card cannot be read at {}", size(done)))?
            }
        }
        if let Some(at) = written.iter().zip(&*read).position(|(a, b)| a != b) {
            bail!(
                "the card does not give back what was written: byte {} is another one; it is worn out, or not as large as it says",
                done + at as u64
            );
        }
        done += count as u64;
        went(count as u64);
    }
    Ok(())
}

fn part(left: u64) -> usize {
    usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Vec<u8> {
        (0..BLOCK + 1000).map(|i| (i / 7) as u8).collect()
    }

    #[test]
    fn what_is_written_is_the_image_and_every_byte_is_told_of() {
        let image = image();
        let (mut card, mut told) = (Vec::new(), 0);
        let bytes = image.len() as u64;
        copy(&mut &*image, &mut card, bytes, &mut |went| told += went).unwrap();
        assert!(card == image);
        compare(&mut &*image, &mut &*card, bytes, &mut |went| told += went).unwrap();
        assert_eq!(told, 2 * bytes);
    }

    #[test]
    fn an_altered_byte_and_a_card_that_ends_early_are_noticed() {
        let image = image();
        let bytes = image.len() as u64;
        let mut card = image.clone();
        card[BLOCK + 17] ^= 1;
        let error = compare(&mut &*image, &mut &*card, bytes, &mut |_| {}).unwrap_err();
        assert!(
            error.to_string().contains(&format!("byte {} ", BLOCK + 17)),
            "{error}"
        );
        let error = compare(&mut &*image, &mut &image[..BLOCK + 1], bytes, &mut |_| {});
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("the card ends before 4.2 MB")
        );
    }

    #[test]
    fn a_card_that_takes_no_more_says_where() {
        let image = image();
        let mut card = vec![0; BLOCK + 1];
        let error = copy(
            &mut &*image,
            &mut &mut card[..],
            image.len() as u64,
            &mut |_| {},
        );
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("at 4.2 MB"), "{error}");
        let error = copy(&mut &image[..9], &mut Vec::new(), 10, &mut |_| {}).unwrap_err();
        assert!(
            error.to_string().contains("image cannot be read"),
            "{error}"
        );
    }
}
