"""A training step in PyTorch of the model that a training configuration describes, as one side of a bench.

The same model as the trainer's: stem (convolutions, then patches), pre-norm transformer blocks, one
attention head over [CLS, audio, camera] or a simpler fusion, probe heads on the tokens, from which
the configured share of their gradient goes on; cross-entropy of the fused logits plus
cross-entropies of the probes; the batch, the optimiser and the limit of the gradient's norm that
the configuration names. Written as one usually does in PyTorch, with its fused attention, layer
norm and optimiser.

    scripts/python.sh --torch reference/pytorch_step.py trainer/configs/digits.toml
    scripts/python.sh --torch reference/pytorch_step.py trainer/configs/digits.toml --set model.width=128

`evenkeel-train bench --turns` takes the same arguments and is the other side (bench/benches.toml).
"""

import argparse
import json
import tomllib
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from turns import take_part


class Block(nn.Module):
    """x += attention(norm(x)); x += mlp(norm(x))."""

    def __init__(self, width, heads, mlp_ratio, activation):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, mlp_ratio * width), nn.Linear(mlp_ratio * width, width)
        self.activation = {"relu": F.relu, "gelu": F.gelu}[activation]

    def forward(self, x):
        batch, length, width = x.shape
        heads = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
        x = x + self.out(mixed)
        return x + self.down(self.activation(self.up(self.norm2(x))))


class Encoder(nn.Module):
    """Input [B, N, C, H, W] to tokens [B, N·h·w, d], and logits of a probe head."""

    def __init__(self, spec, stem, shape, classes, probe_gradient):
        super().__init__()
        groups, channels, *grid = shape
        d = spec["width"]
        layers = []
        for convolution in [*stem.get("convolutions", []), {**stem, "channels": d}]:
            kernel, stride = convolution["kernel"], convolution["stride"]
            if layers:
                layers.append(nn.ReLU())
            layers.append(nn.Conv2d(channels, convolution["channels"], kernel, stride))
            channels = convolution["channels"]
            grid = [(side - k) // s + 1 for side, k, s in zip(grid, kernel, stride)]
        self.stem = nn.Sequential(*layers)
        self.position = nn.Parameter(torch.randn(groups * grid[0] * grid[1], d) * 0.02)
        self.blocks = nn.Sequential(
            *(Block(d, spec["heads"], spec["mlp_ratio"], spec["activation"]) for _ in range(spec["depth"]))
        )
        self.norm = nn.LayerNorm(d)
        self.probe = nn.Linear(d, classes)
        self.probe_gradient = probe_gradient

    def forward(self, x):
        batch = x.shape[0]
        patches = self.stem(x.flatten(0, 1)).flatten(2).transpose(1, 2)
        tokens = self.norm(self.blocks(patches.reshape(batch, -1, patches.shape[-1]) + self.position))
        mean = tokens.mean(1)
        if self.probe_gradient != 1:
            mean = self.probe_gradient * mean + (1 - self.probe_gradient) * mean.detach()
        return tokens, self.probe(mean)


class Model(nn.Module):
    """Both encoders and a fusion: rollingq or attention, concat, sum, audio, camera."""

    def __init__(self, spec, shapes, classes, probe_gradient):
        super().__init__()
        d, self.fusion = spec["width"], spec["fusion"]
        used = [self.fusion] if self.fusion in shapes else list(shapes)
        self.encoders = nn.ModuleDict({m: Encoder(spec, spec[m], shapes[m], classes, probe_gradient) for m in used})
        if self.fusion in ("rollingq", "attention"):
            self.cls = nn.Parameter(torch.randn(d) * 0.02)
            self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
            self.register_buffer("rotation", torch.eye(d))
        self.head = nn.Linear(d * (len(used) if self.fusion == "concat" else 1), classes)

    def fuse(self, tokens):
        if self.fusion not in ("rollingq", "attention"):
            means = [t.mean(1) for t in tokens]
            return torch.cat(means, 1) if self.fusion == "concat" else sum(means)
        batch, _, d = tokens[0].shape
        sequence = torch.cat([self.cls.expand(batch, 1, d), *tokens], 1)
        query = self.rotation @ self.query(self.cls)
        weights = torch.softmax(self.key(sequence) @ query / d**0.5, 1)
        return self.out((weights.unsqueeze(1) @ self.value(sequence)).squeeze(1))

    def forward(self, inputs):
        encoded = [encoder(inputs[m]) for m, encoder in self.encoders.items()]
        return self.head(self.fuse([t for t, _ in encoded])), [probe for _, probe in encoded]


def read_config(path, changes):
    """The configuration file (TOML, or JSON of the same shape) with `a.b=value` changes applied."""
    text = Path(path).read_text(encoding="utf-8")
    config = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    for change in changes:
        keys, _, value = change.partition("=")
        *sections, key = keys.split(".")
        place = config
        for section in sections:
            place = place.setdefault(section, {})
        try:
            place[key] = tomllib.loads(f"v = {value}")["v"]
        except tomllib.TOMLDecodeError:
            place[key] = value
    preset = config["model"].pop("preset", None)
    if preset is not None:
        usual = Path(path).parent / "presets" / f"{preset}.toml"
        fill(config["model"], tomllib.loads(usual.read_text(encoding="utf-8")))
    return config


def fill(own, usual):
    """Puts the values of a preset where the configuration says nothing itself."""
    for key, value in usual.items():
        if isinstance(value, dict):
            fill(own.setdefault(key, {}), value)
        else:
            own.setdefault(key, value)


def input_shapes(config):
    """[N, C, H, W] of each sensor, as the frontends give it."""
    audio, camera, tubelet = config["audio"], config["camera"], config["model"].get("tubelet", 1)
    frames = (audio["window_samples"] - audio["frame_samples"]) // audio["hop_samples"] + 1
    channels = 3 if camera["colour"] == "rgb" else 1
    return {
        "audio": (1, 1, audio["mel_bands"], frames),
        "camera": (camera["frames"] // tubelet, tubelet * channels, camera["height"], camera["width"]),
    }


def make_optimiser(training, parameters):
    """The configured update rule, in PyTorch's fastest form."""
    rate, decay = training["learning_rate"], training["weight_decay"]
    if training["optimiser"] == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(parameters, lr=rate, momentum=0.9, weight_decay=decay, fused=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="configuration file of evenkeel-train fit")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one entry of the configuration")
    parser.add_argument("--classes", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config = read_config(arguments.config, arguments.set)
    shapes = input_shapes(config)
    training = config["training"]
    model = Model(config["model"], shapes, arguments.classes, training.get("probe_gradient", 0.0))
    batch, longest = training["batch"], training["max_gradient_norm"]
    optimiser = make_optimiser(training, model.parameters())
    inputs = {m: torch.randn(batch, *shape) for m, shape in shapes.items()}
    labels = torch.randint(arguments.classes, (batch,))

    def once():
        optimiser.zero_grad()
        logits, probes = model(inputs)
        loss = F.cross_entropy(logits, labels) + sum(F.cross_entropy(probe, labels) for probe in probes)
        loss.backward()
        if longest > 0:
            nn.utils.clip_grad_norm_(model.parameters(), longest)
        optimiser.step()

    parameters = sum(p.numel() for p in model.parameters())
    take_part(f"PyTorch {torch.__version__}, {parameters} parameters", once)


if __name__ == "__main__":
    main()
