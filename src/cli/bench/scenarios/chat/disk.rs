//! What a commit costs on the disk alone, without a database: writing and flushing one page, as SQLite does to its log.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use crate::cli::bench::fault::BenchFault;

/// A page with its header in SQLite's log.
const PAGE: [u8; 4096 + 24] = [0x5a; 4096 + 24];

/// Pages in the file. It is overwritten, like the log after a checkpoint, so it does not grow.
const PAGES: usize = 64;

/// Commits that are measured.
const ROUNDS: usize = 256;

/// How long a commit takes on the disk that this folder is on: the median of many.
pub(super) fn commit_time(folder: &Path) -> Result<Duration, BenchFault> {
    measure(folder).map_err(|cause| BenchFault::Disk {
        folder: folder.display().to_string(),
        cause,
    })
}

fn measure(folder: &Path) -> io::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let mut took = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let place = SeekFrom::Start((round % PAGES * PAGE.len()) as u64);
        let began = Instant::now();
        commit(&mut file, place)?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took.get(ROUNDS / 2).copied().unwrap_or_default())
}

fn commit(file: &mut File, place: SeekFrom) -> io::Result<()> {
    file.seek(place)?;
    file.write_all(&PAGE)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_measured_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(commit_time(folder.path()).unwrap() > Duration::ZERO);
        let nowhere = folder.path().join("nowhere");
        let fault = commit_time(&nowhere).unwrap_err().to_string();
        assert!(fault.contains("nowhere"), "{fault}");
    }
}
