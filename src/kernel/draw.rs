//! Where new ids come from: the system's chance; or, on the thread of a simulation, its seed, so that a run repeats itself.

use std::cell::Cell;

use uuid::{Builder, Uuid};

/// What a thread draws from.
#[derive(Clone, Copy)]
struct Seeded {
    state: u64,
    /// What the next id that sorts by time has for one.
    time: u64,
}

thread_local! {
    static SEEDED: Cell<Option<Seeded>> = const { Cell::new(None) };
}

/// From now on the calling thread draws from a seed. For simulations: whoever knows the seed knows the ids.
pub fn seed_thread(seed: u64) {
    let state = seed;
    SEEDED.set(Some(Seeded { state, time: 1 }));
}

/// A new id of version 7: sorts by the time at which it was made.
pub(crate) fn in_order() -> Uuid {
    match SEEDED.get() {
        None => Uuid::now_v7(),
        Some(Seeded { state, time }) => {
            let (state, [high, low]) = two(state);
            let time = time + 1;
            SEEDED.set(Some(Seeded { state, time }));
            let random = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
            let mut last = [0; 10];
            last.copy_from_slice(random.split_at(6).1);
            Builder::from_unix_timestamp_millis(time, &last).into_uuid()
        }
    }
}

/// A new id of version 4: says nothing.
pub(crate) fn random() -> Uuid {
    match SEEDED.get() {
        None => Uuid::new_v4(),
        Some(Seeded { state, time }) => {
            let (state, [high, low]) = two(state);
            SEEDED.set(Some(Seeded { state, time }));
            let random = u128::from(high) << 64 | u128::from(low);
            Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
        }
    }
}

/// The next two numbers of a seed, and what is left of it (SplitMix64).
fn two(state: u64) -> (u64, [u64; 2]) {
    let (state, high) = step(state);
    let (state, low) = step(state);
    (state, [high, low])
}

fn step(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, mixed ^ (mixed >> 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_what_is_in_order_rises() {
        let drawn = |seed| {
            std::thread::spawn(move || {
                seed_thread(seed);
                [in_order(), random(), in_order()]
            })
            .join()
            .unwrap()
        };
        let [first, other, second] = drawn(7);
        assert_eq!(drawn(7), [first, other, second]);
        assert_ne!(drawn(8), [first, other, second]);
        assert!(first < second);
        let versions = [first, other].map(|id| id.get_version_num());
        assert_eq!(versions, [7, 4]);
        assert_ne!(in_order(), in_order(), "another thread has no seed");
    }
}
