use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use spacelike::machine::NodeId;

use crate::net::Refusal;

/// What a node has done in this life, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Inputs that the machine took, timers and requests included.
    pub steps: u64,
    /// Messages handed to the system's socket. Whether they arrive, nobody here knows.
    pub sent: u64,
    /// Messages that the machine took.
    pub received: u64,
    /// Messages thrown away, oldest first, because a peer's queue was full.
    pub dropped_full: u64,
    /// Messages that can't be sent: longer than a frame, or to a node that isn't a peer. A bug of the machine.
    pub dropped_unsendable: u64,
    /// Heartbeats handed to the system's sockets.
    pub beats_sent: u64,
    /// Heartbeats of peers that were news.
    pub beats_received: u64,
    /// How often the machine was told that a peer is suspect.
    pub suspected: u64,
    /// How often it was told that one is to be trusted again.
    pub trusted: u64,
    /// How often the node noticed that it hadn't been there itself, and took that time out of its peers' silence.
    pub absences: u64,
    /// Hellos that were refused, by reason.
    pub refused_hellos: BTreeMap<Refusal, u64>,
    /// Frames of peers that were no frames: too long, or gibberish. Each has cost its peer the connection.
    pub refused_frames: u64,
    /// Messages whose stamp was too far ahead.
    pub refused_stamps: u64,
    /// Peers whose connection from us is up.
    pub dialed: BTreeSet<NodeId>,
    /// Peers whose connection to us is up.
    pub accepted: BTreeSet<NodeId>,
    /// Connections to peers that came up: the first and every later one.
    pub connects: u64,
    /// Connections to peers that were tried again, whether or not they came up.
    pub reconnects: u64,
    /// Connections, in either direction, that were closed because nothing was heard on them for too long.
    pub half_open: u64,
    /// Connections from peers that gave way to a newer one of the same peer.
    pub replaced: u64,
    /// Requests that the machine took.
    pub requests: u64,
    /// Requests that the machine hasn't answered, and that haven't been forgotten: at most twice
    /// [`Limits::requests_max`](crate::net::Limits::requests_max).
    pub unanswered: usize,
    /// Replies that reached whoever asked.
    pub replies: u64,
    /// Timers that fired.
    pub timers: u64,
    /// Slots that were written or cleared, durable or not yet.
    pub persists: u64,
    /// Batches that were made durable, each with one sync. None without a disk.
    pub fsyncs: u64,
    /// How often the slots file was rewritten because more of it was dead than alive.
    pub compactions: u64,
    /// The farthest that the hybrid logical clock was ahead of the wall clock.
    pub hlc_lead_max: Duration,
    /// The farthest that an accepted stamp of a peer was ahead of the wall clock.
    pub hlc_ahead_max: Duration,
}

impl Stats {
    /// All refused hellos.
    pub fn refused_hellos_total(&self) -> u64 {
        self.refused_hellos.values().sum()
    }
}

/// The tasks of a node count here.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Arc<Mutex<Stats>>);

impl Counts {
    pub(super) fn count<T>(&self, count: impl FnOnce(&mut Stats) -> T) -> T {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn get(&self) -> Stats {
        self.count(|stats| stats.clone())
    }
}
