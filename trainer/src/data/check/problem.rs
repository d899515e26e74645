//! What can be wrong with clips.

use serde::{Serialize, Serializer};

/// Something that is wrong, with all clips that it is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: Kind,
    /// One sentence on what is wrong.
    pub title: String,
    /// One sentence on what to do.
    pub advice: &'static str,
    /// A line for each clip, or each set of clips, that it concerns.
    pub clips: Vec<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It spoils the training or its figures.
    Error,
    /// It may be meant, or does little harm.
    Warning,
}

/// What kind of problem, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A clip cannot be read.
    Unreadable,
    /// Training would not begin.
    Refused,
    /// The same clip is in two splits.
    Leak,
    /// The same clip is in two classes.
    TwoLabels,
    /// The same clip is there twice.
    Duplicate,
    /// A clip is shorter than the window.
    Short,
    /// A clip that the list names is not there.
    Missing,
    /// What the data set itself says must be known.
    Caution,
    /// A sensor was not well.
    Unwell,
    /// A clip lacks the sensor that others have.
    Absent,
    /// A speaker is in two splits.
    SpeakerApart,
    /// Nobody says who speaks.
    NoSpeakers,
    /// There are speakers in a list that is not used.
    ListUnused,
    /// A class has few clips to learn from.
    FewClips,
    /// A class has far more clips than another.
    Unequal,
    /// A split has no clip of a class.
    NotMeasured,
    /// A sample rate that few clips have.
    OddRate,
    /// A size of pictures that few clips have.
    OddSize,
}

impl Kind {
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Kind::Unreadable | Kind::Refused | Kind::Leak | Kind::TwoLabels => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            kind: Kind,
            severity: Severity,
            title: &'a str,
            advice: &'a str,
            clips: &'a [String],
        }
        let written = Written {
            kind: self.kind,
            severity: self.kind.severity(),
            title: &self.title,
            advice: self.advice,
            clips: &self.clips,
        };
        written.serialize(serializer)
    }
}
