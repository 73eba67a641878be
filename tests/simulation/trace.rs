//! What has happened in a world, in order: the last of it to read, and a sum of all of it to compare.

use std::{
    cell::RefCell,
    collections::{VecDeque, hash_map::DefaultHasher},
    fmt,
    hash::{Hash as _, Hasher as _},
};

use tokio::time::Instant;

/// How much of it is kept to read.
const KEPT: usize = 120;

/// What has happened on this thread.
#[derive(Default)]
struct Trace {
    began: Option<Instant>,
    last: VecDeque<String>,
    sum: DefaultHasher,
    lines: u64,
    /// Whether every line is printed as it happens.
    loud: bool,
    /// What panicked, and where.
    panics: Vec<String>,
}

thread_local! {
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Another world begins on this thread.
pub fn begin(loud: bool) {
    TRACE.set(Trace {
        began: Some(Instant::now()),
        loud,
        ..Trace::default()
    });
}

/// Something happens.
pub fn write(what: fmt::Arguments<'_>) {
    TRACE.with_borrow_mut(|trace| {
        let Some(began) = trace.began else {
            return;
        };
        let line = format!("{:>6} ms  {what}", began.elapsed().as_millis());
        if trace.loud {
            println!("{line}");
        }
        line.hash(&mut trace.sum);
        trace.lines += 1;
        if trace.last.len() == KEPT {
            trace.last.pop_front();
        }
        trace.last.push_back(line);
    });
}

/// Something has panicked. Returns whether a world is running here, which will be told.
pub fn panicked(what: String) -> bool {
    let noted = TRACE.try_with(|trace| {
        let Ok(mut trace) = trace.try_borrow_mut() else {
            return false;
        };
        trace.panics.push(what);
        trace.began.is_some()
    });
    noted.unwrap_or(false)
}

/// Whether something has panicked.
pub fn has_panicked() -> bool {
    TRACE.with_borrow(|trace| !trace.panics.is_empty())
}

/// The world is over; what has panicked in it.
pub fn take_panics() -> Vec<String> {
    TRACE.with_borrow_mut(|trace| {
        trace.began = None;
        std::mem::take(&mut trace.panics)
    })
}

/// The last that happened.
pub fn last() -> Vec<String> {
    TRACE.with_borrow(|trace| trace.last.iter().cloned().collect())
}

/// A sum of all that happened, which two runs of a seed have in common; and how much that was.
pub fn sum() -> (u64, u64) {
    TRACE.with_borrow(|trace| (trace.sum.finish(), trace.lines))
}

/// Something happens, in the words of `format!`.
macro_rules! note {
    ($($words:tt)*) => {
        $crate::trace::write(format_args!($($words)*))
    };
}
pub(crate) use note;
