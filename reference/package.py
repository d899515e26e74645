"""A model package in ONNX Runtime: a session for each graph."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

SENSORS = ("audio", "camera", "signal", "audio2", "camera2", "signal2", "signal3", "signal4")


def open_graph(path, threads):
    """An inference session, after the ONNX checker found the file valid."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset < 17:
        raise SystemExit(f"{path} is written for opset {opset}; packages use 17 or newer")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Weights in int8 times activations in f32, as the file says: left to itself it quantises the activations, too.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Package:
    """The graphs of one package folder. A model without one of the sensors lacks that graph."""

    def __init__(self, folder, threads=1):
        folder = Path(folder)
        self.encoders = {
            sensor: open_graph(folder / f"{sensor}.onnx", threads)
            for sensor in SENSORS
            if (folder / f"{sensor}.onnx").exists()
        }
        self.fusion = open_graph(folder / "fusion.onnx", threads)
        # Audio and camera always have their places in validity and attention; others where they are.
        self.places = [s for s in SENSORS if s in ("audio", "camera") or s in self.encoders]

    def shape(self, sensor):
        """Input shape of one encoder."""
        return self.encoders[sensor].get_inputs()[0].shape

    def encode(self, sensor, features):
        """Tokens [1, L, d] and probe logits [1, C] of one sensor; `features` in any shape of the right size."""
        values = np.asarray(features, dtype=np.float32).reshape(self.shape(sensor))
        tokens, probe = self.encoders[sensor].run(["tokens", "probe"], {sensor: values})
        return tokens, probe

    def fuse(self, tokens, validity):
        """Logits [C] and attention [1 + places] from the tokens by sensor; validity is 0..1 for each place.

        A sensor without tokens is given large numbers in their place: its validity has to be 0,
        and then nothing of them may reach the answer.
        """
        inputs = {"validity": np.asarray([validity], dtype=np.float32)}
        for entry in self.fusion.get_inputs():
            if entry.name == "validity":
                continue
            inputs[entry.name] = tokens.get(entry.name, np.full(entry.shape, 1e3, dtype=np.float32))
        logits, attention = self.fusion.run(["logits", "attention"], inputs)
        return logits[0], attention[0]
