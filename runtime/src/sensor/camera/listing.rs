//! The cameras that are there, and what they offer.

use super::choice::{Interval, Rates, Sizes};
use super::nodes::{self, Node, nodes};
use super::offers::{self, Format, Role};
use crate::panics;
use crate::sensor::SensorError;
use crate::sensor::list::{CameraFormat, CameraInfo, CameraSize, Found};

/// All cameras, and what is wrong with those that cannot be opened.
pub fn list() -> Found<CameraInfo> {
    let mut found = Found::default();
    for node in nodes() {
        match look(&node) {
            Ok(Some(camera)) => found.devices.push(camera),
            Ok(None) => {}
            Err(error) => found.problems.push(error),
        }
    }
    found
}

/// What a node offers; `None` if it is no camera.
fn look(node: &Node) -> Result<Option<CameraInfo>, SensorError> {
    let (device, role) = nodes::open(node)?;
    match role {
        Role::Other => return Ok(None),
        Role::Planar => return Err(nodes::no_camera(node, role)),
        Role::Camera => {}
    }
    // The library panics at descriptions that are not UTF-8; then nothing is offered.
    let formats = panics::catch(|| offers::formats(&device)).unwrap_or_default();
    let formats = formats
        .iter()
        .map(|format| describe(&device, format))
        .collect();
    Ok(Some(CameraInfo {
        node: node.path.display().to_string(),
        name: node.name.clone(),
        link: node.link.as_ref().map(|link| link.display().to_string()),
        formats,
    }))
}

fn describe(device: &v4l::Device, format: &Format) -> CameraFormat {
    let (sizes, any_between) = match &format.sizes {
        None => (Vec::new(), false),
        Some(Sizes::Listed(sizes)) => (sizes.clone(), false),
        Some(Sizes::Between { least, most, .. }) => (vec![*least, *most], true),
    };
    CameraFormat {
        format: offers::text(format.fourcc),
        description: format.description.clone(),
        usable: format.kind.is_some(),
        sizes: sizes
            .into_iter()
            .map(|size| CameraSize {
                width: size.0,
                height: size.1,
                rates: shown(&offers::rates(device, format.fourcc, size)),
            })
            .collect(),
        any_between,
    }
}

/// Fastest first; of a range, its ends.
fn shown(rates: &Rates) -> Vec<f64> {
    let mut rates: Vec<f64> = match rates {
        Rates::Listed(intervals) => intervals.iter().copied().map(Interval::rate).collect(),
        Rates::Between(one, other) => vec![one.rate(), other.rate()],
        Rates::Unknown => Vec::new(),
    };
    for rate in &mut rates {
        *rate = (100.0 * *rate).round() / 100.0;
    }
    rates.sort_by(|a, b| b.total_cmp(a));
    rates
}
