//! Material for tests, made in no time.

use super::Material;
use super::mnist::Handwriting;
use super::recording::Recording;

/// Six speakers whose words are tones of their own pitch, and images with one bright dot.
pub fn material() -> Material {
    let mut words = Vec::new();
    for (who, speaker) in ["ann", "bob", "cas", "dee", "eve", "fay"]
        .into_iter()
        .enumerate()
    {
        for digit in 0..10 {
            for index in 0..6 {
                let step = 0.2 + 0.2 * who as f32;
                let samples = (0..2400 + 10 * digit)
                    .map(|i| (i as f32 * step).sin())
                    .collect();
                words.push(Recording {
                    digit,
                    speaker: speaker.to_owned(),
                    index,
                    samples,
                });
            }
        }
    }
    let digits: Vec<u8> = (0..90).map(|i| i % 10).collect();
    let images = (0..90).map(|i| {
        let mut image = [0; 784];
        image[200 + i] = 255;
        image
    });
    Material {
        words,
        handwriting: Handwriting {
            images: images.collect(),
            digits,
        },
        image_splits: [0..30, 30..60, 60..90],
        further_words: Vec::new(),
        further_handwriting: Handwriting::default(),
        provenance: "tones and dots".to_owned(),
    }
}
