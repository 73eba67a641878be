//! One message, one transaction.

use std::sync::Arc;

use actix::prelude::*;

use super::PresenceHub;
use crate::{
    delivery::lines::To,
    presence::{
        Choice,
        fault::PresenceFault,
        messages::{Arrive, Changed, Choose, Depart, Introduce, PutOut, Stop},
        transactions,
    },
};

/// What comes once it is stored.
type Answer<T> = ResponseFuture<Result<T, PresenceFault>>;

impl Handler<Arrive> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, Arrive(client): Arrive, _: &mut Context<Self>) -> Answer<()> {
        let (otomo, settings) = (client.user.clone(), Arc::clone(&self.settings));
        let stored = self
            .store
            .write(move |tx| transactions::arrive(tx, &client, &settings));
        self.answer(otomo, stored, |hub, entry, _| hub.publish(vec![entry]))
    }
}

impl Handler<Depart> for PresenceHub {
    type Result = ();

    fn handle(&mut self, departure: Depart, _: &mut Context<Self>) {
        self.depart(departure);
    }
}

impl Handler<Choose> for PresenceHub {
    type Result = Answer<Choice>;

    fn handle(&mut self, choose: Choose, _: &mut Context<Self>) -> Answer<Choice> {
        let (otomo, policy) = (choose.otomo.clone(), self.settings.policy);
        let stored = self
            .store
            .write(move |tx| transactions::choose(tx, &choose, &policy));
        self.answer(otomo, stored, Self::conclude)
    }
}

impl Handler<PutOut> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, put_out: PutOut, _: &mut Context<Self>) -> Answer<()> {
        let PutOut {
            otomo,
            code,
            reason,
        } = put_out;
        let (put_out, policy) = (otomo.clone(), self.settings.policy);
        let stored = self
            .store
            .write(move |tx| transactions::put_out(tx, &put_out, &policy));
        self.answer(otomo.clone(), stored, move |hub, outcome, ctx| {
            hub.conclude(outcome, ctx);
            let closed = hub.dispatch.close(To::User(otomo), code, reason);
            // Nobody waits for the sessions to be gone: they count for nothing already.
            drop(closed);
        })
    }
}

impl Handler<Introduce> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, Introduce(otomo): Introduce, _: &mut Context<Self>) -> Answer<()> {
        let introduced = otomo.clone();
        let stored = self
            .store
            .write(move |tx| transactions::introduce(tx, &introduced));
        self.answer(otomo, stored, |hub, entry, _| hub.publish(vec![entry]))
    }
}

impl Handler<Changed> for PresenceHub {
    type Result = ();

    fn handle(&mut self, Changed(changes): Changed, ctx: &mut Context<Self>) {
        self.tell(&changes, ctx);
    }
}

impl Handler<Stop> for PresenceHub {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
