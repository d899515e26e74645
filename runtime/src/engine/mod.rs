//! Runs the three graphs of a model package in tract.
//!
//! The only module of the runtime that names tract.
//!
//! | graph | inputs | outputs |
//! |---|---|---|
//! | audio.onnx | `audio` [1, 1, mel_bands, frames] | `tokens` [1, L_a, d], `probe` [1, C] |
//! | camera.onnx | `camera` [N, c, height, width], N·c = frames·channels | `tokens` [1, L_c, d], `probe` [1, C] |
//! | fusion.onnx | `audio` [1, L_a, d], `camera` [1, L_c, d], `validity` [1, 2] | `logits` [1, C], `attention` [1, 3] |
//!
//! `validity` is 0..1 for audio and camera; a sensor with validity 0 contributes nothing, whatever
//! its tokens hold. `attention` is the share on the class token, on audio and on camera, summing
//! to 1. A model without one of the sensors has neither that graph nor that input of the fusion
//! graph; `validity` and `attention` keep their shape.
