//! Frames as a client writes them (RFC 6455, section 5.2), right or wrong.

/// What a client masks with. Any four bytes do; none of these is zero, so that no masked byte is what it was.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// A frame to be written.
#[derive(Clone)]
pub struct Frame {
    first: u8,
    payload: Vec<u8>,
    masked: bool,
}

impl Frame {
    /// The only, or the last, frame of a message.
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self {
            first: FIN | opcode,
            payload: payload.as_ref().to_vec(),
            masked: true,
        }
    }

    pub fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(TEXT, payload)
    }

    pub fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::new(BINARY, payload)
    }

    pub fn continuation(payload: impl AsRef<[u8]>) -> Self {
        Self::new(CONTINUATION, payload)
    }

    pub fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::new(PING, payload)
    }

    pub fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::new(PONG, payload)
    }

    /// A goodbye with a code and a reason.
    pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Self {
        let payload = [&code.to_be_bytes(), reason.as_ref()].concat();
        Self::new(CLOSE, payload)
    }

    /// A goodbye with anything in it.
    pub fn close_with(payload: impl AsRef<[u8]>) -> Self {
        Self::new(CLOSE, payload)
    }

    /// More of the message follows.
    pub fn unfinished(mut self) -> Self {
        self.first &= !FIN;
        self
    }

    /// With reserved bits, 1 to 7.
    pub fn reserved(mut self, bits: u8) -> Self {
        self.first |= bits << 4;
        self
    }

    /// As no client may send it.
    pub fn unmasked(mut self) -> Self {
        self.masked = false;
        self
    }

    /// The frame as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header(self.payload.len() as u64);
        match self.masked {
            false => bytes.extend(&self.payload),
            true => {
                let keys = KEY.iter().cycle();
                bytes.extend(self.payload.iter().zip(keys).map(|(byte, key)| byte ^ key));
            }
        }
        bytes
    }

    /// Its header alone, which says that it is so long.
    pub fn header(&self, length: u64) -> Vec<u8> {
        let mut header = vec![self.first];
        let mask = if self.masked { MASKED } else { 0 };
        match length {
            0..=125 => header.push(mask | u8::try_from(length).unwrap()),
            126..=0xffff => {
                header.push(mask | 126);
                header.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                header.push(mask | 127);
                header.extend(length.to_be_bytes());
            }
        }
        if self.masked {
            header.extend(KEY);
        }
        header
    }
}

/// A text in as many frames as it takes if each has so many bytes.
pub fn fragments(text: &[u8], size: usize) -> Vec<Frame> {
    let parts: Vec<&[u8]> = text.chunks(size).collect();
    let last = parts.len() - 1;
    let frame = |(place, part): (usize, &&[u8])| {
        let opcode = if place == 0 { TEXT } else { CONTINUATION };
        let frame = Frame::new(opcode, part);
        if place == last {
            frame
        } else {
            frame.unfinished()
        }
    };
    parts.iter().enumerate().map(frame).collect()
}
