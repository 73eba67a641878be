//! Which core runs what: a server and its load that take turns on a core measure each other.

use nix::{
    errno::Errno,
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use crate::cli::bench::fault::BenchFault;

/// A core for the server and one for the tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    server: usize,
    tool: usize,
}

impl Cores {
    /// The first two that this process may use.
    pub(crate) fn choose() -> Result<Self, BenchFault> {
        let allowed = sched_getaffinity(OWN).map_err(refused)?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core) == Ok(true));
        match (cores.next(), cores.next()) {
            (Some(server), Some(tool)) => Ok(Self { server, tool }),
            _ => Err(BenchFault::Pin(
                "two cores are needed, and this process may use one".to_owned(),
            )),
        }
    }

    /// Keeps this thread, and what it starts from now on, to the server's core.
    pub(crate) fn as_server(self) -> Result<(), BenchFault> {
        keep(OWN, self.server)
    }

    /// Keeps this thread to the tool's core.
    pub(crate) fn as_tool(self) -> Result<(), BenchFault> {
        keep(OWN, self.tool)
    }

    /// Keeps every thread of a running server to the server's core.
    pub(crate) fn keep_server(self, pid: u32) -> Result<(), BenchFault> {
        let path = format!("/proc/{pid}/task");
        let threads =
            std::fs::read_dir(&path).map_err(|cause| BenchFault::Process { path, cause })?;
        let names = threads.filter_map(|thread| thread.ok()?.file_name().into_string().ok());
        for thread in names.filter_map(|name| name.parse().ok()) {
            match keep(Pid::from_raw(thread), self.server) {
                // It has ended meanwhile.
                Err(_) if !std::path::Path::new(&format!("/proc/{pid}/task/{thread}")).exists() => {
                }
                kept => kept?,
            }
        }
        Ok(())
    }
}

/// What the system calls the thread that asks.
const OWN: Pid = Pid::from_raw(0);

fn keep(thread: Pid, core: usize) -> Result<(), BenchFault> {
    let mut cores = CpuSet::new();
    cores.set(core).map_err(refused)?;
    sched_setaffinity(thread, &cores).map_err(refused)
}

fn refused(cause: Errno) -> BenchFault {
    BenchFault::Pin(cause.desc().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In threads of its own: what is kept to a core stays there.
    #[test]
    fn a_thread_keeps_to_its_core_and_what_it_starts_inherits_that() {
        let Ok(cores) = Cores::choose() else {
            let only = sched_getaffinity(OWN).unwrap();
            let count = (0..CpuSet::count()).filter(|core| only.is_set(*core) == Ok(true));
            assert_eq!(count.count(), 1, "there are two, and they are not chosen");
            return;
        };
        let of = |thread: Pid| {
            let set = sched_getaffinity(thread).unwrap();
            let cores = (0..CpuSet::count()).filter(|core| set.is_set(*core) == Ok(true));
            cores.collect::<Vec<_>>()
        };
        let inherited = std::thread::spawn(move || {
            cores.as_server().unwrap();
            let inherited = std::thread::spawn(move || of(OWN)).join().unwrap();
            cores.as_tool().unwrap();
            (inherited, of(OWN))
        });
        let expected = (vec![cores.server], vec![cores.tool]);
        assert_eq!(inherited.join().unwrap(), expected);
    }
}
