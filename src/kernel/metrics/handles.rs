//! Handles of one labelled counter, kept at hand by who counts often.

use prometheus_client::metrics::counter::Counter;

use super::Labelled;

/// The handles of one labelled counter that one thread has used. A label is found by where its text lies, which costs less
/// than to compare what it says; one text that lies in two places has two handles of one counter.
#[derive(Debug, Default)]
pub struct Handles(Vec<(&'static str, Counter)>);

impl Handles {
    /// The counter of a label. What is counted often moves to the front.
    pub fn of(&mut self, label: &'static str, all: &Labelled<Counter>) -> &Counter {
        let known = |(known, _): &(&'static str, Counter)| std::ptr::eq(*known, label);
        let place = match self.0.iter().position(known) {
            Some(0) => 0,
            Some(place) => {
                self.0.swap(place, place - 1);
                place - 1
            }
            None => {
                self.0.push((label, all.of(label)));
                self.0.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "it was just found or put there")]
        &self.0[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::metrics::Metrics;

    #[test]
    fn each_label_counts_for_itself_wherever_it_is_kept() {
        let metrics = Metrics::default();
        let mut handles = Handles::default();
        for label in ["a", "b", "c", "b", "b", "a"] {
            handles.of(label, &metrics.messages_in).inc();
        }
        let counted = ["a", "b", "c"].map(|label| metrics.messages_in.of(label).get());
        assert_eq!(counted, [2, 3, 1]);
    }
}
