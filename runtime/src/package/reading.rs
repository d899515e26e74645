//! How clips and cameras are to be read for a model.

use super::Manifest;
use crate::clip::ReadOptions;
use crate::frontend::CameraConfig;

impl Manifest {
    /// What the model needs of the pictures, and little more, so that minutes of video fit in memory.
    ///
    /// Frames are kept four times as large as the model looks at them, so that its own resizing decides
    /// what it sees; where that is more than 640 pixels, down to twice as large. For each instant that
    /// it looks at there are about four frames to choose from.
    pub fn read_options(&self) -> ReadOptions {
        let cameras = [&self.camera, &self.camera2].into_iter().flatten();
        cameras
            .map(of_camera)
            .reduce(ReadOptions::or_more)
            .unwrap_or_default()
    }
}

fn of_camera(camera: &CameraConfig) -> ReadOptions {
    let side = camera.largest_side();
    let frame_rate = (4.0 * camera.frames as f32 / camera.window_seconds).max(10.0);
    ReadOptions {
        max_side: Some((4.0 * side).min((2.0 * side).max(640.0)).ceil() as u32),
        // Hardly a clip is filmed faster.
        frame_rate: (frame_rate < 240.0).then_some(frame_rate),
    }
}

#[cfg(test)]
mod tests {
    use crate::frontend::{CameraConfig, Crop};
    use crate::package::example;

    #[test]
    fn clips_are_read_as_large_and_as_often_as_the_model_needs() {
        let mut manifest = example::manifest();
        let mut options = |change: fn(&mut CameraConfig)| {
            change(manifest.camera.as_mut().unwrap());
            let options = manifest.read_options();
            (options.max_side.unwrap(), options.frame_rate)
        };
        let plain = options(|c| (c.width, c.height, c.window_seconds) = (48, 48, 2.0));
        assert_eq!(plain, (192, Some(10.0)));
        assert_eq!(options(|c| c.frames = 8), (192, Some(16.0)));
        let half = options(|c| {
            c.crop = Some(Crop {
                x: 0.0,
                y: 0.0,
                width: 0.5,
                height: 1.0,
            });
        });
        assert_eq!(half, (384, Some(16.0)));
        assert_eq!(options(|c| c.width = 224), (896, Some(16.0)));
        assert_eq!(options(|c| c.frames = 500), (896, None));
    }
}
