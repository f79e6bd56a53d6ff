//! Sets of siblings against a store of histories: every write is a number, what it overwrites is a set of numbers, and the
//! siblings are the writes that no known write overwrites. Dots and vectors have no part in the model.
#![cfg(feature = "alloc")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use spacelike_vclock::{
    Actor, Amnesia, Causality, Dot, DvvSet, Exhausted, NotCanonical, PutError, VersionVector,
};

/// In any history of puts with stale contexts, blind puts, puts over one's own, deletions, merges and syncs that are late,
/// lost, repeated and overtaken, each replica holds exactly the concurrent values, and its context exactly the writes that
/// it has seen. In the end all replicas agree, whatever the order in which they exchange what they have.
#[test]
fn siblings_are_exactly_the_concurrent_values() {
    let seen = Seen::default();
    TestRunner::deterministic()
        .run(&(2..=4usize, vec(steps(), 0..100), vec(any::<Index>(), 12)), |(servers, steps, order)| {
            let mut world = World::new(servers);
            for step in steps {
                world.step(step, &seen)?;
                world.check()?;
            }
            world.agree(&order)
        })
        .unwrap();
    seen.assert_all();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// A sync is a join: order, grouping and repetition make no difference; and it says whether it changed anything.
    #[test]
    fn a_sync_is_a_join(steps in vec(steps(), 0..60), a: Index, b: Index, c: Index) {
        let world = World::after(3, steps)?;
        let [a, b, c] = [a, b, c].map(|which| which.get(&world.states).0.clone());
        let sync = |left: &DvvSet<u8, Value>, right: &DvvSet<u8, Value>| {
            let (mut moved, mut cloned) = (left.clone(), left.clone());
            let synced = moved.sync(right.clone());
            assert_eq!(cloned.sync_ref(right), synced);
            assert_eq!(form(&moved), form(&cloned));
            assert_eq!(synced.changed, form(&moved) != form(left));
            assert_eq!((synced.siblings, synced.excess), (moved.len(), 0));
            moved
        };
        let ab = sync(&a, &b);
        prop_assert_eq!(form(&ab), form(&sync(&b, &a)));
        prop_assert_eq!(form(&sync(&ab, &c)), form(&sync(&a, &sync(&b, &c))));
        for again in [&a, &b, &ab] {
            prop_assert_eq!(form(&sync(&ab, again)), form(&ab));
        }
    }

    /// Replicas are ordered by what a sync would change.
    #[test]
    fn the_order_is_that_of_the_join(steps in vec(steps(), 0..60), a: Index, b: Index) {
        let world = World::after(3, steps)?;
        let (a, b) = (a.get(&world.states), b.get(&world.states));
        let expected = match (a.1.is_le(&b.1), b.1.is_le(&a.1)) {
            (true, true) => Causality::Equal,
            (true, false) => Causality::Before,
            (false, true) => Causality::After,
            (false, false) => Causality::Concurrent,
        };
        prop_assert_eq!(a.0.compare(&b.0), expected);
        prop_assert_eq!(b.0.compare(&a.0), expected.reverse());
        prop_assert_eq!(a.0.clone().sync_ref(&b.0).changed, !expected.is_ge());
    }

    /// Whatever claims dots of a server that it never issued is refused, and changes nothing. What claims those of others
    /// is taken, and covers them.
    #[test]
    fn contexts_that_claim_unissued_dots_are_refused(
        steps in vec(steps(), 0..30),
        which: Index,
        claims in vec((0..4u8, 0..9u64), 0..4),
        actor in 0..4u8,
    ) {
        let mut set = which.get(&World::after(3, steps)?.states).0.clone();
        let before = form(&set);
        let forged: VersionVector<u8> = claims.into_iter().collect();
        let (known, claimed) = (set.context().get(&actor), forged.get(&actor));
        let own = Amnesia { known, claimed };
        if let Some(dot) = Dot::new(actor, claimed).filter(|_| claimed > known) {
            prop_assert_eq!(set.put(&forged, &actor, Value(0)), Err(own.into()));
            prop_assert_eq!(set.put_over(&dot, &actor, Value(0)), Err(own.into()));
            prop_assert_eq!(set.put_over(&dot, &9, Value(0)), Err(PutError::Unseen { known, claimed }));
            prop_assert_eq!(set.discard(&forged, &actor), Err(own));
            prop_assert_eq!(form(&set), before);
        } else {
            let mut deleted = set.clone();
            let covered = set.iter().filter(|(dot, _)| forged.contains(dot)).count();
            prop_assert_eq!(deleted.discard(&forged, &actor), Ok(covered));
            prop_assert_eq!(deleted.len(), set.len() - covered);
            prop_assert!(deleted.context().dominates(&forged));
            let dot = set.put(&forged, &actor, Value(0)).unwrap();
            prop_assert_eq!(dot.counter.get(), known + 1);
            prop_assert!(set.context().dominates(&forged));
            prop_assert_eq!(set.len(), deleted.len() + 1);
        }
    }

    /// Parts are taken exactly if they are those of a set.
    #[test]
    fn only_canonical_parts_are_taken(
        context in vec((0..3u8, 0..5u64), 0..3),
        dots in vec((0..3u8, 1..5u64), 0..4),
        sorted: bool,
    ) {
        let context: VersionVector<u8> = context.into_iter().collect();
        let mut dots: Vec<_> = dots.into_iter().map(|(actor, counter)| Dot::new(actor, counter).unwrap()).collect();
        if sorted {
            dots.sort();
            dots.dedup();
        }
        let wrong = (0..dots.len()).find_map(|index| {
            if index > 0 && dots[index - 1] >= dots[index] {
                Some(NotCanonical::Order { index })
            } else {
                (!context.contains(&dots[index])).then_some(NotCanonical::Unseen { index })
            }
        });
        let siblings: Vec<_> = dots.into_iter().map(|dot| (dot, ())).collect();
        let taken = DvvSet::try_from_parts(context.clone(), siblings.clone());
        prop_assert_eq!(taken.map(DvvSet::into_parts), wrong.map_or(Ok((context, siblings)), Err));
    }
}

/// Sibling explosion, where one vector stands for all values together: a write that hasn't seen all of it drops nothing. It
/// is what the next test is about.
#[test]
fn one_vector_for_all_values_makes_101_siblings() {
    let (mut vector, mut values) = (VersionVector::new(), Vec::new());
    let mut contexts = [VersionVector::new(), VersionVector::new()];
    for write in 0..101 {
        let context = &mut contexts[write % 2];
        if context.dominates(&vector) {
            values.clear();
        }
        vector.update(&"s").unwrap();
        values.push(write);
        context.clone_from(&vector);
    }
    assert_eq!(values.len(), 101);
}

/// Two clients write in turn, each with the context of its own last write, and so never having read
/// the other's last. That makes two siblings, not 101; and not more where they write through two servers.
#[test]
fn interleaved_writers_make_two_siblings() {
    for servers in [["s", "s"], ["s", "t"]] {
        let mut replicas = [DvvSet::new(), DvvSet::new()];
        let mut contexts = [VersionVector::new(), VersionVector::new()];
        for write in 0..101 {
            let client = write % 2;
            let replica = if servers[0] == servers[1] { 0 } else { client };
            replicas[replica].put(&contexts[client], &servers[client], write).unwrap();
            contexts[client] = replicas[replica].context().clone();
            assert_eq!(replicas[replica].len(), 2.min(write + 1), "write {write}");
            let [first, second] = &mut replicas;
            first.sync_ref(second);
            second.sync_ref(first);
        }
        let mut values: Vec<_> = replicas[0].values().copied().collect();
        values.sort_unstable();
        assert_eq!(values, [99, 100], "{servers:?}");
    }
}

/// The same with writers that read nothing at all, and only know their own last dot.
#[test]
fn interleaved_acknowledged_writers_make_two_siblings() {
    let mut set = DvvSet::new();
    let mut last = [None, None];
    for write in 0..101 {
        let dot = &mut last[write % 2];
        *dot = Some(match dot {
            None => set.put_blind(&"s", write).unwrap(),
            Some(dot) => set.put_over(dot, &"s", write).unwrap(),
        });
    }
    assert!(set.values().eq(&[99, 100]));
    assert_eq!(*set.context(), [("s", 101)].into());
}

/// The example of the paper: Mary writes v1 and v2 without reading; Peter, who has read v1, writes v3. What he hasn't
/// read stays beside it.
#[test]
fn a_stale_context_overwrites_what_it_has_read() {
    let mut set = DvvSet::new();
    set.put_blind(&"a", "v1").unwrap();
    let peters = set.context().clone();
    set.put_blind(&"a", "v2").unwrap();
    set.put(&peters, &"a", "v3").unwrap();
    assert_eq!(set.as_slice(), [(Dot::new("a", 2).unwrap(), "v2"), (Dot::new("a", 3).unwrap(), "v3")]);
}

/// A value in the middle of an actor's goes without any other: nothing else is lost or comes back, wherever it is synced.
#[test]
fn a_value_in_the_middle_can_be_overwritten() {
    let mut here = DvvSet::new();
    let dots: Vec<_> = (1..=3).map(|value| here.put_blind(&'a', value).unwrap()).collect();
    let mut there = here.clone();
    here.put_over(&dots[1], &'a', 4).unwrap();
    assert!(here.values().eq(&[1, 3, 4]));
    assert_eq!((here.get(&dots[0]), here.get(&dots[1])), (Some(&1), None));
    there.put_blind(&'b', 5).unwrap();
    here.sync_ref(&there);
    there.sync_ref(&here);
    assert!(here.values().eq(&[1, 3, 4, 5]));
    assert_eq!(here, there);
}

/// Whoever moves to a server that hasn't seen its last write is told so. After a sync it goes on.
#[test]
fn a_put_over_waits_for_what_it_overwrites() {
    let (mut a, mut b) = (DvvSet::new(), DvvSet::new());
    a.put_blind(&'a', "another's").unwrap();
    let mine = a.put_blind(&'a', "mine").unwrap();
    let refused = b.put_over(&mine, &'b', "mine, corrected");
    assert_eq!(refused, Err(PutError::Unseen { known: 0, claimed: 2 }));
    assert_eq!(b, DvvSet::new());
    b.sync(a);
    b.put_over(&mine, &'b', "mine, corrected").unwrap();
    assert!(b.values().eq(&["another's", "mine, corrected"]));
}

/// A server that lost its disk and goes on under its name issues a dot twice, and its new value is dropped as old. A
/// context or a peer tells it; under the next epoch nothing is lost.
#[test]
fn a_wiped_disk_loses_nothing_in_a_new_epoch() {
    let name = Actor::new("a");
    let (mut before, mut peer) = (DvvSet::new(), DvvSet::new());
    before.put_blind(&name, "old").unwrap();
    let read = before.context().clone();
    before.put(&read, &name, "newer").unwrap();
    let newest = before.context().clone();
    peer.sync(before);

    // It isn't told, and nothing can tell it but the empty disk.
    let mut forgetful = DvvSet::new();
    forgetful.put_blind(&name, "lost").unwrap();
    let mut victim = peer.clone();
    victim.sync_ref(&forgetful);
    assert!(victim.values().eq(&["newer"]), "the fault has its effect");

    // A context of before tells it, and so does the first peer.
    let mut wiped = DvvSet::new();
    let amnesia = Amnesia { known: 0, claimed: 2 };
    assert_eq!(wiped.put(&newest, &name, "kept"), Err(amnesia.into()));
    assert_eq!(wiped.check_own(&name, &peer), Err(amnesia));
    assert_eq!(wiped, DvvSet::new());

    let reborn = name.next_epoch().unwrap();
    wiped.put(&newest, &reborn, "kept").unwrap();
    wiped.put_blind(&reborn, "blind").unwrap();
    assert_eq!(wiped.check_own(&reborn, &peer), Ok(()));
    peer.sync_ref(&wiped);
    wiped.sync_ref(&peer);
    assert!(peer.values().eq(&["kept", "blind"]));
    assert_eq!(wiped, peer);
    assert_eq!(peer.context().get(&name), 2);
}

/// A counter at its end is an error, for every way to write, and stays at its end. Others go on.
#[test]
fn the_last_counter_is_issued_once() {
    let last = Dot { actor: 'a', counter: NonZeroU64::MAX };
    let context = VersionVector::from([('a', u64::MAX - 1)]);
    let mut set = DvvSet::try_from_parts(context.clone(), vec![]).unwrap();
    assert_eq!(set.put(&context, &'a', 1), Ok(last));
    set.put_blind(&'b', 2).unwrap();
    let (before, read) = (set.clone(), set.context().clone());
    let exhausted = Exhausted { limit: u64::MAX };
    assert_eq!(set.put(&read, &'a', 3), Err(exhausted.into()));
    assert_eq!(set.put_blind(&'a', 3), Err(exhausted.into()));
    assert_eq!(set.put_over(&last, &'a', 3), Err(exhausted.into()));
    assert_eq!(set.reconcile(&'a', |_| 3), Err(exhausted));
    assert_eq!(set, before);
    assert_eq!(set.reconcile(&'b', |all| all.iter().map(|(_, value)| value).sum()), Ok(Dot::new('b', 2)));
    assert!(set.values().eq(&[3]));
}

/// A put is refused if it makes more siblings than there may be, and only if it makes more than there are: who reduces
/// them is never turned away. A sync takes all, and says by how many it is too much.
#[test]
fn the_cap_refuses_puts_and_reports_syncs() {
    let mut set = DvvSet::new().with_siblings_max(2);
    assert_eq!(set.siblings_max(), 2);
    let first = set.put_blind(&'a', 1).unwrap();
    let read = set.context().clone();
    set.put_blind(&'a', 2).unwrap();
    let before = set.clone();
    assert_eq!(set.put_blind(&'a', 3), Err(PutError::Siblings { count: 3, max: 2 }));
    assert_eq!(set.put(&VersionVector::new(), &'b', 3), Err(PutError::Siblings { count: 3, max: 2 }));
    assert_eq!(set, before);

    let mut other = DvvSet::new();
    for value in 4..=6 {
        other.put_blind(&'b', value).unwrap();
    }
    let synced = set.sync(other);
    assert_eq!((synced.changed, synced.siblings, synced.excess), (true, 5, 3));
    assert_eq!(set.siblings_max(), 2);

    assert_eq!(set.put_blind(&'a', 7), Err(PutError::Siblings { count: 6, max: 2 }));
    let second = set.put_over(&first, &'a', 7).unwrap();
    assert_eq!(set.len(), 5);
    set.put(&read, &'a', 8).unwrap_err();
    set.put(&[('b', 2)].into(), &'a', 8).unwrap();
    assert!(set.values().eq(&[2, 7, 8, 6]));
    assert_eq!(set.get(&second), Some(&7));
}

/// A cap of none would refuse the first value of a key, and so counts as one.
#[test]
fn one_value_is_always_taken() {
    let mut set = DvvSet::new().with_siblings_max(0);
    assert_eq!(set.siblings_max(), 1);
    set.put_blind(&'a', 1).unwrap();
    assert_eq!(set.put_blind(&'a', 2), Err(PutError::Siblings { count: 2, max: 1 }));
    set.put(&set.context().clone(), &'a', 2).unwrap();
    assert!(set.values().eq(&[2]));
}

/// Replicas that drop by the same order agree on the winner, even if they drop before they have all values; ties go to
/// the greater dot.
#[test]
fn the_last_writer_wins_everywhere() {
    let (mut a, mut b) = (DvvSet::new(), DvvSet::new());
    for value in ["bb", "a", "cc"] {
        a.put_blind(&'a', value).unwrap();
    }
    b.put_blind(&'b', "ddd").unwrap();
    b.put_blind(&'b', "eee").unwrap();
    let by_len = |left: &&str, right: &&str| left.len().cmp(&right.len());
    let mut late = b.clone();
    late.sync_ref(&a);
    assert_eq!((a.lww(by_len), b.lww(by_len), late.lww(by_len)), (2, 1, 4));
    assert!(a.values().eq(&["cc"]) && b.values().eq(&["eee"]) && late.values().eq(&["eee"]));
    a.sync_ref(&b);
    a.lww(by_len);
    late.sync_ref(&b);
    assert_eq!(a, late);
    assert_eq!((a.lww(by_len), DvvSet::<char, &str>::new().lww(by_len)), (0, 0));
}

/// Sets are equal if their contexts and siblings are, whatever their caps; and values that can't be compared can be kept.
#[test]
fn equality_asks_nothing_of_the_cap_and_nothing_else_asks_for_equality() {
    struct Opaque(fn());

    let mut set = DvvSet::new();
    set.put_blind(&'a', 1).unwrap();
    let mut same = DvvSet::new().with_siblings_max(7);
    same.sync_ref(&set);
    assert_eq!(set, same);
    assert_eq!(hash(&set), hash(&same));

    let mut deleted = set.clone();
    deleted.discard(set.context(), &'a').unwrap();
    assert_ne!(deleted, set, "the siblings differ");
    assert_ne!(deleted, DvvSet::new(), "the contexts differ");
    assert_eq!(set.clone().into_iter().collect::<Vec<_>>(), set.as_slice());

    let mut opaque = DvvSet::new();
    opaque.put_blind(&'a', Opaque(|| ())).unwrap();
    let mut other = DvvSet::default();
    assert!(other.sync(opaque).changed);
    other.values().for_each(|value| value.0());
}

#[test]
fn sets_have_this_text() {
    let mut set = DvvSet::new();
    set.put_blind(&'a', 1).unwrap();
    let text =
        "DvvSet { context: VersionVector {'a': 1}, siblings: [(Dot { actor: 'a', counter: 1 }, 1)], .. }";
    assert_eq!(format!("{set:?}"), text);
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    type Set = DvvSet<u8, u8>;

    proptest! {
        /// Sets survive a text format and a binary one.
        #[test]
        fn sets_survive_serde(steps in vec(steps(), 0..40), which: Index) {
            let (context, siblings) = which.get(&World::after(3, steps)?.states).0.clone().into_parts();
            let siblings = siblings.into_iter().map(|(dot, value)| (dot, u8::try_from(value.0).unwrap())).collect();
            let set = Set::try_from_parts(context, siblings).unwrap();
            let text = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Set>(&text).unwrap(), &set);
            let bytes = postcard::to_stdvec(&set).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Set>(&bytes).unwrap(), &set);
        }

        /// Any bytes are a set in its one form, or refused.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(prop_oneof![0..4u8, any::<u8>()], 0..24)) {
            if let Ok(set) = postcard::from_bytes::<Set>(&bytes) {
                let (context, siblings) = set.into_parts();
                prop_assert!(Set::try_from_parts(context, siblings).is_ok());
            }
        }
    }

    /// The form is pinned: a change is a breaking change for whatever is stored or sent.
    #[test]
    fn sets_have_this_form() {
        let siblings = vec![(Dot::new(1, 2).unwrap(), 7), (Dot::new(1, 300).unwrap(), 8)];
        let set = Set::try_from_parts([(1, 300), (2, 1)].into(), siblings).unwrap();
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"{"context":[[1,300],[2,1]],"siblings":[[{"actor":1,"counter":2},7],[{"actor":1,"counter":300},8]]}"#
        );
        let bytes = [2, 1, 0xAC, 2, 2, 1, 2, 1, 2, 7, 1, 0xAC, 2, 8];
        assert_eq!(postcard::to_stdvec(&set).unwrap(), bytes);
    }

    /// There is one form for each set, and no other is read.
    #[test]
    fn other_forms_are_refused() {
        let dot = |counter| format!(r#"[{{"actor":1,"counter":{counter}}},0]"#);
        let set = |context: &str, dots: &[u64]| {
            let siblings: Vec<_> = dots.iter().copied().map(dot).collect();
            format!(r#"{{"context":{context},"siblings":[{}]}}"#, siblings.join(","))
        };
        assert!(serde_json::from_str::<Set>(&set("[[1,3],[2,1]]", &[2, 3])).is_ok());
        for (context, dots) in [
            ("[[1,3],[2,0]]", &[2, 3][..]), // a zero
            ("[[2,1],[1,3]]", &[2, 3]),     // actors descending
            ("[[1,3],[1,3]]", &[2, 3]),     // an actor twice
            ("[[1,3]]", &[3, 2]),           // dots descending
            ("[[1,3]]", &[3, 3]),           // a dot twice
            ("[[1,3]]", &[4]),              // not in the context
            ("[[1,3]]", &[0]),              // no dot
        ] {
            assert!(serde_json::from_str::<Set>(&set(context, dots)).is_err(), "{context} {dots:?}");
        }
    }
}

/// A value that can be told from no other, except by the model: the number of its write.
#[derive(Clone, Debug)]
struct Value(usize);

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What a set is, to compare.
fn form(set: &DvvSet<u8, Value>) -> (VersionVector<u8>, Vec<(Dot<u8>, usize)>) {
    (set.context().clone(), set.iter().map(|(dot, value)| (*dot, value.0)).collect())
}

/// A set of writes, as bits: there are fewer than 128 in a history.
type Writes = u128;

/// What the model says of a replica.
#[derive(Clone, Copy, Default, Debug)]
struct Model {
    known: Writes,
    /// Those of them that some known write, or a deletion, overwrites.
    covered: Writes,
}

impl Model {
    fn siblings(&self) -> Writes {
        self.known & !self.covered
    }

    fn join(&mut self, other: &Self) {
        self.known |= other.known;
        self.covered |= other.covered;
    }

    fn is_le(&self, other: &Self) -> bool {
        self.known & !other.known == 0 && self.covered & !other.covered == 0
    }

    fn cover(&mut self, writes: Writes) {
        self.known |= writes;
        self.covered |= writes;
    }
}

/// What a client has: what it read last, and what it wrote last.
#[derive(Clone, Default)]
struct Client {
    context: VersionVector<u8>,
    read: Writes,
    wrote: Option<Dot<u8>>,
}

type State = (DvvSet<u8, Value>, Model);

/// Servers, clients, and a network that keeps all that was ever sent: what is never taken from it is lost, what is taken
/// twice is repeated.
struct World {
    servers: Vec<State>,
    clients: Vec<Client>,
    /// Each state that a server was ever in.
    states: Vec<State>,
    /// Each write by its dot, and all that it overwrites, in full.
    writes: BTreeMap<Dot<u8>, usize>,
    histories: Vec<Writes>,
}

/// What happens, at which server, and with which client or message.
type Step = (Kind, Index, Index);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Read,
    Put,
    PutOver,
    PutBlind,
    Discard,
    /// With what any server said at any time.
    Sync,
    /// With what a server says now.
    SyncNow,
    Lww,
    Reconcile,
}

fn steps() -> impl Strategy<Value = Step> {
    let kinds = prop_oneof![
        6 => Just(Kind::Read),
        6 => Just(Kind::Put),
        4 => Just(Kind::PutOver),
        3 => Just(Kind::PutBlind),
        2 => Just(Kind::Discard),
        3 => Just(Kind::Sync),
        4 => Just(Kind::SyncNow),
        1 => Just(Kind::Lww),
        1 => Just(Kind::Reconcile),
    ];
    (kinds, any::<Index>(), any::<Index>())
}

impl World {
    fn new(servers: usize) -> Self {
        let state = State::default();
        Self {
            servers: vec![state.clone(); servers],
            clients: vec![Client::default(); 3],
            states: vec![state],
            writes: BTreeMap::new(),
            histories: Vec::new(),
        }
    }

    fn after(servers: usize, steps: Vec<Step>) -> Result<Self, TestCaseError> {
        let (mut world, seen) = (Self::new(servers), Seen::default());
        steps.into_iter().try_for_each(|step| world.step(step, &seen))?;
        Ok(world)
    }

    fn step(&mut self, (kind, server, other): Step, seen: &Seen) -> Result<(), TestCaseError> {
        let (server, client) = (server.index(self.servers.len()), other.index(self.clients.len()));
        match kind {
            Kind::Read => {
                let (set, model) = &self.servers[server];
                self.clients[client].context.clone_from(set.context());
                self.clients[client].read = model.known;
            }
            Kind::Put => self.put(server, client, seen)?,
            Kind::PutOver => self.put_over(server, client, seen)?,
            Kind::PutBlind => {
                let dot =
                    self.servers[server].0.put_blind(&actor(server), Value(self.histories.len())).unwrap();
                self.wrote(server, Some(client), dot, 0)?;
            }
            Kind::Discard => self.discard(server, client, seen)?,
            Kind::Sync => {
                let message = other.get(&self.states).clone();
                self.sync(server, message, seen)?;
            }
            Kind::SyncNow => {
                let message = other.get(&self.servers).clone();
                self.sync(server, message, seen)?;
            }
            Kind::Lww => self.lww(server)?,
            Kind::Reconcile => self.reconcile(server)?,
        }
        self.states.push(self.servers[server].clone());
        Ok(())
    }

    fn put(&mut self, server: usize, client: usize, seen: &Seen) -> Result<(), TestCaseError> {
        let ((set, model), Client { context, read, .. }) = (&mut self.servers[server], &self.clients[client]);
        count(&seen.stale, model.siblings() & !read != 0);
        count(&seen.ahead, read & !model.known != 0);
        count(&seen.overwriting, model.siblings() & read != 0);
        let dot = set.put(context, &actor(server), Value(self.histories.len())).unwrap();
        let read = *read;
        self.wrote(server, Some(client), dot, read)
    }

    fn put_over(&mut self, server: usize, client: usize, seen: &Seen) -> Result<(), TestCaseError> {
        let Some(previous) = self.clients[client].wrote else { return Ok(()) };
        let overwritten = self.writes[&previous];
        let (set, model) = &mut self.servers[server];
        let before = form(set);
        let outcome = set.put_over(&previous, &actor(server), Value(self.histories.len()));
        if model.known & 1 << overwritten == 0 {
            count(&seen.unseen, true);
            let (known, claimed) = (before.0.get(&previous.actor), previous.counter.get());
            prop_assert_eq!(outcome, Err(PutError::Unseen { known, claimed }));
            prop_assert_eq!(form(set), before);
            return Ok(());
        }
        count(&seen.middle, set.iter().any(|(dot, _)| dot.actor == previous.actor && *dot < previous));
        self.wrote(server, Some(client), outcome.unwrap(), 1 << overwritten | self.histories[overwritten])
    }

    fn discard(&mut self, server: usize, client: usize, seen: &Seen) -> Result<(), TestCaseError> {
        let ((set, model), Client { context, read, .. }) = (&mut self.servers[server], &self.clients[client]);
        let dropped = set.discard(context, &actor(server)).unwrap();
        prop_assert_eq!(dropped, (model.siblings() & read).count_ones() as usize);
        count(&seen.deleted, dropped > 0);
        model.cover(*read);
        Ok(())
    }

    fn sync(&mut self, server: usize, (other, theirs): State, seen: &Seen) -> Result<(), TestCaseError> {
        let (set, model) = &mut self.servers[server];
        let before = form(set);
        let synced = set.sync(other);
        model.join(&theirs);
        prop_assert_eq!(synced.changed, form(set) != before);
        prop_assert_eq!(synced.siblings, set.len());
        count(&seen.old_news, !synced.changed);
        count(&seen.dropped_by_sync, before.1.iter().any(|(dot, _)| set.get(dot).is_none()));
        Ok(())
    }

    /// The newest write wins.
    fn lww(&mut self, server: usize) -> Result<(), TestCaseError> {
        let (set, model) = &mut self.servers[server];
        let dropped = set.lww(|left, right| left.0.cmp(&right.0));
        let siblings = model.siblings();
        prop_assert_eq!(dropped, (siblings.count_ones() as usize).saturating_sub(1));
        model.covered |= siblings.checked_ilog2().map_or(0, |newest| siblings & !(1 << newest));
        Ok(())
    }

    fn reconcile(&mut self, server: usize) -> Result<(), TestCaseError> {
        let (set, model) = &mut self.servers[server];
        let mut given: Option<Writes> = None;
        let merged = set.reconcile(&actor(server), |siblings| {
            given = Some(siblings.iter().fold(0, |all, (_, value)| all | 1 << value.0));
            Value(self.histories.len())
        });
        let siblings = model.siblings();
        prop_assert_eq!(given, Some(siblings).filter(|siblings| siblings.count_ones() > 1));
        let Some(dot) = merged.unwrap() else { return Ok(()) };
        let known = model.known;
        self.wrote(server, None, dot, known)
    }

    /// Takes down a write, and all that it overwrites.
    fn wrote(
        &mut self,
        server: usize,
        client: Option<usize>,
        dot: Dot<u8>,
        history: Writes,
    ) -> Result<(), TestCaseError> {
        let number = self.histories.len();
        prop_assert_eq!(dot.actor, actor(server));
        prop_assert_eq!(self.writes.insert(dot, number), None, "a dot was issued twice");
        self.histories.push(history);
        self.servers[server].1.cover(history);
        self.servers[server].1.known |= 1 << number;
        if let Some(client) = client {
            self.clients[client].wrote = Some(dot);
        }
        Ok(())
    }

    /// Checks each replica against its model.
    fn check(&self) -> Result<(), TestCaseError> {
        for (set, model) in &self.servers {
            let siblings = set.iter().try_fold(0, |all: Writes, (dot, value)| {
                prop_assert_eq!(self.writes[dot], value.0);
                Ok(all | 1 << value.0)
            })?;
            prop_assert_eq!(siblings, model.siblings(), "the siblings");
            prop_assert_eq!(set.len(), model.siblings().count_ones() as usize);
            let known = self.writes.iter().filter(|(dot, _)| set.context().contains(dot));
            prop_assert_eq!(known.fold(0, |all, (_, write)| all | 1 << write), model.known, "the context");
            prop_assert_eq!(set.context().weight(), u128::from(model.known.count_ones()));
            let (context, siblings) = set.clone().into_parts();
            prop_assert!(DvvSet::try_from_parts(context, siblings).is_ok());
        }
        Ok(())
    }

    /// Exchanges all that there is in a random order, with repetitions, and then once around what was lost.
    fn agree(mut self, order: &[Index]) -> Result<(), TestCaseError> {
        let all = self.servers.iter().fold(Model::default(), |mut all, server| {
            all.join(&server.1);
            all
        });
        let servers = self.servers.len();
        let random = order.chunks_exact(2).map(|pair| (pair[0].index(servers), pair[1].index(servers)));
        let resent = (0..servers).chain(0..servers).map(|from| (from, (from + 1) % servers));
        for (from, to) in random.chain(resent) {
            let (set, model) = self.servers[from].clone();
            self.servers[to].0.sync(set);
            self.servers[to].1.join(&model);
        }
        self.check()?;
        for (set, model) in &self.servers {
            prop_assert_eq!((model.known, model.covered), (all.known, all.covered));
            prop_assert_eq!(form(set), form(&self.servers[0].0));
            prop_assert_eq!(set.compare(&self.servers[0].0), Causality::Equal);
        }
        Ok(())
    }
}

fn actor(server: usize) -> u8 {
    u8::try_from(server).unwrap()
}

/// What has to happen, for the histories to be worth anything.
#[derive(Default, Debug)]
struct Seen {
    /// A put that hadn't read all siblings.
    stale: Cell<u32>,
    /// A put that had read what the server hasn't seen.
    ahead: Cell<u32>,
    overwriting: Cell<u32>,
    /// A put over what the server hasn't seen.
    unseen: Cell<u32>,
    /// A put over one that has an older sibling of the same server.
    middle: Cell<u32>,
    deleted: Cell<u32>,
    /// A sync of what is known: late, or repeated.
    old_news: Cell<u32>,
    dropped_by_sync: Cell<u32>,
}

impl Seen {
    fn assert_all(&self) {
        let Self { stale, ahead, overwriting, unseen, middle, deleted, old_news, dropped_by_sync } = self;
        let all = [stale, ahead, overwriting, unseen, middle, deleted, old_news, dropped_by_sync];
        assert!(all.iter().all(|count| count.get() > 100), "{self:?}");
    }
}

fn count(what: &Cell<u32>, happened: bool) {
    what.set(what.get() + u32::from(happened));
}
