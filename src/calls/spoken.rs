//! What people were told lately and is not noted in the database yet.
//!
//! Noting it with every change would write each call twice. So notes are gathered and written by the sweep, a second
//! apart; a crash before that leaves `spoken_version` trailing, and whoever sweeps next says the last change again.

use std::collections::HashMap;

use super::records::sweep::Mark;
use crate::kernel::ids::CallId;

/// The notes that wait.
#[derive(Debug, Default)]
pub(super) struct Unnoted(HashMap<CallId, Mark>);

impl Unnoted {
    /// Notes what people were told. Of two stretches with a gap between them the earlier one stays: the later must not
    /// hide that something was left unsaid.
    pub(super) fn note(&mut self, mark: Mark) {
        let noted = self.0.entry(mark.call).or_insert(mark);
        if mark.after <= noted.up_to && noted.after <= mark.up_to {
            noted.after = noted.after.min(mark.after);
            noted.up_to = noted.up_to.max(mark.up_to);
        } else if mark.after < noted.after {
            *noted = mark;
        }
    }

    /// Everything that waits, to be written.
    pub(super) fn take(&mut self) -> Vec<Mark> {
        self.0.drain().map(|(_, mark)| mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_joins_is_one_note_and_what_does_not_is_left_unsaid() {
        let call = CallId::new();
        let mark = |after, up_to| Mark { call, after, up_to };
        let mut unnoted = Unnoted::default();
        unnoted.note(mark(1, 2));
        unnoted.note(mark(2, 3));
        assert_eq!(unnoted.take(), [mark(1, 3)]);

        unnoted.note(mark(1, 2));
        unnoted.note(mark(4, 5));
        assert_eq!(unnoted.take(), [mark(1, 2)]);

        unnoted.note(mark(1, 2));
        unnoted.note(mark(0, 5));
        assert_eq!(unnoted.take(), [mark(0, 5)], "all was said again");
        assert!(unnoted.take().is_empty());
    }

    #[test]
    fn a_note_that_could_not_be_written_waits_again() {
        let call = CallId::new();
        let mark = |after, up_to| Mark { call, after, up_to };
        let mut unnoted = Unnoted::default();
        unnoted.note(mark(1, 2));
        let failed = unnoted.take();
        unnoted.note(mark(2, 3));
        for mark in failed {
            unnoted.note(mark);
        }
        assert_eq!(unnoted.take(), [mark(1, 3)]);
    }
}
