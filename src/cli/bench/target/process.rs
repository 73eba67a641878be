//! What a process costs, as the kernel counts it (`proc(5)`).

use std::{fs, io, time::Duration};

use crate::{cli::bench::fault::BenchFault, kernel::memory::resident_kib_in};

/// Ticks of a second in `/proc/<pid>/stat`: what Linux promises to programs, whatever its own clock does.
const TICKS_PER_SECOND: u64 = 100;

/// A process of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(u32);

/// CPU time, to a hundredth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cpu {
    /// Its own code.
    pub(crate) user: Duration,
    /// The kernel's, on its behalf.
    pub(crate) system: Duration,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// This process.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// Memory in use right now, in KiB (`VmRSS`).
    pub(crate) fn resident_kib(self) -> Result<u64, BenchFault> {
        self.read("status", resident_kib_in)
    }

    /// CPU used since the process began.
    pub(crate) fn cpu(self) -> Result<Cpu, BenchFault> {
        self.read("stat", cpu)
    }

    /// CPU that the thread which asks has used since it began.
    pub(crate) fn this_thread_cpu() -> Result<Cpu, BenchFault> {
        find_in("/proc/thread-self/stat".to_owned(), cpu)
    }

    /// Threads it has.
    pub(crate) fn threads(self) -> Result<u64, BenchFault> {
        self.read("status", threads)
    }

    /// Files and sockets it has open.
    pub(crate) fn descriptors(self) -> Result<usize, BenchFault> {
        let path = format!("/proc/{}/fd", self.0);
        match fs::read_dir(&path) {
            Ok(open) => Ok(open.count()),
            Err(cause) => Err(BenchFault::Process { path, cause }),
        }
    }

    fn read<T>(self, file: &str, find: fn(&str) -> Option<T>) -> Result<T, BenchFault> {
        find_in(format!("/proc/{}/{file}", self.0), find)
    }
}

fn find_in<T>(path: String, find: fn(&str) -> Option<T>) -> Result<T, BenchFault> {
    let read = fs::read_to_string(&path).and_then(|text| {
        find(&text).ok_or_else(|| io::Error::other("the figure looked for is not in it"))
    });
    read.map_err(|cause| BenchFault::Process { path, cause })
}

impl Cpu {
    /// What was used since `before`.
    pub(crate) fn since(self, before: Cpu) -> Cpu {
        Cpu {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }
}

fn threads(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("Threads:"))?;
    line.trim().parse().ok()
}

fn cpu(stat: &str) -> Option<Cpu> {
    // The second field is the program's name in parentheses, in which anything may stand.
    let (_, fields) = stat.rsplit_once(')')?;
    // Of the fields after the name, user time is the 12th and system time the 13th.
    let mut times = fields
        .split_whitespace()
        .skip(11)
        .map(|ticks| ticks.parse().ok().map(duration));
    Some(Cpu {
        user: times.next()??,
        system: times.next()??,
    })
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_whatever_the_program_is_called() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 99 0 0 0 250 75 0 0 20 0 3 0 12 1 1";
        let found = cpu(stat).unwrap();
        assert_eq!(found.user, Duration::from_millis(2500));
        assert_eq!(found.system, Duration::from_millis(750));
        let status = "Name:\totomo\nVmHWM:\t   900 kB\nVmRSS:\t   812 kB\n";
        assert_eq!(resident_kib_in(status), Some(812));
        assert_eq!(threads("Name:\totomo\nThreads:\t3\n"), Some(3));
    }

    #[test]
    fn this_process_can_be_measured() {
        let own = Process::own();
        assert!(own.resident_kib().unwrap() > 0);
        assert!(own.threads().unwrap() > 0);
        assert!(own.descriptors().unwrap() > 0);
    }

    /// Goal: what a thread uses is of the process, and not of another thread. Method: a second thread is busy until the kernel has
    /// counted that; this one waits for it.
    #[test]
    fn a_process_uses_what_its_threads_use() {
        let used = |cpu: Cpu| cpu.user + cpu.system;
        let before = Process::own().cpu().unwrap();
        let enough = Duration::from_millis(50);
        let busy = move || {
            let cpu = || used(Process::this_thread_cpu().unwrap());
            let began = cpu();
            while cpu() < began + enough {}
        };
        let own_before = used(Process::this_thread_cpu().unwrap());
        std::thread::spawn(busy).join().unwrap();
        assert!(used(Process::own().cpu().unwrap().since(before)) >= enough);
        let own = used(Process::this_thread_cpu().unwrap()) - own_before;
        assert!(own < enough, "{own:?}");
    }

    #[test]
    fn a_process_that_is_not_there_is_named() {
        let fault = Process::new(u32::MAX).cpu().unwrap_err();
        assert!(fault.to_string().contains("/proc/4294967295/stat"));
    }
}
