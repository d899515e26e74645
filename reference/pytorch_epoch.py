"""An epoch of training in PyTorch, from the clips on disk to the weights, as one side of a bench.

The model and the step of pytorch_step.py. A DataLoader reads each clip's WAV and PNG, torchaudio makes the log-mel
spectrogram, Pillow the picture; then the steps, then the validation clips. Without augmentation, as in the configuration that
bench/benches.toml gives both sides.

    scripts/python.sh --torch reference/pytorch_epoch.py trainer/configs/plain-digits.toml target/bench/clips/clips.csv
"""

import argparse
import csv
import wave
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from peer_frontend import log_mel, picture
from pytorch_step import Model, input_shapes, make_optimiser, read_config
from turns import take_part


class Clips(torch.utils.data.Dataset):
    """Features and label of each clip of a split."""

    def __init__(self, path, split, config):
        folder = Path(path).parent
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        labels = sorted({row["label"] for row in rows})
        self.rows = [
            (folder / row["audio"], folder / row["image"], labels.index(row["label"])) for row in rows if row["split"] == split
        ]
        self.audio = config["audio"]
        self.log_mel, self.picture = log_mel(self.audio), picture(config["camera"])

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        audio = self.audio
        sound_path, picture_path, label = self.rows[index]
        with wave.open(str(sound_path), "rb") as file:
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        samples = audio["window_samples"]
        first = max(len(data) - samples, 0) // 2
        # The transform's frames are as long as the Fourier transform; a few samples more give as many of them.
        sound = np.zeros(samples + audio["fft_size"] - audio["frame_samples"], dtype=np.float32)
        cut = data[first : first + samples]
        sound[: len(cut)] = cut / np.float32(32768)
        patch = self.log_mel(torch.from_numpy(sound))
        frame = torch.from_numpy(self.picture(Image.open(picture_path).convert("RGB")))
        return patch[None, None], frame[None, None], label


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="configuration file of evenkeel-train fit")
    parser.add_argument("clips", help="list of clips, as evenkeel-train data clips writes it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one entry of the configuration")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that read clips; with 0, which is fastest on two cores, they are read between the steps")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config = read_config(arguments.config, arguments.set)
    training = config["training"]

    def loader(split):
        return torch.utils.data.DataLoader(
            Clips(arguments.clips, split, config),
            batch_size=training["batch"],
            shuffle=split == "train",
            num_workers=arguments.workers,
            persistent_workers=arguments.workers > 0,
        )

    train, validation = loader("train"), loader("validation")

    def once():
        model = Model(config["model"], input_shapes(config), 11, training.get("probe_gradient", 0.0))
        optimiser = make_optimiser(training, model.parameters())
        for audio, camera, labels in train:
            optimiser.zero_grad()
            logits, probes = model({"audio": audio, "camera": camera})
            loss = F.cross_entropy(logits, labels) + sum(F.cross_entropy(probe, labels) for probe in probes)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), training["max_gradient_norm"])
            optimiser.step()
        with torch.inference_mode():
            for audio, camera, labels in validation:
                logits, _ = model({"audio": audio, "camera": camera})
                F.cross_entropy(logits, labels)

    take_part(f"PyTorch {torch.__version__}, {len(train.dataset)} clips", once)


if __name__ == "__main__":
    main()
