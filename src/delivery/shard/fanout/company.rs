//! How many things are told together, and how long one waits for the others.
//!
//! A pass costs about as much for sixteen updates as for one, so what belongs together should be told together; but it
//! should not wait once all of it is there. Who belongs together nobody says. It is guessed from what came together
//! lately: those who change something each time they have heard of the last change are the same number round after round.
//! Where things come by the clock instead, more come while a pass is under way, so more are expected than it told, and the
//! time decides.

use std::time::Duration;

/// What passes have told lately.
#[derive(Debug, Default)]
pub(super) struct Company {
    /// Things that are expected to come together.
    expected: usize,
    /// How long the last pass took.
    took: Duration,
}

impl Company {
    /// A pass has told so many things and took so long; so many more came meanwhile.
    pub(super) fn learn(&mut self, told: usize, meanwhile: usize, took: Duration) {
        let together = told + meanwhile;
        self.took = took;
        self.expected = match together < self.expected {
            // One that was smaller may be an exception.
            true => self.expected.midpoint(together),
            false => together,
        };
    }

    /// How many all of them are. `None` if things come alone, and nobody knows when the next one does.
    pub(super) fn all(&self) -> Option<usize> {
        (self.expected > 1).then_some(self.expected)
    }

    /// How long the first one waits for the others at least. Of those who change at the same moment one may be stored by
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

    fn after(passes: &[(usize, usize)]) -> Company {
        let mut company = Company::default();
        for (told, meanwhile) in passes {
            company.learn(*told, *meanwhile, TOOK);
        }
        company
    }

    #[test]
    fn who_comes_alone_waits_for_nobody_and_is_nobodys_company() {
        let alone = after(&[(1, 0), (1, 0)]);
        assert_eq!(alone.patience(), Duration::ZERO);
        assert_eq!(alone.all(), None);
    }

    #[test]
    fn as_many_as_came_together_last_time_are_all() {
        let company = after(&[(16, 0)]);
        assert_eq!(company.patience(), TOOK / 4);
        assert_eq!(company.all(), Some(16));
    }

    #[test]
    fn who_came_while_others_were_told_belongs_to_them() {
        let parted = after(&[(16, 0), (1, 15)]);
        assert_eq!(parted.all(), Some(16));
    }

    #[test]
    fn a_large_company_is_forgotten_in_a_few_passes() {
        let mut company = after(&[(64, 0)]);
        let passes = (0..).take_while(|_| {
            company.learn(4, 0, TOOK);
            company.all() != Some(4)
        });
        assert!(passes.count() < 8);
    }
}
