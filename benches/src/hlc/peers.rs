//! The clocks, each in its own words.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hlc::HLTimespec;
use hlc_gen::source::ManualClock;
use hlc_gen::{HlcGenerator, HlcTimestamp};
use hybrid_clocks::OffsetLimiter;
use minerva::kairos::Kairos;
use spacelike_hlc::{Clock, LocalClock, LocalReservedClock, ReservedClock, Stored, Timestamp};
use time::Timespec;
use uhlc::{HLC, HLCBuilder, ID, NTP64};

use super::subject::{DAY, LockedName, SharedSubject, Subject};
use super::{hybrid_sink, names};
use crate::sink;
use crate::walls::{self, Durations, Nanos, Ntp};

pub(super) struct Shared(Clock);

impl SharedSubject for Shared {
    const NAME: &'static str = names::SHARED;
    type Unit = Durations;
    type Remote = Timestamp;

    fn new() -> Self {
        Self(Clock::new(DAY))
    }

    #[inline]
    fn tick(&self) {
        sink(&self.0.tick(walls::duration()).expect("in range"));
    }

    fn remote(steps: u64) -> Timestamp {
        Timestamp::new(walls::millis_at(steps), 3).expect("in range")
    }

    #[inline]
    fn receive(&self, remote: &Timestamp) {
        let timestamp = self.0.receive(*remote, walls::duration()).expect("accepted").timestamp;
        sink(&timestamp);
    }

    #[inline]
    fn take_over(&self, remote: &Timestamp) {
        self.0.observe(*remote, walls::duration()).expect("accepted");
    }
}

/// Ours with a wall that is set as `hlc-gen`'s is.
pub(super) struct Fenced(Clock, AtomicU64);

impl SharedSubject for Fenced {
    const NAME: &'static str = names::SHARED;
    type Unit = Durations;
    type Remote = Timestamp;

    fn new() -> Self {
        Self(Clock::new(DAY), AtomicU64::new(walls::secs_at(0)))
    }

    fn set_wall(&self, steps: u64) {
        self.1.store(walls::secs_at(steps), Ordering::SeqCst);
    }

    #[inline]
    fn step_wall(&self) {
        self.1.store(self.1.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    #[inline]
    fn tick(&self) {
        let wall = Duration::from_secs(self.1.load(Ordering::SeqCst));
        sink(&self.0.tick(wall).expect("in range"));
    }

    fn remote(steps: u64) -> Timestamp {
        Shared::remote(steps)
    }

    fn receive(&self, _: &Timestamp) {
        unreachable!("it only ticks");
    }

    fn take_over(&self, _: &Timestamp) {
        unreachable!("it only ticks");
    }
}

pub(super) struct Local(LocalClock);

impl Subject for Local {
    const NAME: &'static str = names::LOCAL;
    type Unit = Durations;
    type Remote = Timestamp;

    fn new() -> Self {
        Self(LocalClock::new(DAY))
    }

    #[inline]
    fn tick(&mut self) {
        sink(&self.0.tick(walls::duration()).expect("in range"));
    }

    fn remote(steps: u64) -> Timestamp {
        Shared::remote(steps)
    }

    #[inline]
    fn receive(&mut self, remote: &Timestamp) {
        let timestamp = self.0.receive(*remote, walls::duration()).expect("accepted").timestamp;
        sink(&timestamp);
    }

    #[inline]
    fn take_over(&mut self, remote: &Timestamp) {
        self.0.observe(*remote, walls::duration()).expect("accepted");
    }
}

impl LockedName for Local {
    const NAME: &'static str = names::LOCAL_LOCKED;
}

pub(super) struct Reserved(ReservedClock);

impl SharedSubject for Reserved {
    const NAME: &'static str = names::RESERVED;
    type Unit = Durations;
    type Remote = Timestamp;

    fn new() -> Self {
        let clock = ReservedClock::new(DAY, Stored::Never);
        let reservation = clock.reserve(Duration::from_secs(walls::secs_at(0)), AGES).expect("in range");
        clock.confirm(reservation);
        Self(clock)
    }

    #[inline]
    fn tick(&self) {
        sink(&self.0.tick(walls::duration()).expect("reserved"));
    }

    fn remote(steps: u64) -> Timestamp {
        Shared::remote(steps)
    }

    #[inline]
    fn receive(&self, remote: &Timestamp) {
        let timestamp = self.0.receive(*remote, walls::duration()).expect("accepted").timestamp;
        sink(&timestamp);
    }

    #[inline]
    fn take_over(&self, remote: &Timestamp) {
        self.0.observe(*remote, walls::duration()).expect("accepted");
    }
}

pub(super) struct LocalReserved(LocalReservedClock);

impl Subject for LocalReserved {
    const NAME: &'static str = names::LOCAL_RESERVED;
    type Unit = Durations;
    type Remote = Timestamp;

    fn new() -> Self {
        let mut clock = LocalReservedClock::new(DAY, Stored::Never);
        let reservation = clock.reserve(Duration::from_secs(walls::secs_at(0)), AGES).expect("in range");
        clock.confirm(reservation);
        Self(clock)
    }

    #[inline]
    fn tick(&mut self) {
        sink(&self.0.tick(walls::duration()).expect("reserved"));
    }

    fn remote(steps: u64) -> Timestamp {
        Shared::remote(steps)
    }

    #[inline]
    fn receive(&mut self, remote: &Timestamp) {
        let timestamp = self.0.receive(*remote, walls::duration()).expect("accepted").timestamp;
        sink(&timestamp);
    }

    #[inline]
    fn take_over(&mut self, remote: &Timestamp) {
        self.0.observe(*remote, walls::duration()).expect("accepted");
    }
}

pub(super) struct Uhlc(HLC);

impl SharedSubject for Uhlc {
    const NAME: &'static str = names::UHLC;
    type Unit = Ntp;
    type Remote = uhlc::Timestamp;

    fn new() -> Self {
        Self(HLCBuilder::new().with_clock(walls::ntp).with_max_delta(DAY).build())
    }

    #[inline]
    fn tick(&self) {
        sink(&self.0.new_timestamp());
    }

    fn remote(steps: u64) -> uhlc::Timestamp {
        uhlc::Timestamp::new(NTP64(walls::ntp_at(steps)), ID::try_from([7]).expect("an id"))
    }

    /// Two calls: its update issues nothing.
    #[inline]
    fn receive(&self, remote: &uhlc::Timestamp) {
        self.0.update_with_timestamp(remote).expect("accepted");
        sink(&self.0.new_timestamp());
    }

    #[inline]
    fn take_over(&self, remote: &uhlc::Timestamp) {
        self.0.update_with_timestamp(remote).expect("accepted");
    }
}

pub(super) struct MinervaShared(minerva::kairos::Clock<Nanos>);

impl SharedSubject for MinervaShared {
    const NAME: &'static str = names::MINERVA;
    type Unit = Nanos;
    type Remote = Kairos;

    fn new() -> Self {
        Self(minerva::kairos::Clock::with_default_config(Nanos, 1).expect("an id"))
    }

    #[inline]
    fn tick(&self) {
        sink(&self.0.now(0));
    }

    fn remote(steps: u64) -> Kairos {
        Kairos::new(walls::nanos_at(steps), 3, 7, 0)
    }

    /// Two calls: its bounded form issues nothing, and the one that issues has no bound.
    #[inline]
    fn receive(&self, remote: &Kairos) {
        self.0.try_observe(*remote, DAY_NANOS).expect("accepted");
        sink(&self.0.now(0));
    }

    #[inline]
    fn take_over(&self, remote: &Kairos) {
        self.0.try_observe(*remote, DAY_NANOS).expect("accepted");
    }
}

pub(super) struct MinervaLocal(minerva::kairos::LocalClock<Nanos>);

impl Subject for MinervaLocal {
    const NAME: &'static str = names::MINERVA_LOCAL;
    type Unit = Nanos;
    type Remote = Kairos;

    fn new() -> Self {
        Self(minerva::kairos::LocalClock::new(Nanos, 1).expect("an id"))
    }

    #[inline]
    fn tick(&mut self) {
        sink(&self.0.now(0));
    }

    fn remote(steps: u64) -> Kairos {
        MinervaShared::remote(steps)
    }

    #[inline]
    fn receive(&mut self, remote: &Kairos) {
        self.0.try_observe(*remote, DAY_NANOS).expect("accepted");
        sink(&self.0.now(0));
    }

    #[inline]
    fn take_over(&mut self, remote: &Kairos) {
        self.0.try_observe(*remote, DAY_NANOS).expect("accepted");
    }
}

pub(super) struct HlcGen(HlcGenerator<ManualClock>, AtomicU64);

impl SharedSubject for HlcGen {
    const NAME: &'static str = names::HLC_GEN;
    type Unit = Durations;
    type Remote = HlcTimestamp;

    fn new() -> Self {
        Self(HlcGenerator::manual(86_400_000), AtomicU64::new(0))
    }

    fn set_wall(&self, steps: u64) {
        let millis = walls::millis_at(steps);
        self.0.set_current_timestamp(millis.cast_signed());
        self.1.store(millis, Ordering::Relaxed);
    }

    #[inline]
    fn step_wall(&self) {
        let millis = self.1.load(Ordering::Relaxed) + 1_000;
        self.0.set_current_timestamp(millis.cast_signed());
        self.1.store(millis, Ordering::Relaxed);
    }

    #[inline]
    fn tick(&self) {
        sink(&self.0.next_timestamp().expect("in range"));
    }

    fn remote(steps: u64) -> HlcTimestamp {
        HlcTimestamp::from_parts(walls::millis_at(steps).cast_signed(), 3).expect("in range")
    }

    #[inline]
    fn receive(&self, remote: &HlcTimestamp) {
        sink(&self.0.update(remote).expect("accepted"));
    }

    #[inline]
    fn take_over(&self, remote: &HlcTimestamp) {
        self.0.update(remote).expect("accepted");
    }
}

pub(super) struct HybridClock(OffsetLimiter<Nanos>);

impl Subject for HybridClock {
    const NAME: &'static str = names::HYBRID;
    type Unit = Nanos;
    type Remote = hybrid_clocks::Timestamp<u64>;

    fn new() -> Self {
        Self(hybrid_clocks::Clock::new(Nanos).expect("a wall").with_max_diff(DAY_NANOS))
    }

    #[inline]
    fn tick(&mut self) {
        hybrid_sink(self.0.now().expect("a wall"));
    }

    fn remote(steps: u64) -> Self::Remote {
        hybrid_clocks::Timestamp { epoch: 0, time: walls::nanos_at(steps), count: 3 }
    }

    /// Two calls: its observe issues nothing.
    #[inline]
    fn receive(&mut self, remote: &Self::Remote) {
        self.0.observe(remote).expect("accepted");
        hybrid_sink(self.0.now().expect("a wall"));
    }

    #[inline]
    fn take_over(&mut self, remote: &Self::Remote) {
        self.0.observe(remote).expect("accepted");
    }
}

impl LockedName for HybridClock {
    const NAME: &'static str = names::HYBRID_LOCKED;
}

pub(super) struct HlcState(hlc::State<fn() -> Timespec>);

impl Subject for HlcState {
    const NAME: &'static str = names::HLC;
    type Unit = Durations;
    type Remote = HLTimespec;

    fn new() -> Self {
        Self(hlc::State::new_with(walls::timespec))
    }

    #[inline]
    fn tick(&mut self) {
        sink(&self.0.get_time());
    }

    fn remote(steps: u64) -> HLTimespec {
        HLTimespec::new(walls::secs_at(steps).cast_signed(), 0, 3)
    }

    /// Less than the others do: it has no bound on drift.
    #[inline]
    fn receive(&mut self, remote: &HLTimespec) {
        sink(&self.0.update(*remote));
    }

    #[inline]
    fn take_over(&mut self, remote: &HLTimespec) {
        self.0.update(*remote);
    }
}

impl LockedName for HlcState {
    const NAME: &'static str = names::HLC_LOCKED;
}

const DAY_NANOS: u64 = 86_400_000_000_000;
/// So far ahead is reserved that no bench gets there.
const AGES: Duration = Duration::from_secs(1 << 36);
