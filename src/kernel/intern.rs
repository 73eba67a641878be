//! Texts of ours that come back from other nodes: names of states, reasons of a close. Here they are `&'static str`, because
//! they are copied and compared often. There are a few dozen of them, in the source of whichever release the node runs.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Texts that are kept at most: more than there are, so what comes beyond them is none of ours.
const TEXTS_MAX: usize = 512;

/// Bytes of one text at most: longer than any of ours.
const LENGTH_MAX: usize = 200;

static TEXTS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// The text, kept for as long as the process lives; `None` if it cannot be one of ours.
pub fn intern(text: &str) -> Option<&'static str> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    if let Some(known) = texts.get(text) {
        return Some(known);
    }
    if texts.len() == TEXTS_MAX {
        return None;
    }
    let kept: &'static str = Box::leak(text.into());
    texts.insert(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_not_every_text_is() {
        let first = intern("otomo_status").unwrap();
        let second = intern(&String::from("otomo_status")).unwrap();
        assert_eq!(first.as_ptr(), second.as_ptr());
        assert_eq!(intern(&"x".repeat(LENGTH_MAX + 1)), None);
    }
}
