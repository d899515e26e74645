//! Samples of any format and number of channels as mono sound.

use cpal::{Data, FromSample, I24, SampleFormat, SizedSample, U24};

/// Calls `take` once for each instant of the sound in `data`, with the mean of its channels, full scale −1..1.
/// A sample that is no number is silence.
///
/// Returns `false` for a format that is no sequence of samples.
pub fn mix(data: &Data, channels: usize, take: impl FnMut(f32)) -> bool {
    match data.sample_format() {
        SampleFormat::I8 => mix_as::<i8>(data, channels, take),
        SampleFormat::I16 => mix_as::<i16>(data, channels, take),
        SampleFormat::I24 => mix_as::<I24>(data, channels, take),
        SampleFormat::I32 => mix_as::<i32>(data, channels, take),
        SampleFormat::I64 => mix_as::<i64>(data, channels, take),
        SampleFormat::U8 => mix_as::<u8>(data, channels, take),
        SampleFormat::U16 => mix_as::<u16>(data, channels, take),
        SampleFormat::U24 => mix_as::<U24>(data, channels, take),
        SampleFormat::U32 => mix_as::<u32>(data, channels, take),
        SampleFormat::U64 => mix_as::<u64>(data, channels, take),
        SampleFormat::F32 => mix_as::<f32>(data, channels, take),
        SampleFormat::F64 => mix_as::<f64>(data, channels, take),
        _ => false,
    }
}

fn mix_as<T>(data: &Data, channels: usize, take: impl FnMut(f32)) -> bool
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let Some(samples) = data.as_slice::<T>() else {
        return false;
    };
    mean(samples, channels).for_each(take);
    true
}

fn mean<T>(samples: &[T], channels: usize) -> impl Iterator<Item = f32>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let share = 1.0 / channels.max(1) as f32;
    samples.chunks_exact(channels.max(1)).map(move |instant| {
        let sum: f32 = instant
            .iter()
            .map(|&sample| finite(sample.to_sample()))
            .sum();
        share * sum
    })
}

fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed<T>(samples: &[T], channels: usize) -> Vec<f32>
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        mean(samples, channels).collect()
    }

    #[test]
    fn every_format_has_the_same_scale() {
        let half = [0.5, -0.5, 0.0];
        assert_eq!(mixed(&[0x4000_i16, -0x4000, 0], 1), half);
        assert_eq!(mixed(&[0x40_i8, -0x40, 0], 1), half);
        assert_eq!(mixed(&[1_i32 << 30, -(1 << 30), 0], 1), half);
        assert_eq!(mixed(&[192_u8, 64, 128], 1), half);
        assert_eq!(mixed(&[0xc000_u16, 0x4000, 0x8000], 1), half);
        assert_eq!(mixed(&[0.5_f64, -0.5, 0.0], 1), half);
        let i24 = [1 << 22, -(1 << 22), 0].map(|value| I24::new(value).unwrap());
        assert_eq!(mixed(&i24, 1), half);
    }

    #[test]
    fn channels_are_averaged_and_what_is_no_number_is_silence() {
        assert_eq!(mixed(&[0.5_f32, 0.1, -1.0, 1.0], 2), [0.3, 0.0]);
        assert_eq!(mixed(&[f32::NAN, 0.5, f32::INFINITY, 0.0], 2), [0.25, 0.0]);
    }
}
