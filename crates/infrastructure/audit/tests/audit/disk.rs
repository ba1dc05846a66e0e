//! A disk that is full.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use metrify_application::Kind;
use metrify_application::ports::Audit;
use metrify_audit::FileAudit;

use crate::entries::{assert_whole, entry, read};

/// A disk of its own, so small that it can be full.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder to mount on");
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(folder.path()).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self { folder });
        }
        println!("SKIPPED: no small disk can be mounted here, so none can be full");
        None
    }

    fn open(&self) -> FileAudit {
        FileAudit::open(self.folder.path().join("audit")).expect("a log")
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).expect("make the ballast");
        while file.write_all(&[0; 4 << 10]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the disk could not be unmounted");
    }
}

#[tokio::test]
async fn a_full_disk_takes_some_hundred_entries_more_then_none_and_goes_on_once_there_is_room() {
    let Some(disk) = Disk::new("4m") else { return };
    let audit = disk.open();
    audit.note(&entry(1)).expect("room on disk");
    disk.fill();
    let mut noted = 1;
    let error = loop {
        match audit.note(&entry(noted + 1)) {
            Ok(()) => noted += 1,
            Err(error) => break error,
        }
    };
    assert!(noted > 500, "only {noted} entries had room");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("free some space")), "{error:?}");
    // What was noted is whole and can be sealed.
    audit.seal().await.expect("its room was taken before");
    assert_whole(&audit, noted);
    assert_eq!(audit.note(&entry(noted + 1)).expect_err("still full").kind(), Kind::Unavailable);
    fs::remove_file(disk.ballast()).expect("the ballast");
    audit.note(&entry(noted + 1)).expect("room on disk");
    assert_whole(&audit, noted + 1);
    drop(audit);
    let audit = disk.open();
    assert_whole(&audit, noted + 1);
    assert_eq!(read(&audit, "default").len() as u64, noted + 1);
}

#[test]
fn where_no_log_can_be_begun_nothing_is_left_of_it() {
    let Some(disk) = Disk::new("256k") else { return };
    let audit = disk.open();
    disk.fill();
    for _ in 0..3 {
        assert_eq!(audit.note(&entry(1)).expect_err("no room").kind(), Kind::Unavailable);
    }
    assert_whole(&audit, 0);
    fs::remove_file(disk.ballast()).expect("the ballast");
    audit.note(&entry(1)).expect("room on disk");
    assert_whole(&audit, 1);
}
