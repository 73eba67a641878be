//! `game_action` and the app's own actions: the app's backend is asked, and its answer is the acknowledgement. Several may be
//! under way; each is answered when its answer comes.

use serde_json::value::RawValue;

use super::{Session, Stage};
use crate::{actions::Action, delivery::reply::Reply, protocol::event::ActionAck};

impl Session {
    /// Takes an action to the app's backend.
    pub(super) fn act(&mut self, name: Box<str>, command: Box<RawValue>, reply: Reply) {
        if self.person(&reply).is_none() {
            return;
        }
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let client = live.line.client().clone();
        let at = self.env.store.now();
        let action = Action {
            name: name.clone(),
            client,
            command,
            at,
        };
        let actions = self.env.actions.clone();
        self.answer_when(reply, async move {
            let answered = actions.ask(action).await;
            let result = answered.map_err(|fault| fault.about(&name))?;
            let action = name.into_string();
            Ok(Some(ActionAck { action, result }.into()))
        });
    }
}
