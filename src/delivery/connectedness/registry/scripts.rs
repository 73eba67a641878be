//! The scripts, read once.

use redis::Script;

use super::script;

/// The scripts. Redis knows them by their digests; the first call of each tells it the text.
pub(super) struct Scripts {
    pub(super) renew: Script,
    pub(super) say: Script,
    pub(super) touch: Script,
    pub(super) look: Script,
    pub(super) sweep: Script,
    pub(super) told: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            renew: script(include_str!("renew.lua")),
            say: script(include_str!("say.lua")),
            touch: script(include_str!("touch.lua")),
            look: script(include_str!("look.lua")),
            sweep: script(include_str!("sweep.lua")),
            told: script(include_str!("told.lua")),
        }
    }
}
