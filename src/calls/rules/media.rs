//! Media in an accepted call: when it counts as up, and when it stops.

use super::{
    call::{Call, Connection, Method, Party, Phase, Setup, Side, Talk},
    effect::{Step, TimelineEvent},
    ending::By,
    policy::Policy,
    refusal::Refusal,
    speech,
};
use crate::kernel::{config::ConnectedBy, time::Timestamp};

/// A participant's own peer connection is up.
pub(super) fn reported(
    call: &Call,
    talk: &Talk,
    setup: &Setup,
    party: &Party,
    now: Timestamp,
    policy: &Policy,
) -> Result<Step, Refusal> {
    if !call.is_bound(party) {
        return Err(Refusal::OtherDevice);
    }
    let heard = match party.side {
        Side::Caller => Setup {
            caller_reported: true,
            ..*setup
        },
        Side::Otomo => Setup {
            otomo_reported: true,
            ..*setup
        },
    };
    let enough = match policy.connected_by {
        ConnectedBy::Both => heard.caller_reported && heard.otomo_reported,
        ConnectedBy::Either => true,
        ConnectedBy::Server => false,
    };
    if enough {
        let by = party.side.into();
        return Ok(connected(call, talk, Method::PeerReport, by, now));
    }
    if heard == *setup {
        return Ok(Step::unchanged(call));
    }
    let next = call.moved_to(Phase::Connecting {
        talk: talk.clone(),
        setup: heard,
    });
    Ok(Step::stored(
        next,
        TimelineEvent::Reported,
        party.side.into(),
    ))
}

/// The same once media is up: no news.
pub(super) fn reported_again(call: &Call, party: &Party) -> Result<Step, Refusal> {
    if call.is_bound(party) {
        Ok(Step::unchanged(call))
    } else {
        Err(Refusal::OtherDevice)
    }
}

/// The media server sees media while the call connects: no further word is needed.
pub(super) fn seen(call: &Call, talk: &Talk, now: Timestamp) -> Step {
    let talk = Talk {
        media_lost_until: None,
        ..talk.clone()
    };
    connected(call, &talk, Method::SfuRtpDetected, By::MediaServer, now)
}

/// The media server sees media in a connected call: news only if it had lost it.
pub(super) fn seen_again(call: &Call, talk: &Talk) -> Step {
    if talk.media_lost_until.is_none() {
        return Step::unchanged(call);
    }
    let next = with_media_lost_until(call, None);
    Step::stored(next, TimelineEvent::MediaBack, By::MediaServer)
}

/// The media server sees no more media. The first notice counts; repeats move no deadline.
pub(super) fn lost(call: &Call, talk: &Talk, now: Timestamp, policy: &Policy) -> Step {
    if talk.media_lost_until.is_some() {
        return Step::unchanged(call);
    }
    let next = with_media_lost_until(call, Some(now + policy.loss_grace));
    Step::stored(next, TimelineEvent::MediaLost, By::MediaServer)
}

fn connected(call: &Call, talk: &Talk, method: Method, by: By, now: Timestamp) -> Step {
    let connection = Connection {
        at: now,
        method,
        charges: 0,
    };
    let next = call.moved_to(Phase::Connected {
        talk: talk.clone(),
        connection,
    });
    let spoken = speech::connected(&next, connection);
    Step::stored(next, TimelineEvent::Connected, by).say(spoken)
}

fn with_media_lost_until(call: &Call, until: Option<Timestamp>) -> Call {
    let mut phase = call.phase.clone();
    if let Some(talk) = phase.talk_mut() {
        talk.media_lost_until = until;
    }
    call.moved_to(phase)
}
