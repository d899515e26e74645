"""The log-mel spectrogram or the picture of a package's frontend in the usual Python libraries, as one side of a bench.

    scripts/python.sh --torch reference/peer_frontend.py models/digits --part log-mel
    scripts/python.sh --torch reference/peer_frontend.py models/digits --part picture

Log-mel: torchaudio's own transform with the package's parameters, then the logarithm and the normalisation, of a window of a
sine. Picture: Pillow's resize of 640x480 pixels with the filter that evenkeel uses, then the normalisation in NumPy.
`evenkeel bench --turns` makes the same sound and the same picture.
"""

import argparse
import tomllib
from pathlib import Path

import numpy as np
import PIL
import torch
import torchaudio
from PIL import Image

from turns import take_part


def log_mel(audio):
    """The log-mel spectrogram that the section [audio] asks for: of samples (a tensor) a patch [bands, frames]."""
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate=audio["sample_rate"],
        n_fft=audio["fft_size"],
        win_length=audio["frame_samples"],
        hop_length=audio["hop_samples"],
        f_min=audio["min_hz"],
        f_max=audio["max_hz"],
        n_mels=audio["mel_bands"],
        center=False,
    )

    def of(sound):
        patch = (torch.log(transform(sound) + audio["log_floor"]) - audio["mean"]) / audio["std"]
        return patch - patch.mean(1, keepdim=True) if audio.get("centre_bands") else patch

    return of


def picture(camera):
    """The picture that the section [camera] asks for: of a frame (PIL, RGB) an array [rows, columns] or [rows, columns, 3]."""
    size = (camera["width"], camera["height"])
    mean, std = (np.asarray(camera[key], dtype=np.float32) for key in ("mean", "std"))
    scale, shift = 1 / (255 * std), -mean / std
    aspect = size[0] / size[1]

    def of(frame):
        width, height = min(frame.width, frame.height * aspect), min(frame.height, frame.width / aspect)
        left, top = (frame.width - width) / 2, (frame.height - height) / 2
        small = frame.resize(size, Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))
        if camera["colour"] == "grey":
            small = small.convert("L")
        values = np.asarray(small, dtype=np.float32) * scale + shift
        return (values - values.mean()) / (values.std() + 0.05) if camera.get("even_contrast") else values

    return of


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder of the model package")
    parser.add_argument("--part", required=True, choices=["log-mel", "picture"])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    manifest = tomllib.loads((Path(arguments.package) / "model.toml").read_text(encoding="utf-8"))
    torch.set_num_threads(arguments.threads)
    if arguments.part == "log-mel":
        of = torch.inference_mode()(log_mel(manifest["audio"]))
        sound = torch.sin(torch.arange(manifest["audio"]["window_samples"]) * 0.3) / 4
        take_part(f"torchaudio {torchaudio.__version__}", lambda: of(sound))
    else:
        of = picture(manifest["camera"])
        rows, columns, channels = np.ogrid[:480, :640, :3]
        frame = Image.fromarray(((7 * columns + 13 * rows + 29 * channels) % 256).astype(np.uint8))
        take_part(f"Pillow {PIL.__version__}", lambda: of(frame))


if __name__ == "__main__":
    main()
