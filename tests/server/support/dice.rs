//! Reproducible chance.

use std::ops::Range;

/// A small generator whose whole state is its seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// The dice of one test: seeded from an environment variable, else with `otherwise`. The seed is printed.
    pub fn new(story: &str, variable: &str, otherwise: u64) -> Self {
        let asked = std::env::var(variable).ok();
        let seed = asked.map_or(otherwise, |seed| seed.parse().expect("a seed"));
        println!("{story}: seed {seed} ({variable} repeats it)");
        Self::of(seed)
    }

    /// The dice of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of a seed.
    #[allow(dead_code, reason = "for the tests of several nodes")]
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice that no test repeats: for pauses.
    pub fn quiet() -> Self {
        Self(Self::any_seed())
    }

    /// A random seed.
    pub fn any_seed() -> u64 {
        uuid::Uuid::new_v4().as_u64_pair().1
    }

    /// Independent dice, for a task of its own: what they throw does not depend on the order of the tasks.
    pub fn fork(&mut self) -> Self {
        Self(self.throw())
    }

    /// Yes or no.
    pub fn flip(&mut self) -> bool {
        self.throw() & 1 == 1
    }

    /// Yes, once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % end as u64).expect("below a usize")
    }

    /// A number in a range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.throw() % (range.end - range.start)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Puts things into a random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
