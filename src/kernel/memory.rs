//! How much memory a process takes, as the kernel counts it (`proc(5)`).

/// What this process takes of the machine's memory right now, in KiB; `None` where that cannot be read: not on Linux.
pub fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    resident_kib_in(&status)
}

/// The same figure (`VmRSS`), found in what `/proc/<pid>/status` says of some process.
pub fn resident_kib_in(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
