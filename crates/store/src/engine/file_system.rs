//! Where an SQLite file may lie: on a disk of the machine. Its locks and its shared memory do not hold across a network,
//! and two machines that believe they do destroy the file.

use std::path::Path;

use crate::{Error, Result};

/// File systems whose files are on another machine, by the number that the kernel knows them by (`linux/magic.h`, and
/// the sources of those that are not in it).
const NETWORK: [(u64, &str); 19] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB 2"),
    (0x0102_1997, "9P"),
    (0x564c, "NCP"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x786f_4256, "VirtualBox shared folder"),
    (0xbacb_acbc, "VMware shared folder"),
    // sshfs and its like. The kernel has one number for all of them, so that a local one is refused too.
    (0x6573_5546, "FUSE"),
];

/// The name of a file system that is refused.
fn network(magic: u64) -> Option<&'static str> {
    NETWORK.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
}

/// Refuses a database file on a network file system.
pub(crate) fn refuse_network(path: &Path) -> Result<()> {
    match magic_of(path).and_then(network) {
        None => Ok(()),
        Some(name) => Err(Error::Unavailable(format!(
            "{} is on a network file system ({name}), where SQLite loses data: name a file on a disk of this machine, or \
             use PostgreSQL",
            path.display()
        ))),
    }
}

/// The number of the file system that the file is on, or will be.
#[cfg(target_os = "linux")]
fn magic_of(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = rustix::fs::statfs(path).or_else(|_| rustix::fs::statfs(folder)).ok()?;
    u64::try_from(found.f_type).ok()
}

/// Other systems number theirs otherwise.
#[cfg(not(target_os = "linux"))]
fn magic_of(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::{magic_of, network, refuse_network};

    #[test]
    fn network_file_systems_are_known_by_number() {
        let refused = [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0x0102_1997, "9P"), (0x6573_5546, "FUSE")];
        for (magic, name) in refused {
            assert_eq!(network(magic), Some(name));
        }
        // ext4, XFS, Btrfs, tmpfs, overlayfs, ZFS, F2FS
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1, 0xf2f5_2010] {
            assert_eq!(network(local), None, "{local:#x}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_yet_is_judged_by_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("leadlatch.db");
        assert!(magic_of(&file).is_some());
        assert_eq!(magic_of(&file), magic_of(folder.path()));
        refuse_network(&file).unwrap();
    }
}
