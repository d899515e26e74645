//! The time that the files of a package carry, so that the same release gives the same bytes.

use std::env;

use anyhow::{Context, Result};
use evenkeel_release::Version;
use time::{Date, OffsetDateTime};

/// A second, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(OffsetDateTime);

impl Moment {
    /// That of `SOURCE_DATE_EPOCH`, which is for packages that can be made again
    /// (<https://reproducible-builds.org/specs/source-date-epoch/>), or else that in the number of the release.
    ///
    /// # Errors
    /// When that is no time, or neither is the number.
    pub fn find(number: Version) -> Result<Self> {
        match env::var_os("SOURCE_DATE_EPOCH") {
            Some(text) => text
                .to_str()
                .and_then(|text| text.parse().ok())
                .and_then(Self::from_unix)
                .with_context(|| {
                    format!("SOURCE_DATE_EPOCH is no number of seconds since 1970: {text:?}")
                }),
            None => Self::of(number).with_context(|| {
                format!(
                    "the number of the release, {number}, is no time as 20261125043310 is: set SOURCE_DATE_EPOCH to the seconds since 1970 that the files of the package are to carry"
                )
            }),
        }
    }

    /// In the number of a release: year, month, day, hour, minute, second.
    fn of(number: Version) -> Option<Self> {
        let mut rest = number.0;
        let mut two = || {
            let digits = u8::try_from(rest % 100).ok();
            rest /= 100;
            digits
        };
        let (second, minute, hour, day, month) = (two()?, two()?, two()?, two()?, two()?);
        // Nothing here is older, and packages with older files are taken for broken.
        let year = i32::try_from(rest).ok().filter(|year| *year >= 2000)?;
        let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
        let time = date.with_hms(hour, minute, second).ok()?;
        Some(Self(time.assume_utc()))
    }

    fn from_unix(seconds: u64) -> Option<Self> {
        let seconds = i64::try_from(seconds).ok()?;
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Seconds since 1970.
    pub fn unix(self) -> u64 {
        u64::try_from(self.0.unix_timestamp()).unwrap_or(0)
    }

    /// As changelogs have it (RFC 5322): `Wed, 25 Nov 2026 04:33:10 +0000`.
    pub fn mail_date(self) -> String {
        let weekday = self.0.weekday().to_string();
        let month = self.0.month().to_string();
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
            &weekday[..3],
            self.0.day(),
            &month[..3],
            self.0.year(),
            self.0.hour(),
            self.0.minute(),
            self.0.second()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_release_is_a_time_and_other_numbers_are_none() {
        let moment = Moment::of(Version(20_261_125_043_310)).unwrap();
        // As `date -u -d '2026-11-25 04:33:10' +%s` has it.
        assert_eq!(moment.unix(), 1_795_581_190);
        assert_eq!(Moment::from_unix(1_795_581_190), Some(moment));
        assert_eq!(moment.mail_date(), "Wed, 25 Nov 2026 04:33:10 +0000");
        for number in [0, 7, 20_261_325_043_310, 20_261_125_243_310, u64::MAX] {
            assert_eq!(Moment::of(Version(number)), None, "{number}");
        }
    }
}
