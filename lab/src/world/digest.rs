use core::fmt::{self, Debug, Write};
use core::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};
use spacelike::machine::Machine;

use crate::world::{Happened, What, nanos};

/// A hash of all that happened, over pinned bytes: the same on every platform, and for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    hasher: SipHasher13,
}

impl Digest {
    pub(super) fn new() -> Self {
        Self { hasher: SipHasher13::new() }
    }

    pub(super) fn finish(&self) -> u128 {
        self.hasher.finish128().as_u128()
    }

    pub(super) fn add<M: Machine>(&mut self, happened: &Happened<M>) {
        let at = nanos(happened.at);
        match &happened.what {
            What::Started { node, incarnation } => self.numbers([at, 1, node.0.into(), *incarnation]),
            What::Sent { from, to, message } => self.numbers([at, 2, from.0.into(), to.0.into(), *message]),
            What::Received { from, by, message } => {
                self.numbers([at, 3, from.0.into(), by.0.into(), *message]);
            }
            What::Dropped { from, to, message, why } => {
                self.numbers([at, 4, from.0.into(), to.0.into(), *message, *why as u64]);
            }
            What::Asked { node, id } => self.numbers([at, 5, node.0.into(), id.0]),
            What::Replied { node, id, response } => {
                self.numbers([at, 6, node.0.into(), id.0]);
                self.text(response);
            }
            What::Fired { node, timer } => {
                self.numbers([at, 7, node.0.into()]);
                self.text(timer);
            }
            What::Synced { node, writes } => self.numbers([at, 8, node.0.into(), *writes]),
            What::Suspicion { node, peer, is_suspect } => {
                self.numbers([at, 9, node.0.into(), peer.0.into(), u64::from(*is_suspect)]);
            }
            What::Noted { node, note } => {
                self.numbers([at, 10, node.0.into()]);
                self.text(note);
            }
            What::Fault(fault) => {
                self.numbers([at, 11]);
                self.text(fault);
            }
            What::Halted { node, why } => self.numbers([at, 12, node.0.into(), *why as u64]),
        }
    }

    /// What has no bytes of its own, by its `Debug` text.
    pub(super) fn text(&mut self, value: &impl Debug) {
        let mut sink = Sink { hasher: &mut self.hasher, len: 0 };
        // The sink takes everything.
        let _ = write!(sink, "{value:?}");
        let len = sink.len;
        self.numbers([len]);
    }

    /// In one piece, since each costs a call. The first two are when it was and what kind it is of, which says how many there are.
    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        let mut bytes = [0; 8 * NUMBERS_MAX];
        for (bytes, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        self.hasher.write(&bytes[..8 * N]);
    }
}

struct Sink<'a> {
    hasher: &'a mut SipHasher13,
    len: u64,
}

impl Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.hasher.write(text.as_bytes());
        self.len += text.len() as u64;
        Ok(())
    }
}

/// When, what, and up to four numbers.
const NUMBERS_MAX: usize = 6;
