//! The secret of development mode: made by whoever comes first (the server, or `otomo token`), kept so that tokens
//! outlive restarts. Config lets it guard a loopback address only.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use uuid::Uuid;

use crate::kernel::secret::Secret;

/// Where the secret is, from the working directory: beside the default database.
pub(super) const SECRET_FILE: &str = "./data/dev-secret";

/// Less than this was not written by us.
const SECRET_MIN_BYTES: usize = 32;

/// Reads the secret, and makes it first if there is none.
pub(super) fn read_or_make(path: &Path) -> io::Result<Secret> {
    match read(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
            make(path)?;
            read(path)
        }
        secret => secret,
    }
}

fn read(path: &Path) -> io::Result<Secret> {
    let text = fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.len() < SECRET_MIN_BYTES {
        let problem = "too short to be a secret; remove it to have a new one made";
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    Ok(Secret::new(secret))
}

/// Writes the secret aside and links it into place, so that of two who do this at once one wins and neither reads
/// half of it.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let aside = path.with_extension(Uuid::new_v4().simple().to_string());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)?;
    // Two random UUIDs: 244 bits from the system's generator.
    let written = writeln!(
        file,
        "{}{}",
        Uuid::new_v4().simple(),
        Uuid::new_v4().simple()
    );
    let linked = written.and_then(|()| fs::hard_link(&aside, path));
    fs::remove_file(&aside)?;
    match linked {
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_secret_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/dev-secret");
        let first = read_or_make(&path).unwrap();
        assert_eq!(first.reveal().len(), 64);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(read_or_make(&path).unwrap().is(first.reveal()));
        let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "nothing else is left behind");
    }

    #[test]
    fn those_who_come_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev-secret");
        let secrets: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| read_or_make(&path).unwrap().reveal().to_owned()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(secrets.windows(2).all(|pair| pair.first() == pair.last()));
    }

    #[test]
    fn a_damaged_secret_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev-secret");
        fs::write(&path, "").unwrap();
        assert_eq!(
            read_or_make(&path).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }
}
