//! Whatever another node seems to say to delivery.

mod bystanders;

use bytes::{Bytes, BytesMut};

use super::letter::{Letter, Saying};
use crate::{
    kernel::fuzz::assert_comes_again,
    protocol::frame::{Frame, Stamp, WireFormat},
};

/// A letter. It is read or refused; what is read and is said again is the same, its frame can be written, and who hears it closes
/// those whom it names, and does nothing to others.
pub(crate) fn letter(bytes: &[u8]) {
    let decode = |bytes: &[u8]| Letter::decode(Bytes::copy_from_slice(bytes)).ok();
    let Some((letter, json)) = decode(bytes) else {
        return;
    };
    write_frame(&letter.saying, &json);
    bystanders::hear(&Bytes::copy_from_slice(bytes), &letter.saying);
    assert_comes_again(
        (letter, json),
        |(letter, json)| letter.encode(json).to_vec(),
        decode,
    );
}

/// As for the clients of this node: its label comes as it was, and each format takes it.
fn write_frame(saying: &Saying, json: &Bytes) {
    let (Saying::Frame { label, .. } | Saying::Durable { label, .. }) = saying else {
        return;
    };
    let frame = Frame::labelled(label.clone(), json.clone(), |_, _, _, _| None);
    let mut out = BytesMut::new();
    for format in [
        WireFormat::WebSocket,
        WireFormat::NamedEvent,
        WireFormat::UnnamedEvent,
        WireFormat::SocketIoFrame,
        WireFormat::SocketIoPacket,
    ] {
        for stamp in [
            Stamp::None,
            Stamp::Version,
            Stamp::Durable { seq: 2, prev: 1 },
        ] {
            frame.write(stamp, format, &mut out);
        }
    }
}
