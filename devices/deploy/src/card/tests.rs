use std::fs;
use std::path::Path;

use super::*;

const CARD: u64 = 31_914_983_424;
const IMAGE: u64 = 2 << 30;

/// A machine with a system disk `sda`, on whose third partition a volume with /home lies, a card reader `sdb`, a built-in
/// reader `mmcblk0`, and a disk in a case, `sdc`.
struct Machine {
    folder: tempfile::TempDir,
    mounts: String,
    swaps: String,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
            mounts: "22 1 8:2 / / rw,noatime shared:1 - ext4 /dev/sda2 rw\n\
                     23 22 0:21 / /proc rw shared:2 - proc proc rw\n\
                     24 22 254:0 / /home rw shared:3 - ext4 /dev/mapper/vg-home rw\n"
                .into(),
            swaps: "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n".into(),
        };
        machine.disk(
            "sda",
            "8:0",
            500_107_862_016,
            &[("sda1", "8:1"), ("sda2", "8:2"), ("sda3", "8:3")],
        );
        machine.disk("dm-0", "254:0", 100_000_000_512, &[]);
        machine.sys("block/sda/sda3/holders/dm-0", "");
        machine.disk("sdb", "8:16", CARD, &[("sdb1", "8:17"), ("sdb2", "8:18")]);
        machine.sys("block/sdb/removable", "1\n");
        machine.sys("block/sdb/device/vendor", "Generic \n");
        machine.sys("block/sdb/device/model", "USB SD Reader   \n");
        machine.disk("sdc", "8:32", CARD, &[]);
        machine.disk("mmcblk0", "179:0", CARD, &[("mmcblk0p1", "179:1")]);
        machine.sys("block/mmcblk0/device/type", "SD\n");
        machine.sys("block/mmcblk0/device/name", "SC32G\n");
        machine
    }

    fn put(&self, path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn sys(&self, path: &str, text: &str) {
        self.put(&self.folder.path().join("sys").join(path), text);
    }

    fn disk(&self, name: &str, number: &str, bytes: u64, parts: &[(&str, &str)]) {
        let facts = |at: &str, number: &str, bytes: u64| {
            self.sys(&format!("{at}/dev"), &format!("{number}\n"));
            self.sys(&format!("{at}/size"), &format!("{}\n", bytes / 512));
        };
        let at = format!("block/{name}");
        facts(&at, number, bytes);
        self.sys(&format!("{at}/removable"), "0\n");
        self.sys(&format!("{at}/ro"), "0\n");
        for (index, (part, number)) in parts.iter().enumerate() {
            facts(&format!("{at}/{part}"), number, bytes / 4);
            self.sys(
                &format!("{at}/{part}/partition"),
                &format!("{}\n", index + 1),
            );
        }
    }

    fn places(&self) -> Places {
        let at = |name: &str| self.folder.path().join(name);
        self.put(&at("proc/self/mountinfo"), &self.mounts);
        self.put(&at("proc/swaps"), &self.swaps);
        Places {
            sys: at("sys"),
            proc: at("proc"),
            udev: at("udev"),
        }
    }

    /// Why an image is not written to a disk.
    fn refusal(&self, name: &str) -> String {
        let places = self.places();
        let card = Card::named(&places, name).unwrap();
        let error = card.must_take(&places, IMAGE, false).unwrap_err();
        error.to_string()
    }
}

#[test]
fn a_card_that_nobody_uses_is_taken_and_shown_with_all_that_is_on_it() {
    let machine = Machine::new();
    let places = machine.places();
    machine.put(
        &places.udev.join("b8:18"),
        "S:disk/by-label/PHOTOS\nE:ID_FS_TYPE=exfat\nE:ID_FS_LABEL=PHOTOS\n",
    );
    let card = Card::named(&places, "sdb").unwrap();
    card.must_take(&places, IMAGE, false).unwrap();
    let shown = card.to_string();
    for part in ["31.9 GB", "Generic USB SD Reader", "sdb1", "exfat 'PHOTOS'"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    // What the kernel does not call removable: a card in a reader that is built in.
    let card = Card::named(&places, "mmcblk0").unwrap();
    card.must_take(&places, IMAGE, false).unwrap();
    assert!(card.to_string().contains("SC32G"));
}

#[test]
fn the_disk_of_the_running_system_is_never_written_to_also_where_volumes_lie_between() {
    let mut machine = Machine::new();
    let why = machine.refusal("sda");
    assert!(why.contains("running system"), "{why}");
    machine.mounts = machine
        .mounts
        .replace("8:2 / / ", "8:48 / / ")
        .replace("sda2", "sdd");
    let why = machine.refusal("sda");
    assert!(why.contains("running system (/home is on dm-0)"), "{why}");
    // Not even for who says that it may be a fixed disk.
    let places = machine.places();
    let card = Card::named(&places, "sda").unwrap();
    card.must_take(&places, IMAGE, true).unwrap_err();
}

#[test]
fn a_card_in_use_is_refused_with_how_to_free_it() {
    let mut machine = Machine::new();
    machine.mounts += "30 22 8:17 / /media/me/my\\040photos rw - vfat /dev/sdb1 rw\n";
    let why = machine.refusal("sdb");
    assert!(
        why.contains("`umount '/media/me/my photos'` first"),
        "{why}"
    );

    // File systems with numbers of their own are known by what they were mounted from.
    let mut machine = Machine::new();
    machine.mounts += "30 22 0:50 / /mnt rw - btrfs /dev/sdb2 rw\n";
    let why = machine.refusal("sdb");
    assert!(why.contains("sdb2 is mounted at /mnt"), "{why}");

    let mut machine = Machine::new();
    machine.swaps += "/dev/sdb2\tpartition\t1048572\t0\t-2\n";
    let why = machine.refusal("sdb");
    assert!(why.contains("`swapoff /dev/sdb2` first"), "{why}");

    let machine = Machine::new();
    machine.disk("md127", "9:127", CARD, &[]);
    machine.sys("block/sdb/holders/md127", "");
    let why = machine.refusal("sdb");
    assert!(
        why.contains("md127 (LVM, RAID or an encrypted disk) lies on sdb"),
        "{why}"
    );
}

#[test]
fn a_disk_that_is_built_in_needs_a_word_and_what_does_not_fit_is_refused() {
    let machine = Machine::new();
    let why = machine.refusal("sdc");
    assert!(why.contains("--fixed-disk"), "{why}");
    let places = machine.places();
    let disk = Card::named(&places, "sdc").unwrap();
    disk.must_take(&places, IMAGE, true).unwrap();
    let why = disk.must_take(&places, CARD + 1, true).unwrap_err();
    assert!(why.to_string().contains("/dev/sdc has 31.9 GB"), "{why}");

    machine.sys("block/sdb/ro", "1\n");
    assert!(machine.refusal("sdb").contains("protected"));
    machine.disk("sdb", "8:16", 0, &[]);
    assert_eq!(machine.refusal("sdb"), "there is no card in /dev/sdb");
}

#[test]
fn a_partition_a_file_and_a_name_that_is_not_there_are_no_cards() {
    let machine = Machine::new();
    let places = machine.places();
    let error = Card::named(&places, "sdb1").unwrap_err().to_string();
    assert!(error.contains("not a whole disk"), "{error}");
    let file = machine.folder.path().join("proc/swaps");
    let error = Card::find(&places, &file).unwrap_err().to_string();
    assert!(error.contains("is not a disk"), "{error}");
    let error = Card::find(&places, Path::new("/dev/none")).unwrap_err();
    assert!(error.to_string().contains("there is no device"), "{error}");
}
