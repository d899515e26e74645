//! Which of the configurations that a microphone offers to ask for.

use cpal::{
    BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange,
};

use super::buffering::PieceLength;
use crate::window::SampleRate;

/// What to ask a microphone for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// How samples are sent.
    pub format: SampleFormat,
    /// How many, and how many at once.
    pub config: StreamConfig,
}

/// Rates that hardware has, where a range includes them.
const USUAL: [u32; 2] = [48_000, 44_100];
/// No hardware is faster: what offers more converts rates, and ALSA's own way to convert lets through what a lower
/// rate cannot hold.
const FASTEST: u32 = 768_000;
/// Sound that has to be resampled by other than a whole number costs more, as if the rate were this much higher.
const UNEVEN: u64 = 5;
const EVEN: u64 = 4;

/// The cheapest configuration whose rate is at least `wanted`: the same rate or the next that is offered, and few
/// channels. If all are slower, the fastest. `None` if there is none that can be read.
pub fn cheapest(
    offers: &[SupportedStreamConfigRange],
    wanted: SampleRate,
    piece: PieceLength,
) -> Option<Choice> {
    let candidates = offers.iter().flat_map(|offer| {
        let loss = loss(offer.sample_format())?;
        Some(rates(offer, wanted.hz()).into_iter().map(move |rate| {
            let missing = wanted.hz().saturating_sub(rate);
            let key = (missing, effort(rate, wanted.hz()), offer.channels(), loss);
            (key, rate, offer)
        }))
    });
    let (_, rate, offer) = candidates.flatten().min_by_key(|(key, ..)| *key)?;
    Some(Choice {
        format: offer.sample_format(),
        config: StreamConfig {
            channels: offer.channels(),
            sample_rate: rate,
            buffer_size: buffer(*offer.buffer_size(), piece.samples(rate)),
        },
    })
}

/// Which formats are better than others of the same rate; `None` for those that cannot be read.
pub fn loss(format: SampleFormat) -> Option<u8> {
    match format {
        SampleFormat::I16 => Some(0),
        SampleFormat::F32 | SampleFormat::I32 | SampleFormat::I24 => Some(1),
        SampleFormat::F64 | SampleFormat::I64 => Some(2),
        SampleFormat::U16 | SampleFormat::U24 | SampleFormat::U32 | SampleFormat::U64 => Some(3),
        SampleFormat::I8 | SampleFormat::U8 => Some(4),
        // Streams of single bits are no samples.
        _ => None,
    }
}

fn rates(offer: &SupportedStreamConfigRange, wanted: u32) -> Vec<u32> {
    let (least, most) = (offer.min_sample_rate(), offer.max_sample_rate());
    let converts = most > FASTEST && wanted <= USUAL[0] && offer.contains_rate(USUAL[0]);
    if converts {
        return vec![USUAL[0]];
    }
    let nearest = wanted.clamp(least, most.max(least));
    let usual = USUAL.into_iter().filter(|&rate| offer.contains_rate(rate));
    usual.chain([nearest]).collect()
}

fn effort(rate: u32, wanted: u32) -> u64 {
    let share = if rate.is_multiple_of(wanted.max(1)) {
        EVEN
    } else {
        UNEVEN
    };
    u64::from(rate) * share
}

fn buffer(offered: SupportedBufferSize, samples: u32) -> BufferSize {
    match offered {
        SupportedBufferSize::Range { min, max } if min <= max => {
            BufferSize::Fixed(samples.clamp(min.max(1), max.max(1)))
        }
        _ => BufferSize::Default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: PieceLength = PieceLength::SHORTEST;

    fn offer(channels: u16, rates: (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
        let buffer = SupportedBufferSize::Range { min: 64, max: 4096 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffer, format)
    }

    fn choose(offers: &[SupportedStreamConfigRange], wanted: u32) -> (u32, u16, SampleFormat) {
        let choice = cheapest(offers, SampleRate::new(wanted).unwrap(), PIECE).unwrap();
        (
            choice.config.sample_rate,
            choice.config.channels,
            choice.format,
        )
    }

    #[test]
    fn the_same_rate_is_best_then_a_multiple_then_the_next_higher() {
        let at = |rates: &[u32]| -> Vec<_> {
            let one = |&rate| offer(2, (rate, rate), SampleFormat::I16);
            rates.iter().map(one).collect()
        };
        assert_eq!(choose(&at(&[8000, 16_000, 48_000]), 16_000).0, 16_000);
        assert_eq!(choose(&at(&[8000, 44_100, 48_000]), 16_000).0, 48_000);
        assert_eq!(choose(&at(&[22_050, 44_100, 48_000]), 16_000).0, 22_050);
        assert_eq!(
            choose(&at(&[8000, 11_025]), 16_000).0,
            11_025,
            "too slow, but the best"
        );
        assert_eq!(
            choose(&[offer(1, (8000, 192_000), SampleFormat::I16)], 16_000).0,
            16_000
        );
    }

    #[test]
    fn what_claims_every_rate_converts_and_is_asked_for_that_of_hardware() {
        let every = [offer(1, (4000, u32::MAX), SampleFormat::I16)];
        assert_eq!(choose(&every, 16_000).0, 48_000);
        assert_eq!(choose(&every, 96_000).0, 96_000);
    }

    #[test]
    fn few_channels_and_good_formats_are_preferred_and_unreadable_ones_left_out() {
        let rate = (48_000, 48_000);
        let offers = [
            offer(2, rate, SampleFormat::I16),
            offer(1, rate, SampleFormat::U8),
            offer(1, rate, SampleFormat::F32),
            offer(1, rate, SampleFormat::DsdU8),
        ];
        assert_eq!(choose(&offers, 16_000), (48_000, 1, SampleFormat::F32));
        let wanted = SampleRate::new(16_000).unwrap();
        assert_eq!(cheapest(&offers[3..], wanted, PIECE), None);
        assert_eq!(cheapest(&[], wanted, PIECE), None);
    }

    #[test]
    fn pieces_are_long_where_the_device_allows() {
        let of = |buffer| super::buffer(buffer, 2400);
        let range = |min, max| SupportedBufferSize::Range { min, max };
        assert_eq!(of(range(64, 8192)), BufferSize::Fixed(2400));
        assert_eq!(of(range(64, 1024)), BufferSize::Fixed(1024));
        assert_eq!(of(SupportedBufferSize::Unknown), BufferSize::Default);
    }
}
