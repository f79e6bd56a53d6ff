//! The peers, as people use them for it: the same two writes, without leases, fences, fingerprints and bounds.

use std::collections::HashMap;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::Mutex;
use quick_cache::sync::GuardResult;

use super::stores::{Ask, Outcome, Store};
use super::{IN_PROGRESS, names};

/// `None` while it is in progress.
type Kept = Option<Outcome>;

#[derive(Default)]
pub struct ParkingLot(Mutex<HashMap<Box<str>, Kept>>);

impl Store for ParkingLot {
    const NAME: &'static str = names::PARKING_LOT;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let key = ask.joined(buffer);
        let is_new = {
            let mut map = self.0.lock();
            !map.contains_key(key) && map.insert(key.into(), None).is_none()
        };
        self.0.lock().get_mut(key).is_some_and(|kept| kept.replace(outcome).is_none()) && is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.lock().get(ask.joined(buffer)).cloned().flatten()
    }

    fn begin(&self, ask: &Ask, buffer: &mut String) {
        self.0.lock().insert(ask.joined(buffer).into(), None);
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool {
        self.0.lock().get(ask.joined(buffer)).is_some_and(Option::is_none)
    }
}

#[derive(Default)]
pub struct Std(std::sync::Mutex<HashMap<Box<str>, Kept>>);

impl Std {
    #[inline]
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Kept>> {
        self.0.lock().expect("nobody panics")
    }
}

impl Store for Std {
    const NAME: &'static str = names::STD;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let key = ask.joined(buffer);
        let is_new = {
            let mut map = self.lock();
            !map.contains_key(key) && map.insert(key.into(), None).is_none()
        };
        self.lock().get_mut(key).is_some_and(|kept| kept.replace(outcome).is_none()) && is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.lock().get(ask.joined(buffer)).cloned().flatten()
    }

    fn begin(&self, ask: &Ask, buffer: &mut String) {
        self.lock().insert(ask.joined(buffer).into(), None);
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool {
        self.lock().get(ask.joined(buffer)).is_some_and(Option::is_none)
    }
}

#[derive(Default)]
pub struct Dash(DashMap<Box<str>, Kept>);

impl Store for Dash {
    const NAME: &'static str = names::DASHMAP;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let key = ask.joined(buffer);
        let is_new = match self.0.entry(key.into()) {
            Entry::Vacant(entry) => {
                entry.insert(None);
                true
            }
            Entry::Occupied(_) => false,
        };
        self.0.get_mut(key).is_some_and(|mut kept| kept.replace(outcome).is_none()) && is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.get(ask.joined(buffer))?.clone()
    }

    fn begin(&self, ask: &Ask, buffer: &mut String) {
        self.0.insert(ask.joined(buffer).into(), None);
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool {
        self.0.get(ask.joined(buffer)).is_some_and(|kept| kept.is_none())
    }
}

#[derive(Default)]
pub struct Papaya(papaya::HashMap<Box<str>, Kept>);

impl Store for Papaya {
    const NAME: &'static str = names::PAPAYA;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let (key, map) = (ask.joined(buffer), self.0.pin());
        let is_new = map.try_insert(key.into(), None).is_ok();
        map.insert(key.into(), Some(outcome)).is_some_and(Option::is_none) && is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.pin().get(ask.joined(buffer)).cloned().flatten()
    }

    fn begin(&self, ask: &Ask, buffer: &mut String) {
        self.0.pin().insert(ask.joined(buffer).into(), None);
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool {
        self.0.pin().get(ask.joined(buffer)).is_some_and(Option::is_none)
    }
}

#[derive(Default)]
pub struct Scc(scc::HashMap<Box<str>, Kept>);

impl Store for Scc {
    const NAME: &'static str = names::SCC;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let key = ask.joined(buffer);
        let is_new = self.0.insert_sync(key.into(), None).is_ok();
        self.0.update_sync(key, |_, kept| kept.replace(outcome).is_none()) == Some(true) && is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.read_sync(ask.joined(buffer), |_, kept| kept.clone()).flatten()
    }

    fn begin(&self, ask: &Ask, buffer: &mut String) {
        assert!(self.0.insert_sync(ask.joined(buffer).into(), None).is_ok(), "a new key");
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool {
        self.0.read_sync(ask.joined(buffer), |_, kept| kept.is_none()) == Some(true)
    }
}

/// Who comes second waits: there is no answer for it, so no such job.
pub struct Moka(moka::sync::Cache<String, Outcome>);

impl Store for Moka {
    const NAME: &'static str = names::MOKA;

    fn new() -> Self {
        Self(moka::sync::Cache::new(CAPACITY))
    }

    fn does(job: &str) -> bool {
        job != IN_PROGRESS
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        let mut is_new = false;
        self.0.get_with_by_ref(ask.joined(buffer), || {
            is_new = true;
            outcome
        });
        is_new
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.get(ask.joined(buffer))
    }

    fn begin(&self, _: &Ask, _: &mut String) {
        unreachable!("see `does`");
    }

    fn is_in_progress(&self, _: &Ask, _: &mut String) -> bool {
        unreachable!("see `does`");
    }
}

/// As with `moka`.
pub struct Quick(quick_cache::sync::Cache<String, Outcome>);

impl Store for Quick {
    const NAME: &'static str = names::QUICK_CACHE;

    fn new() -> Self {
        Self(quick_cache::sync::Cache::new(usize::try_from(CAPACITY).expect("64 bits")))
    }

    fn does(job: &str) -> bool {
        job != IN_PROGRESS
    }

    #[inline]
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool {
        match self.0.get_value_or_guard(ask.joined(buffer), None) {
            GuardResult::Guard(guard) => guard.insert(outcome).is_ok(),
            _ => false,
        }
    }

    #[inline]
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome> {
        self.0.get(ask.joined(buffer))
    }

    fn begin(&self, _: &Ask, _: &mut String) {
        unreachable!("see `does`");
    }

    fn is_in_progress(&self, _: &Ask, _: &mut String) -> bool {
        unreachable!("see `does`");
    }
}

/// More than any of the jobs need, so that nothing is dropped.
pub const CAPACITY: u64 = 1 << 23;
