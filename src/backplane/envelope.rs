//! A message as it travels: who said it, about what, and what it is.
//!
//! ```text
//! version  kind  life     number   subject        from           body
//! 1 byte   1     8 bytes  8 bytes  1 + its name   1 + its name   the rest
//! ```
//! Names and not numbers, so that nodes of two releases understand each other, or see that they do not. `life` is drawn anew at
//! each start: what a node said before it was started again, or another of the same name by mistake, is not its own.

use bytes::{Buf as _, BufMut as _, Bytes};

use super::Subject;
use crate::kernel::ids::NodeId;

/// The form of the message. Nodes of different forms do not hear each other.
const VERSION: u8 = 1;

/// The bytes before the names.
const FIXED: usize = 18;

/// Who says something. A node's name alone does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Speaker {
    pub(super) node: NodeId,
    /// One start of it.
    pub(super) life: u64,
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its speaker has no use for it.
    Skip,
    /// Its speaker hears it too.
    Hear,
    /// Its speaker said things that were lost.
    Gap,
    /// Its speaker finds out whether it is heard.
    Probe,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Skip, Kind::Hear, Kind::Gap, Kind::Probe];

    fn code(self) -> u8 {
        match self {
            Kind::Skip => 0,
            Kind::Hear => 1,
            Kind::Gap => 2,
            Kind::Probe => 3,
        }
    }
}

/// A message without the channel that it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) kind: Kind,
    pub(super) speaker: Speaker,
    /// The place of this message among those of its speaker.
    pub(super) number: u64,
    pub(super) subject: Subject,
    pub(super) body: Bytes,
}

/// Bytes that are no message of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbled {
    #[error("it is too short")]
    Short,
    #[error("it has the form {0}")]
    Form(u8),
    #[error("it is of the unknown kind {0}")]
    Kind(u8),
    #[error("it has no readable {0}")]
    Name(&'static str),
}

impl Envelope {
    /// As it travels.
    pub(super) fn encode(&self) -> Vec<u8> {
        let names = [self.subject.as_str(), self.speaker.node.as_str()];
        let length = FIXED + names.iter().map(|name| 1 + name.len()).sum::<usize>();
        let mut out = Vec::with_capacity(length + self.body.len());
        out.put_u8(VERSION);
        out.put_u8(self.kind.code());
        out.put_u64(self.speaker.life);
        out.put_u64(self.number);
        for name in names {
            // Names of nodes have 128 bytes at most.
            out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
            out.put_slice(name.as_bytes());
        }
        out.put_slice(&self.body);
        out
    }

    /// From what came.
    pub(super) fn decode(mut bytes: Bytes) -> Result<Self, Garbled> {
        if bytes.remaining() < FIXED {
            return Err(Garbled::Short);
        }
        let version = bytes.get_u8();
        if version != VERSION {
            return Err(Garbled::Form(version));
        }
        let code = bytes.get_u8();
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code);
        let kind = kind.ok_or(Garbled::Kind(code))?;
        let life = bytes.get_u64();
        let number = bytes.get_u64();
        let subject = name(&mut bytes, "subject")?;
        let node = name(&mut bytes, "node")?;
        Ok(Self {
            kind,
            speaker: Speaker { node, life },
            number,
            subject,
            body: bytes,
        })
    }
}

fn name<T: std::str::FromStr>(bytes: &mut Bytes, what: &'static str) -> Result<T, Garbled> {
    let length = bytes.try_get_u8().ok().map(usize::from);
    let length = length.filter(|length| *length <= bytes.remaining());
    let name = bytes.split_to(length.ok_or(Garbled::Short)?);
    let text = std::str::from_utf8(&name).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or(Garbled::Name(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            kind: Kind::Hear,
            speaker: Speaker {
                node: "tokyo-1".parse().unwrap(),
                life: u64::MAX - 3,
            },
            number: 7,
            subject: Subject::Presence,
            body: Bytes::from_static(b"hello"),
        }
    }

    #[test]
    fn a_message_comes_as_it_went() {
        for kind in Kind::ALL {
            let sent = Envelope { kind, ..envelope() };
            assert_eq!(Envelope::decode(sent.encode().into()), Ok(sent));
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_refused_and_never_more_than_that() {
        let sent = envelope().encode();
        let names = FIXED + 1 + "presence".len() + 1 + "tokyo-1".len();
        for length in 0..names {
            let cut = Bytes::copy_from_slice(&sent[..length]);
            assert_eq!(Envelope::decode(cut), Err(Garbled::Short), "{length}");
        }
        let with = |at: usize, byte: u8| {
            let mut changed = sent.clone();
            changed[at] = byte;
            Envelope::decode(changed.into())
        };
        assert_eq!(with(0, 9), Err(Garbled::Form(9)));
        assert_eq!(with(1, 9), Err(Garbled::Kind(9)));
        assert_eq!(with(FIXED + 1, b'X'), Err(Garbled::Name("subject")));
        assert_eq!(with(FIXED + 10, 0xff), Err(Garbled::Name("node")));
        assert_eq!(with(FIXED, 250), Err(Garbled::Short));
    }
}
