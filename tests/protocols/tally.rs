//! How many cases were tried.

use std::io::Write as _;

/// Says how many cases of a section have passed. Past the capture of the test harness: it is to be seen where all passed.
pub fn passed(section: &str, cases: usize) {
    assert!(cases > 0, "{section} has no cases");
    let _ = writeln!(std::io::stderr(), "{cases:>5} cases  {section}");
}
