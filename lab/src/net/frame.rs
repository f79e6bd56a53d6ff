//! What goes over the wire: frames behind four bytes of length, in postcard. Not pinned: both ends are of one version, and
//! the hello checks that.

use bytes::{BufMut, Bytes, BytesMut};
use postcard::ser_flavors::Flavor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spacelike::hlc::Timestamp;
use spacelike::machine::NodeId;
use spacelike::monitor::Heartbeat;
use tokio_util::codec::LengthDelimitedCodec;

use crate::net::Refusal;

/// The first frame, from whoever dialed. The mark and the version come first in every version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) mark: [u8; 4],
    pub(super) version: u8,
    pub(super) cluster: u64,
    /// Who dials.
    pub(super) from: NodeId,
    /// Who is meant.
    pub(super) to: NodeId,
    /// The dialer's life.
    pub(super) incarnation: u64,
    /// Grows with each attempt of one life.
    pub(super) attempt: u64,
}

/// The answer to a hello.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Not the hello's, so that a socket that reached itself doesn't take its own words for an answer.
    pub(super) mark: [u8; 4],
    pub(super) version: u8,
    pub(super) verdict: Result<Welcome, Refusal>,
}

/// Who answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Welcome {
    pub(super) cluster: u64,
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
}

/// Every later frame. The dialer sends messages, heartbeats and keepalives, the acceptor answers each keepalive with one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Frame<T> {
    /// The message, and the stamp of the step that sent it.
    Message { stamp: Timestamp, message: T },
    /// Asks for an answer, or is one.
    Keepalive,
    /// The dialer is alive. Who that is, and in which life, the hello has said. `sent` is in nanoseconds: a `Duration` has
    /// several encodings.
    Beat { sequence: u64, sent: u64 },
}

impl<T> Frame<T> {
    /// As it is sent. Saturates after 584 years.
    pub(super) fn beat(Heartbeat { sequence, sent }: Heartbeat) -> Self {
        Self::Beat { sequence, sent: u64::try_from(sent.as_nanos()).unwrap_or(u64::MAX) }
    }
}

impl Hello {
    /// Reads a hello, or says why it is none of this version's.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        match bytes {
            [a, b, c, d, version, ..] if [*a, *b, *c, *d] == HELLO => {
                if *version != VERSION {
                    return Err(Refusal::Version);
                }
            }
            _ => return Err(Refusal::Garbage),
        }
        from_bytes(bytes).ok_or(Refusal::Garbage)
    }
}

impl Answer {
    /// Reads an answer, if it is one of this version's.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let answer: Self = from_bytes(bytes)?;
        (answer.mark == ANSWER && answer.version == VERSION).then_some(answer)
    }
}

/// Encodes a frame with its length in front. Stops as soon as it is longer than `frame_max`.
pub(super) fn to_frame<T: Serialize>(value: &T, frame_max: usize) -> Result<Bytes, Unsendable> {
    let mut frame = BytesMut::with_capacity(HELLO_MAX);
    frame.put_u32(0);
    let bounded = Bounded { frame, len_max: frame_max.saturating_add(LEN) };
    let mut frame = postcard::serialize_with_flavor(value, bounded).map_err(|error| match error {
        postcard::Error::SerializeBufferFull => Unsendable::TooLong { frame_max },
        error => Unsendable::Encode(error),
    })?;
    let len = u32::try_from(frame.len() - LEN).map_err(|_| Unsendable::TooLong { frame_max })?;
    frame[..LEN].copy_from_slice(&len.to_be_bytes());
    Ok(frame.freeze())
}

/// Decodes all of `bytes`, or nothing.
pub(super) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// Cuts a stream into frames of at most `frame_max` bytes. A longer one is an error before any of it is read.
pub(super) fn codec(frame_max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(frame_max).new_codec()
}

/// A message that can't be a frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsendable {
    #[error("it has more than {frame_max} bytes")]
    TooLong { frame_max: usize },
    #[error(transparent)]
    Encode(postcard::Error),
}

/// Takes bytes up to a bound.
struct Bounded {
    frame: BytesMut,
    len_max: usize,
}

impl Flavor for Bounded {
    type Output = BytesMut;

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() > self.len_max.saturating_sub(self.frame.len()) {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.frame.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> postcard::Result<BytesMut> {
        Ok(self.frame)
    }
}

pub(super) const HELLO: [u8; 4] = *b"splk";
pub(super) const ANSWER: [u8; 4] = *b"kaps";
pub(super) const VERSION: u8 = 2;
/// Hellos, answers, keepalives and heartbeats are shorter than this.
pub(super) const HELLO_MAX: usize = 64;
const LEN: usize = 4;

#[cfg(test)]
mod tests {
    use core::fmt::Debug;
    use core::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// The longest hello and answer fit the bound under which strangers are read, and the longest heartbeat as well.
    #[test]
    fn longest_hello_fits() {
        let (cluster, node, incarnation) = (u64::MAX, NodeId(u32::MAX), u64::MAX);
        let hello = Hello {
            mark: HELLO,
            version: VERSION,
            cluster,
            from: node,
            to: node,
            incarnation,
            attempt: u64::MAX,
        };
        let frame = to_frame(&hello, HELLO_MAX).unwrap();
        assert_eq!(Hello::read(&frame[4..]), Ok(hello));
        let verdict = Ok(Welcome { cluster, node, incarnation });
        let answer = Answer { mark: ANSWER, version: VERSION, verdict };
        let frame = to_frame(&answer, HELLO_MAX).unwrap();
        assert_eq!(Answer::read(&frame[4..]), Some(answer));
        assert_eq!(Hello::read(&frame[4..]), Err(Refusal::Garbage));
        let beat = Frame::<()>::beat(Heartbeat { sequence: u64::MAX, sent: Duration::MAX });
        assert_eq!(beat, Frame::Beat { sequence: u64::MAX, sent: u64::MAX });
        let frame = to_frame(&beat, HELLO_MAX).unwrap();
        assert_eq!(from_bytes(&frame[4..]), Some(beat));
    }

    /// A frame with bytes left over, a stamp out of range or a cut end is none.
    #[test]
    fn frame_is_read_whole_or_not_at_all() {
        let stamp = Timestamp::new(1_700_000_000_000, 1).unwrap();
        let frame = to_frame(&Frame::Message { stamp, message: 7u32 }, 64).unwrap();
        let body = &frame[4..];
        assert_eq!(from_bytes(body), Some(Frame::Message { stamp, message: 7u32 }));
        assert_eq!(from_bytes::<Frame<u32>>(&[body, &[0]].concat()), None);
        for len in 0..body.len() {
            assert_eq!(from_bytes::<Frame<u32>>(&body[..len]), None);
        }
        assert_eq!(from_bytes::<Frame<u32>>(&[0, 0, 7]), None, "zero is no stamp");
        assert!(matches!(
            to_frame(&Frame::Message { stamp, message: vec![0u8; 65] }, 64),
            Err(Unsendable::TooLong { .. })
        ));
    }

    /// Any bytes, or the encoding of a value with a few bytes changed, cut off and added.
    fn hostile<T: Serialize + Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<u8>> {
        let byte = || prop_oneof![any::<u8>(), Just(0), Just(1), Just(0x80), Just(0xFF)];
        let spoiled = (value, vec((any::<Index>(), byte()), 0..3), 0..3_usize, vec(byte(), 0..3));
        let spoiled = spoiled.prop_map(|(value, changes, cut, more)| {
            let mut bytes = postcard::to_stdvec(&value).unwrap();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            bytes.extend(more);
            bytes
        });
        prop_oneof![1 => vec(byte(), 0..80), 4 => spoiled]
    }

    fn hellos() -> impl Strategy<Value = Hello> {
        any::<(u64, u32, u32, u64, u64)>().prop_map(|(cluster, from, to, incarnation, attempt)| Hello {
            mark: HELLO,
            version: VERSION,
            cluster,
            from: NodeId(from),
            to: NodeId(to),
            incarnation,
            attempt,
        })
    }

    fn answers() -> impl Strategy<Value = Answer> {
        let welcome = any::<(u64, u32, u64)>().prop_map(|(cluster, node, incarnation)| {
            Ok(Welcome { cluster, node: NodeId(node), incarnation })
        });
        prop_oneof![welcome, Just(Err(Refusal::Stale))].prop_map(|verdict| Answer {
            mark: ANSWER,
            version: VERSION,
            verdict,
        })
    }

    /// A message with every kind of thing in it.
    type Several = (u64, Option<bool>, Vec<u8>, String);

    fn frames() -> impl Strategy<Value = Frame<Several>> {
        let message = (1..1_u64 << 40, any::<Several>()).prop_map(|(millis, message)| Frame::Message {
            stamp: Timestamp::new(millis, 1).unwrap(),
            message,
        });
        let beat =
            any::<(u64, Duration)>().prop_map(|(sequence, sent)| Frame::beat(Heartbeat { sequence, sent }));
        prop_oneof![8 => message, 1 => Just(Frame::Keepalive), 3 => beat]
    }

    /// What was read is what was written, all of it and no more. A number may have been written longer than it need be;
    /// nothing else has two forms, so that of two encodings of one length only one is read as the value.
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(read: &T, bytes: &[u8]) {
        let frame = to_frame(read, usize::MAX).unwrap();
        let encoded = &frame[LEN..];
        assert_eq!(from_bytes::<T>(encoded).as_ref(), Some(read));
        assert!(encoded == bytes || encoded.len() < bytes.len(), "{encoded:x?} from {bytes:x?}");
        assert_eq!(from_bytes::<T>(&bytes[..bytes.len() - 1]), None, "the last of {bytes:x?} says nothing");
    }

    proptest! {
        /// Hostile bytes are no hello, or one of this version that encodes back to them.
        #[test]
        fn hostile_hello_is_refused_or_read_as_it_is(bytes in hostile(hellos())) {
            if let Ok(hello) = Hello::read(&bytes) {
                prop_assert_eq!((hello.mark, hello.version), (HELLO, VERSION));
                check(&hello, &bytes);
            }
        }

        /// Hostile bytes are no answer, or one of this version that encodes back to them.
        #[test]
        fn hostile_answer_is_refused_or_read_as_it_is(bytes in hostile(answers())) {
            if let Some(answer) = Answer::read(&bytes) {
                prop_assert_eq!((answer.mark, answer.version), (ANSWER, VERSION));
                check(&answer, &bytes);
            }
        }

        /// Hostile bytes are no frame, or one that encodes back to them.
        #[test]
        fn hostile_frame_is_refused_or_read_as_it_is(bytes in hostile(frames())) {
            if let Some(frame) = from_bytes::<Frame<Several>>(&bytes) {
                check(&frame, &bytes);
            }
            if let Some(frame) = from_bytes::<Frame<()>>(&bytes) {
                check(&frame, &bytes);
            }
        }
    }
}
