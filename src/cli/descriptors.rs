//! How many descriptors this process may have open: each connection is one.
//!
//! Systems start programs with room for 1,024 and let them ask for more. Servers and load tools do.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Asks for as many descriptors as this process may have, and says how many that is.
///
/// # Errors
/// What the system says if it does not even tell the limit.
pub(super) fn raise() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return Ok(hard);
    }
    // Refused, as some systems do with a limit of "any number": what there is has to do.
    Ok(soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_twice_gives_the_same() {
        let first = raise().unwrap();
        assert!(first > 0);
        assert_eq!(raise().unwrap(), first);
    }
}
