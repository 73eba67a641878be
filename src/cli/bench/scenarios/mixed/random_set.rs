//! Those of many who can do something: anybody of them is found in one step, however few they are.

use super::day::Chance;

/// A set of numbers.
pub(super) struct RandomSet {
    members: Vec<usize>,
    /// By number, where it stands among the members.
    places: Vec<Option<usize>>,
}

impl RandomSet {
    /// None of so many.
    pub(super) fn none_of(all: usize) -> Self {
        Self {
            members: Vec::with_capacity(all),
            places: vec![None; all],
        }
    }

    /// Whether a number belongs to them from now on.
    pub(super) fn set(&mut self, number: usize, belongs: bool) {
        let Some(place) = self.places.get_mut(number) else {
            return;
        };
        match (*place, belongs) {
            (None, true) => {
                *place = Some(self.members.len());
                self.members.push(number);
            }
            (Some(at), false) => {
                *place = None;
                self.members.swap_remove(at);
                // The last of them took the place that is free now.
                if let Some(moved) = self.members.get(at)
                    && let Some(place) = self.places.get_mut(*moved)
                {
                    *place = Some(at);
                }
            }
            _ => {}
        }
    }

    /// Any of them, each as likely as the others.
    pub(super) fn anybody(&self, chance: &mut Chance) -> Option<usize> {
        let at = chance.below(self.members.len());
        self.members.get(at).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_one_of_many_is_found_at_once() {
        let mut free = RandomSet::none_of(10_000);
        let mut chance = Chance(7);
        assert_eq!(free.anybody(&mut chance), None);
        free.set(9_876, true);
        assert_eq!(free.anybody(&mut chance), Some(9_876));
    }

    #[test]
    fn it_is_a_set_whatever_comes_and_goes() {
        let mut free = RandomSet::none_of(32);
        let mut known = std::collections::BTreeSet::new();
        let mut chance = Chance(11);
        for _ in 0..5_000 {
            let (number, belongs) = (chance.below(32), chance.below(2) == 0);
            free.set(number, belongs);
            match belongs {
                true => known.insert(number),
                false => known.remove(&number),
            };
            assert_eq!(free.len(), known.len());
            let members = free.members.iter().copied();
            assert!(members.collect::<std::collections::BTreeSet<_>>() == known);
        }
    }

    #[test]
    fn each_is_chosen_as_often_as_the_others() {
        let mut free = RandomSet::none_of(8);
        for number in [1, 3, 4, 6] {
            free.set(number, true);
        }
        let mut chance = Chance(13);
        let mut counts = [0; 8];
        for _ in 0..4_000 {
            counts[free.anybody(&mut chance).unwrap()] += 1;
        }
        for (number, count) in counts.into_iter().enumerate() {
            let expected = if free.places[number].is_some() {
                900..1_100
            } else {
                0..1
            };
            assert!(expected.contains(&count), "{number}: {count}");
        }
    }
}
