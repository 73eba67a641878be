//! How many things are told together, and how long one waits for the others.
//!
//! A pass costs about as much for sixteen updates as for one, so what belongs together should be told together; but it
//! should not wait once all of it is there. Who belongs together nobody says. It is guessed from what came together
//! lately: those who change something each time they have heard of the last change are the same number round after round,
//! and some of them may come again while the others are still told. Where things come by the clock instead, others come while
//! a pass is under way, so more are expected than it told, and the time decides.

use std::time::Duration;

/// For how many times `join_delay` after a pass what it told says something of what comes next: in a round of changes that
/// follow each other each takes the time of a commit or two. What comes later comes for another reason.
const LATELY: u32 = 16;

/// What passes have told lately.
#[derive(Debug, Default)]
pub(super) struct Company {
    /// Things that are expected to come together.
    expected: usize,
    /// How long the last pass took.
    took: Duration,
}

impl Company {
    /// A pass took so long, and so many different things were told by it or came meanwhile. One that told nothing says
    /// nothing.
    pub(super) fn learn(&mut self, together: usize, took: Duration) {
        self.took = took;
        self.expected = match together < self.expected {
            // One that was smaller may be an exception.
            true => self.expected.midpoint(together),
            false => together,
        };
    }

    /// Something comes so long after the last pass began.
    pub(super) fn comes_after(&mut self, pause: Duration, join_delay: Duration) {
        if pause > join_delay * LATELY + self.took {
            *self = Self::default();
        }
    }

    /// How many all of them are. `None` if things come alone, and nobody knows when the next one does.
    pub(super) fn all(&self) -> Option<usize> {
        (self.expected > 1).then_some(self.expected)
    }

    /// How long the first one waits for the others, even if nothing was told lately. Of those who change at the same moment one may be stored by
    /// itself and the others together after it: without company they would be told in two passes. A share of what a pass
    /// takes, so that waiting costs less than a second pass would.
    pub(super) fn patience(&self) -> Duration {
        match self.expected {
            0 | 1 => Duration::ZERO,
            _ => self.took / 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(8);

    fn after(passes: &[usize]) -> Company {
        let mut company = Company::default();
        for together in passes {
            company.learn(*together, TOOK);
        }
        company
    }

    #[test]
    fn who_comes_alone_waits_for_nobody_and_is_nobodys_company() {
        let alone = after(&[1, 1]);
        assert_eq!(alone.patience(), Duration::ZERO);
        assert_eq!(alone.all(), None);
    }

    #[test]
    fn as_many_as_came_together_last_time_are_all() {
        let company = after(&[16]);
        assert_eq!(company.patience(), TOOK / 4);
        assert_eq!(company.all(), Some(16));
    }

    #[test]
    fn a_large_company_is_forgotten_in_a_few_passes() {
        let mut company = after(&[64]);
        assert!((0..8).any(|_| {
            company.learn(4, TOOK);
            company.all() == Some(4)
        }));
    }

    #[test]
    fn a_company_is_forgotten_after_a_pause() {
        let mut company = after(&[64]);
        let join_delay = Duration::from_millis(10);
        company.comes_after(join_delay * 2, join_delay);
        assert_eq!(company.all(), Some(64));
        company.comes_after(Duration::from_secs(1), join_delay);
        assert_eq!((company.patience(), company.all()), (Duration::ZERO, None));
    }
}
