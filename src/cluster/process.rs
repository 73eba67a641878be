//! Which process a node is, in a way that a later one on the same machine can see whether it has ended.
//!
//! On Linux: the boot, the namespace of process numbers, the number, and when it began. Only a process of the same boot and
//! namespace can look for it; to any other (another machine, another container) nothing is known, and it waits for the
//! lease to run out.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The field of `/proc/<n>/stat` with the start time, counted behind the name, which may hold anything.
const START_TIME: usize = 19;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Where its number means something.
    place: String,
    number: u32,
    began: u64,
}

impl Process {
    /// This one; `None` where the system does not say.
    pub(super) fn own() -> Option<Self> {
        let number = std::process::id();
        Some(Self {
            place: place()?,
            number,
            began: start_time(number)?,
        })
    }

    /// Whether it is certain that it has ended.
    pub(super) fn has_ended(&self) -> bool {
        place().is_some_and(|here| here == self.place)
            && start_time(self.number) != Some(self.began)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.place, self.number, self.began)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.rsplitn(3, ' ');
        let mut next = || parts.next().ok_or(());
        let (began, number, place) = (next()?, next()?, next()?);
        Ok(Self {
            place: place.to_owned(),
            number: number.parse().map_err(drop)?,
            began: began.parse().map_err(drop)?,
        })
    }
}

fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let numbers: PathBuf = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), numbers.display()))
}

fn start_time(number: u32) -> Option<u64> {
    let stat = Path::new("/proc").join(number.to_string()).join("stat");
    let stat = fs::read_to_string(stat).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(START_TIME)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_to_have_ended_where_its_number_means_something() {
        let Some(own) = Process::own() else {
            // Not on Linux: nothing is known of anybody.
            return;
        };
        assert_eq!(own.to_string().parse(), Ok(own.clone()));
        assert!(!own.has_ended());
        let earlier = Process {
            began: own.began - 1,
            ..own.clone()
        };
        assert!(earlier.has_ended(), "another has its number now");
        let elsewhere = Process {
            place: "another machine".to_owned(),
            ..earlier
        };
        assert!(!elsewhere.has_ended(), "nobody here can tell");
    }
}
