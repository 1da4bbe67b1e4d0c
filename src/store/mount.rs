//! Whether a folder lies on a network file system, where `SQLite`'s WAL does not work: its readers and its writer
//! share memory, which machines do not. Told by Linux's list of mounts; elsewhere nothing is known.

use std::fs;
use std::path::Path;

/// File systems of other machines, or of who knows where.
const REMOTE: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "fuse.sshfs",
    "fuse.glusterfs",
    "virtiofs",
    "davfs",
];

/// The name of the network file system that a folder lies on.
pub(super) fn remote(folder: &Path) -> Option<String> {
    let folder = fs::canonicalize(folder).ok()?;
    #[cfg(test)]
    if tests::is_pretended(&folder) {
        return Some("nfs4".to_owned());
    }
    remote_in(&fs::read_to_string("/proc/self/mountinfo").ok()?, &folder)
}

/// The same by a list of mounts (proc(5)): the longest mount point above the folder, of several the last.
fn remote_in(mounts: &str, folder: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (before, behind) = line.split_once(" - ")?;
        let point = unescaped(before.split(' ').nth(4)?);
        let kind = behind.split(' ').next()?.to_owned();
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    let (_, kind) = mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length)?;
    REMOTE.contains(&kind.as_str()).then_some(kind)
}

/// Blanks and backslashes stand as octal numbers.
fn unescaped(point: &str) -> String {
    point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

#[cfg(test)]
pub(super) use tests::pretend_remote;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::sync::Mutex;

    static PRETENDED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

    /// From now on a folder is taken for one of another machine.
    pub(in super::super) fn pretend_remote(folder: &Path) {
        PRETENDED.lock().unwrap().push(fs::canonicalize(folder).unwrap());
    }

    pub(super) fn is_pretended(folder: &Path) -> bool {
        PRETENDED.lock().unwrap().iter().any(|pretended| folder.starts_with(pretended))
    }

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:40 / /home rw shared:2 master:1 - nfs4 server:/home rw,vers=4.2
41 40 0:41 / /home/me/local rw - xfs /dev/sdb1 rw
42 22 0:42 / /mnt/a\\040b rw - cifs //server/share rw
43 22 0:43 / /over rw - ext4 /dev/sdc1 rw
44 43 0:44 / /over rw - fuse.sshfs me@server: rw
";

    #[test]
    fn the_nearest_mount_above_tells() {
        for (folder, kind) in [
            ("/var/x.hop", None),
            ("/home/me/x.hop", Some("nfs4")),
            ("/home/me/local/x.hop", None),
            ("/homework/x.hop", None),
            ("/mnt/a b/x.hop", Some("cifs")),
            ("/over/x.hop", Some("fuse.sshfs")),
        ] {
            assert_eq!(remote_in(MOUNTS, Path::new(folder)).as_deref(), kind, "{folder}");
        }
    }

    #[test]
    fn a_temporary_folder_is_here() {
        assert_eq!(remote(tempfile::tempdir().unwrap().path()), None);
    }
}
