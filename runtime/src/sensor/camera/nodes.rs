//! Which device a camera is: by its node, its number, its name or its stable link.

use std::fs;
use std::path::{Path, PathBuf};

use v4l::Device;

use super::faults::{OPENING, fault};
use super::offers::{self, Role};
use crate::panics;
use crate::sensor::{SensorError, Trouble};

/// A device file of V4L2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// As in `/dev/video0`.
    pub path: PathBuf,
    /// The camera's name; the path's if the kernel does not tell.
    pub name: String,
    /// A link that leads to it wherever it is plugged in.
    pub link: Option<PathBuf>,
}

impl Node {
    fn new(path: PathBuf) -> Self {
        Self {
            name: path.display().to_string(),
            path,
            link: None,
        }
    }

    /// As a user knows it.
    pub fn shown(&self) -> String {
        let path = self.path.display().to_string();
        if self.name == path {
            path
        } else {
            format!("{path} ({})", self.name)
        }
    }

    /// Whether it is the same camera, even if it was plugged in elsewhere.
    fn is_same(&self, other: &Node) -> bool {
        match (&self.link, &other.link) {
            (Some(one), Some(other)) => one == other,
            _ => self.name == other.name,
        }
    }

    fn is_called(&self, part: &str) -> bool {
        let link = self.link.as_deref().and_then(Path::file_name);
        let link = link.map(|name| name.to_string_lossy().to_lowercase());
        let part = part.to_lowercase();
        self.name.to_lowercase().contains(&part) || link.is_some_and(|link| link.contains(&part))
    }
}

/// All nodes, by number.
pub fn nodes() -> Vec<Node> {
    nodes_in(Path::new("/dev"), Path::new("/sys/class/video4linux"))
}

fn nodes_in(dev: &Path, sys: &Path) -> Vec<Node> {
    let links: Vec<(PathBuf, PathBuf)> = entries(&dev.join("v4l/by-id"))
        .into_iter()
        .filter_map(|link| Some((fs::canonicalize(&link).ok()?, link)))
        .collect();
    let mut nodes: Vec<(u32, Node)> = entries(dev)
        .into_iter()
        .filter_map(|path| {
            let file = path.file_name()?.to_str()?.to_owned();
            let number = file.strip_prefix("video")?.parse().ok()?;
            let mut node = Node::new(path);
            if let Ok(name) = fs::read_to_string(sys.join(file).join("name")) {
                node.name = name.trim().to_owned();
            }
            let real = fs::canonicalize(&node.path).ok();
            let link = links.iter().find(|(to, _)| Some(to) == real.as_ref());
            node.link = link.map(|(_, link)| link.clone());
            Some((number, node))
        })
        .collect();
    nodes.sort_by_key(|(number, _)| *number);
    nodes.into_iter().map(|(_, node)| node).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The nodes that `spec` may mean, the likeliest first. A camera that was open before is looked for by its link or
/// name, because it may have another number now.
fn meant(spec: Option<&str>, nodes: &[Node], before: Option<&Node>) -> Vec<Node> {
    let same = nodes
        .iter()
        .filter(|node| before.is_some_and(|before| before.is_same(node)));
    let named: Vec<Node> = match spec.map(path_of) {
        None => nodes.to_vec(),
        Some(Ok(path)) => {
            let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            let known = nodes.iter().find(|node| node.path == real);
            vec![known.cloned().unwrap_or_else(|| Node::new(path))]
        }
        Some(Err(part)) => nodes
            .iter()
            .filter(|node| node.is_called(part))
            .cloned()
            .collect(),
    };
    let mut meant: Vec<Node> = same.cloned().collect();
    for node in named {
        if !meant.contains(&node) {
            meant.push(node);
        }
    }
    meant
}

/// A path, given as one or as a number; or else part of a name.
fn path_of(spec: &str) -> Result<PathBuf, &str> {
    if spec.starts_with('/') {
        Ok(spec.into())
    } else if let Ok(number) = spec.parse::<u32>() {
        Ok(format!("/dev/video{number}").into())
    } else {
        Err(spec)
    }
}

/// Opens the camera that `spec` means, any if it is absent.
///
/// # Errors
/// When there is none, it may not be opened, or it is no camera.
pub fn find(spec: Option<&str>, before: Option<&Node>) -> Result<(Node, Device), SensorError> {
    let nodes = nodes();
    let mut first_error = None;
    for node in meant(spec, &nodes, before) {
        match open(&node) {
            Ok((device, Role::Camera)) => return Ok((node, device)),
            Ok((_, role)) => {
                // Most cameras have a second node that is none; nobody meant that.
                if role == Role::Planar || spec.is_some_and(|spec| path_of(spec).is_ok()) {
                    first_error.get_or_insert_with(|| no_camera(&node, role));
                }
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| nothing_called(spec, &nodes)))
}

/// Opens a node and asks what it is.
///
/// # Errors
/// When it may not be opened, has gone, or does not speak V4L2.
pub fn open(node: &Node) -> Result<(Device, Role), SensorError> {
    let shown = node.shown();
    // The library panics at names that are not UTF-8.
    let opened = panics::catch(|| {
        let device = Device::with_path(&node.path)?;
        let capabilities = device.query_caps()?.capabilities;
        Ok((device, offers::role(capabilities)))
    });
    match opened {
        Ok(result) => result.map_err(|error| fault(&shown, OPENING, &error)),
        Err(panic) => Err(SensorError::new(
            Trouble::Broken,
            format!("the driver of {shown} says what makes no sense ({panic})"),
        )),
    }
}

/// What to say of a node that gives no pictures that can be used.
pub fn no_camera(node: &Node, role: Role) -> SensorError {
    let shown = node.shown();
    let what = match role {
        Role::Planar => format!(
            "{shown} gives pictures only to programs for its own hardware; use --camera-command with such a program, \
             as `rpicam-vid` or GStreamer"
        ),
        Role::Camera | Role::Other => {
            format!("{shown} captures no pictures; `evenkeel devices` lists the cameras")
        }
    };
    SensorError::new(Trouble::Unfit, what)
}

fn nothing_called(spec: Option<&str>, nodes: &[Node]) -> SensorError {
    let what = match spec {
        None => "there is no camera; connect one, or name a program that shows one with --camera-command".to_owned(),
        Some(part) if nodes.is_empty() => {
            format!("there is no camera {part:?}, and no other; connect it")
        }
        Some(part) => {
            let shown: Vec<String> = nodes.iter().map(Node::shown).collect();
            format!("no camera is called {part:?}; there is {}", shown.join(", "))
        }
    };
    SensorError::new(Trouble::NotFound, what)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn node(number: u32, name: &str, link: Option<&str>) -> Node {
        Node {
            path: format!("/dev/video{number}").into(),
            name: name.into(),
            link: link.map(|link| Path::new("/dev/v4l/by-id").join(link)),
        }
    }

    fn two() -> Vec<Node> {
        vec![
            node(0, "Integrated Camera", None),
            node(
                2,
                "HD Pro Webcam C920",
                Some("usb-046d_C920_B1-video-index0"),
            ),
            node(10, "bcm2835-codec", None),
        ]
    }

    #[test]
    fn a_camera_is_named_by_node_number_or_part_of_a_name() {
        let nodes = two();
        let first = |spec| meant(spec, &nodes, None).first().cloned();
        assert_eq!(first(Some("/dev/video2")), Some(nodes[1].clone()));
        assert_eq!(first(Some("2")), Some(nodes[1].clone()));
        assert_eq!(first(Some("webcam")), Some(nodes[1].clone()));
        assert_eq!(first(Some("046d")), Some(nodes[1].clone()));
        assert_eq!(first(Some("nobody's")), None);
        assert_eq!(first(None), Some(nodes[0].clone()));
        let absent = first(Some("7")).unwrap();
        assert_eq!(absent.path, Path::new("/dev/video7"));
    }

    #[test]
    fn a_camera_that_was_plugged_in_again_is_found_under_its_new_number() {
        let before = &two()[1];
        let mut nodes = two();
        nodes[1].path = "/dev/video3".into();
        nodes.push(node(2, "Another", None));
        for spec in [Some("/dev/video2"), Some("2"), None, Some("C920")] {
            let found = meant(spec, &nodes, Some(before));
            assert_eq!(found[0].path, Path::new("/dev/video3"), "{spec:?}");
        }
        // Without a link the name must do.
        let before = Node {
            link: None,
            ..before.clone()
        };
        assert_eq!(
            meant(Some("2"), &nodes, Some(&before))[0].path,
            Path::new("/dev/video3")
        );
    }

    #[test]
    fn nodes_are_found_with_their_names_and_links_in_order_of_number() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let (dev, sys) = (root.join("dev"), root.join("sys"));
        fs::create_dir_all(dev.join("v4l/by-id")).unwrap();
        for name in ["video10", "video2", "videodev", "null"] {
            fs::write(dev.join(name), b"").unwrap();
        }
        fs::create_dir_all(sys.join("video2")).unwrap();
        fs::write(sys.join("video2/name"), "Webcam\n").unwrap();
        let link = dev.join("v4l/by-id/usb-cam");
        symlink("../../video2", &link).unwrap();
        let nodes = nodes_in(&dev, &sys);
        assert_eq!(nodes.len(), 2);
        assert_eq!(
            (nodes[0].name.as_str(), &nodes[0].link),
            ("Webcam", &Some(link))
        );
        assert_eq!(nodes[1].path, dev.join("video10"));
        assert!(nodes_in(&root.join("nothing"), &sys).is_empty());
    }

    #[test]
    fn a_camera_that_is_not_there_is_told_and_so_is_a_file_that_is_none() {
        let error = |spec| find(Some(spec), None).err().unwrap();
        let absent = error("/dev/video4711");
        assert_eq!(absent.trouble, Trouble::NotFound);
        assert!(absent.message.contains("/dev/video4711"), "{absent}");
        let null = error("/dev/null");
        assert_eq!(null.trouble, Trouble::Unfit, "{null}");
        assert_eq!(error("no such name").trouble, Trouble::NotFound);
    }
}
