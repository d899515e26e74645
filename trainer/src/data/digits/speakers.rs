//! The voices of speech synthesisers that stand for people.

/// How often each speaker says each digit, each time a little differently.
pub const TAKES: u32 = 5;

/// A voice that stands for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// What it is called here.
    pub name: String,
    /// Who it is to the synthesiser.
    pub voice: Voice,
}

/// A voice as its synthesiser knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// Of espeak-ng.
    Espeak {
        /// Language and variant.
        voice: String,
        /// Base pitch, 0..99.
        pitch: u32,
        /// Words a minute.
        speed: u32,
    },
    /// Of flite.
    Flite {
        /// Its name.
        voice: &'static str,
    },
}

impl Voice {
    /// The program's arguments for take `take` of this voice, 0..[`TAKES`], without the word and the file.
    ///
    /// The first take is the voice's usual way; the others are slower, faster and, where the program can
    /// do that, higher and deeper.
    pub fn arguments(&self, take: u32) -> Vec<String> {
        let take = take as usize;
        match self {
            Voice::Espeak {
                voice,
                pitch,
                speed,
            } => {
                let [higher, faster] = [[0, 0], [8, -20], [-8, 20], [4, 35], [-4, -30]][take];
                let pitch = pitch.saturating_add_signed(higher).to_string();
                let speed = speed.saturating_add_signed(faster).to_string();
                ["-v", voice, "-p", &pitch, "-s", &speed]
                    .map(str::to_owned)
                    .to_vec()
            }
            Voice::Flite { voice } => {
                let stretch = ["1.0", "1.2", "0.85", "0.75", "1.35"][take];
                let stretch = format!("duration_stretch={stretch}");
                ["-voice", voice, "--setf", &stretch]
                    .map(str::to_owned)
                    .to_vec()
            }
        }
    }
}

/// The six of made data: three that sound like men, three like women.
pub fn six() -> Vec<Speaker> {
    [
        ("made-a", "en-us+m1", 40, 140),
        ("made-b", "en-us+f2", 60, 150),
        ("made-c", "en-gb+m3", 30, 155),
        ("made-d", "en-gb+f4", 50, 135),
        ("made-e", "en-gb-scotland+m7", 55, 145),
        ("made-f", "en-us+f5", 45, 160),
    ]
    .map(|(name, voice, pitch, speed)| Speaker {
        name: name.to_owned(),
        voice: Voice::Espeak {
            voice: voice.to_owned(),
            pitch,
            speed,
        },
    })
    .to_vec()
}

/// Forty-eight of espeak-ng: each of its variants that could be a person, in one of eight accents.
pub fn many() -> Vec<Speaker> {
    const ACCENTS: [&str; 8] = [
        "en-us",
        "en-gb",
        "en-gb-scotland",
        "en-gb-x-rp",
        "en-gb-x-gbclan",
        "en-gb-x-gbcwmd",
        "en-029",
        "en-us-nyc",
    ];
    const VARIANTS: [&str; 48] = [
        "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "Andrea",
        "Denis", "Diogo", "Gene", "Henrique", "Jacky", "Lee", "Marco", "Mario", "Michael", "adam",
        "anika", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed",
        "edward", "iven", "john", "linda", "max", "michel", "miguel", "norbert", "pablo", "paul",
        "pedro", "rob", "steph", "travis", "zac",
    ];
    let speaker = |(number, variant): (usize, &str)| Speaker {
        name: format!("espeak-{}", variant.to_lowercase()),
        voice: Voice::Espeak {
            // Seven is prime to eight, and no two neighbours among the variants share an accent.
            voice: format!("{}+{variant}", ACCENTS[7 * number % ACCENTS.len()]),
            pitch: 30 + 11 * number as u32 % 41,
            speed: 130 + 17 * number as u32 % 51,
        },
    };
    VARIANTS.into_iter().enumerate().map(speaker).collect()
}

/// Four of flite, made from the recordings of four people.
pub fn flite() -> Vec<Speaker> {
    ["awb", "kal16", "rms", "slt"]
        .map(|voice| Speaker {
            name: format!("flite-{voice}"),
            voice: Voice::Flite { voice },
        })
        .to_vec()
}
