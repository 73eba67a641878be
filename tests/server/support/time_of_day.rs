//! A machine whose time of day somebody sets, for one process: a library that is loaded before the system's, compiled with the
//! C compiler that a build of the server needs anyway.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

/// What the system answers, with as many seconds more as are in a file. Time that passes is not touched.
const SOURCE: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
    char digits[32] = {0};
    int file = open(AHEAD, O_RDONLY);
    if (file < 0) return 0;
    ssize_t length = read(file, digits, sizeof digits - 1);
    close(file);
    return length > 0 ? atol(digits) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int outcome = syscall(SYS_clock_gettime, clock, now);
    if (outcome == 0 && clock == CLOCK_REALTIME) {
        // Whoever looks at the clock does not expect that to change.
        int before = errno;
        now->tv_sec += ahead();
        errno = before;
    }
    return outcome;
}
"#;

/// The time of day of whoever is started with it.
pub struct TimeOfDay(TempDir);

impl TimeOfDay {
    /// It is right.
    pub fn new() -> Self {
        let folder = super::folder();
        let source = folder.path().join("clock.c");
        std::fs::write(&source, SOURCE).expect("a file for the source");
        let ahead = Self::ahead_in(folder.path());
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(Self::library_in(folder.path()))
            .arg(format!("-DAHEAD=\"{}\"", ahead.display()))
            .arg(&source)
            .status()
            .expect("there is a C compiler");
        assert!(compiled.success());
        Self(folder)
    }

    /// Somebody sets it: it is ahead by so much from now on.
    pub fn is_ahead_by(&self, span: Duration) {
        let (next, ahead) = (self.0.path().join("next"), Self::ahead_in(self.0.path()));
        std::fs::write(&next, span.as_secs().to_string()).expect("a file");
        std::fs::rename(next, ahead).expect("a file");
    }

    /// What a process is started with: `LD_PRELOAD`.
    pub fn library(&self) -> PathBuf {
        Self::library_in(self.0.path())
    }

    fn library_in(folder: &Path) -> PathBuf {
        folder.join("clock.so")
    }

    fn ahead_in(folder: &Path) -> PathBuf {
        folder.join("ahead")
    }
}
