//! What the allocator does with memory that is free: a server gives it back at once.
//!
//! By itself mimalloc keeps it for a second, and then until it happens to look, which it hardly does once a server has become
//! quiet: after ten thousand had connected, a tenth of what they cost was free and kept. It reads this setting from the
//! environment, before `main`, and has no call for it that is safe. So the server begins once more in its own process, with
//! the setting: its process id, its descriptors and its arguments stay, and it takes a few milliseconds.

use std::{env, io, os::unix::process::CommandExt as _, process::Command};

/// After how many milliseconds mimalloc gives back what is free.
const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";

/// Has this process begin once more with the setting, unless there is one already: then that is an operator's, or this has begun
/// before.
///
/// # Errors
/// What the system says if it cannot begin once more: it goes on as it is, which is right in all but the memory it keeps.
pub(super) fn give_back_at_once() -> io::Result<()> {
    if env::var_os(PURGE_DELAY).is_some() {
        return Ok(());
    }
    let mut args = env::args_os();
    let mut again = Command::new(env::current_exe()?);
    if let Some(name) = args.next() {
        again.arg0(name);
    }
    Err(again.args(args).env(PURGE_DELAY, "0").exec())
}
