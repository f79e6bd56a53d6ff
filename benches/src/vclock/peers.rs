//! Clocks whose entries have ids: ours and the peers'.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::mem;
use std::num::NonZeroU64;

use crdts::{CmRDT, CvRDT};
use dson::causal_context::ComparisonMode;
use dson::{CausalContext, Identifier};
use spacelike_vclock::codec::{Decode, Encode, Limits};
use spacelike_vclock::{Causality, VersionVector};

use super::input::ID_SHIFT;
use super::{
    CRDTS, DECODE, DSON, ENCODE, Entries, MINERVA, MINERVA_OBSERVE, OURS, OURS_POSTCARD, Subject, VCLOCK,
};
use crate::sink;

pub(super) type Ours = VersionVector<u64>;

impl Subject for Ours {
    const NAME: &'static str = OURS;
    type Id = u64;
    type Relation = Causality;

    fn does(_: &str) -> bool {
        true
    }

    fn new(entries: &Entries) -> Self {
        Self::try_from_sorted(entries.iter().copied()).expect("ascending")
    }

    fn id(entries: &Entries, index: usize) -> u64 {
        entries[index].0
    }

    fn get(&self, id: &u64) -> u64 {
        Self::get(self, id)
    }

    #[inline]
    fn tick(&mut self, id: &u64) {
        // Not moved: that would be a wide load right behind narrow stores, see `sink`.
        let issued = self.update(id);
        let dot = issued.as_ref().expect("far from the end");
        sink(&dot.actor);
        sink(&dot.counter);
    }

    #[inline]
    fn compare(&self, other: &Self) -> Causality {
        Self::compare(self, other)
    }

    fn order(relation: Causality) -> Option<Ordering> {
        relation.to_ordering()
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        sink(&Self::merge(self, other));
    }

    fn encode(&self) -> Vec<u8> {
        Encode::to_bytes(self)
    }

    fn decode(bytes: &[u8]) -> Self {
        Decode::from_bytes(bytes, Limits::NONE).expect("what `encode` wrote")
    }
}

/// Ours in the wire form of those peers that have none of their own.
#[derive(Clone, Default)]
pub(super) struct OursPostcard(Ours);

impl Subject for OursPostcard {
    const NAME: &'static str = OURS_POSTCARD;
    type Id = u64;
    type Relation = Causality;

    fn does(job: &str) -> bool {
        [ENCODE, DECODE].contains(&job)
    }

    fn new(entries: &Entries) -> Self {
        Self(Subject::new(entries))
    }

    fn id(entries: &Entries, index: usize) -> u64 {
        Ours::id(entries, index)
    }

    fn get(&self, id: &u64) -> u64 {
        self.0.get(id)
    }

    fn tick(&mut self, id: &u64) {
        self.0.tick(id);
    }

    fn compare(&self, other: &Self) -> Causality {
        self.0.compare(&other.0)
    }

    fn order(relation: Causality) -> Option<Ordering> {
        relation.to_ordering()
    }

    fn merge(&mut self, other: &mut Self) {
        Subject::merge(&mut self.0, &mut other.0);
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.0).expect("a clock")
    }

    fn decode(bytes: &[u8]) -> Self {
        Self(postcard::from_bytes(bytes).expect("what `encode` wrote"))
    }
}

pub(super) type Crdts = crdts::VClock<u64>;

impl Subject for Crdts {
    const NAME: &'static str = CRDTS;
    type Id = u64;
    type Relation = Option<Ordering>;

    fn does(_: &str) -> bool {
        true
    }

    fn new(entries: &Entries) -> Self {
        Self { dots: entries.iter().copied().collect() }
    }

    fn id(entries: &Entries, index: usize) -> u64 {
        entries[index].0
    }

    fn get(&self, id: &u64) -> u64 {
        Self::get(self, id)
    }

    #[inline]
    fn tick(&mut self, id: &u64) {
        let dot = self.inc(*id);
        sink(&dot.actor);
        sink(&dot.counter);
        self.apply(dot);
    }

    #[inline]
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp(other)
    }

    fn order(relation: Option<Ordering>) -> Option<Ordering> {
        relation
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        CvRDT::merge(self, mem::take(other));
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a clock")
    }

    fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).expect("what `encode` wrote")
    }
}

pub(super) type Minerva = minerva::metis::VersionVector;

impl Subject for Minerva {
    const NAME: &'static str = MINERVA;
    type Id = u32;
    type Relation = Option<Ordering>;

    fn does(_: &str) -> bool {
        true
    }

    fn new(entries: &Entries) -> Self {
        let mut clock = Self::new();
        for (index, entry) in entries.iter().enumerate() {
            clock.observe(Self::id(entries, index), entry.1);
        }
        clock
    }

    fn id(entries: &Entries, index: usize) -> u32 {
        u32::try_from(entries[index].0 >> 32).expect("the upper half")
    }

    fn get(&self, id: &u32) -> u64 {
        Self::get(self, *id)
    }

    #[inline]
    fn tick(&mut self, id: &u32) {
        sink(&self.increment(*id));
    }

    #[inline]
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp(other)
    }

    fn order(relation: Option<Ordering>) -> Option<Ordering> {
        relation
    }

    /// It has no merge in place.
    #[inline]
    fn merge(&mut self, other: &mut Self) {
        *self = Self::merge(self, other);
    }

    fn encode(&self) -> Vec<u8> {
        self.to_bytes()
    }

    fn decode(bytes: &[u8]) -> Self {
        Self::from_bytes(bytes).expect("what `encode` wrote")
    }
}

/// `minerva`, whose merge copies all, merged in place by hand.
#[derive(Clone, Default)]
pub(super) struct MinervaObserve(Minerva);

impl Subject for MinervaObserve {
    const NAME: &'static str = MINERVA_OBSERVE;
    type Id = u32;
    type Relation = Option<Ordering>;

    fn does(job: &str) -> bool {
        job.starts_with("merge")
    }

    fn new(entries: &Entries) -> Self {
        Self(Subject::new(entries))
    }

    fn id(entries: &Entries, index: usize) -> u32 {
        Minerva::id(entries, index)
    }

    fn get(&self, id: &u32) -> u64 {
        self.0.get(*id)
    }

    fn tick(&mut self, id: &u32) {
        self.0.tick(id);
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.0.compare(&other.0)
    }

    fn order(relation: Option<Ordering>) -> Option<Ordering> {
        relation
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        for (id, counter) in &other.0 {
            self.0.observe(id, counter);
        }
    }

    fn encode(&self) -> Vec<u8> {
        self.0.encode()
    }

    fn decode(bytes: &[u8]) -> Self {
        Self(Subject::decode(bytes))
    }
}

pub(super) type Vclock = ::vclock::VClock64<u64>;

impl Subject for Vclock {
    const NAME: &'static str = VCLOCK;
    type Id = u64;
    type Relation = Option<Ordering>;

    fn does(_: &str) -> bool {
        true
    }

    fn new(entries: &Entries) -> Self {
        entries.iter().copied().collect::<HashMap<_, _>>().into()
    }

    fn id(entries: &Entries, index: usize) -> u64 {
        entries[index].0
    }

    fn get(&self, id: &u64) -> u64 {
        Self::get(self, id).unwrap_or(0)
    }

    /// It gives nothing; its new counter is what others give.
    #[inline]
    fn tick(&mut self, id: &u64) {
        self.incr(id);
        sink(&*self);
    }

    #[inline]
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp(other)
    }

    fn order(relation: Option<Ordering>) -> Option<Ordering> {
        relation
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        Self::merge(self, other);
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a clock")
    }

    fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).expect("what `encode` wrote")
    }
}

/// It can have gaps, which clocks of others can't; here it has none.
pub(super) type Dson = CausalContext;

impl Subject for Dson {
    const NAME: &'static str = DSON;
    type Id = Identifier;
    type Relation = Option<Ordering>;

    fn does(_: &str) -> bool {
        true
    }

    fn new(entries: &Entries) -> Self {
        let intervals = entries.iter().enumerate().map(|(index, entry)| {
            (Self::id(entries, index), [(NonZeroU64::MIN, Some(NonZeroU64::new(entry.1).expect("not zero")))])
        });
        Self::from_intervals(intervals).expect("not empty")
    }

    fn id(entries: &Entries, index: usize) -> Identifier {
        let id = entries[index].0 >> ID_SHIFT;
        Identifier::new(u8::try_from(id >> 12).expect("20 bits"), u16::try_from(id & 0xFFF).expect("12 bits"))
    }

    fn get(&self, id: &Identifier) -> u64 {
        self.next_dot_for(*id).sequence().get() - 1
    }

    #[inline]
    fn tick(&mut self, id: &Identifier) {
        let dot = self.next_dot_for(*id);
        sink(&dot.actor());
        sink(&dot.sequence());
        self.insert_next_dot(dot);
    }

    #[inline]
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp_dots(other, ComparisonMode::Full)
    }

    fn order(relation: Option<Ordering>) -> Option<Ordering> {
        relation
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        self.union(other);
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a context")
    }

    fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).expect("what `encode` wrote")
    }
}
