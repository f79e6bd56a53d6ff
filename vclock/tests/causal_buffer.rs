//! Causal delivery: in causal order, exactly once, in linear work; whatever the network does, and whatever a peer says.
#![cfg(feature = "alloc")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use spacelike_vclock::{
    Actor, Amnesia, Broadcast, CausalBuffer, Dot, Exhausted, Inserted, Refusal, Run, VersionVector,
};

type Message = Broadcast<u8, usize>;
type Buffer = CausalBuffer<u8, usize>;

/// Who receives. It sends nothing, unless a test says so.
const OWN: u8 = 100;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever is lost, repeated and reordered: once all has come, all is delivered once, after what it depends on. No
    /// dependency was looked at twice.
    #[test]
    fn any_history_is_delivered_in_causal_order_exactly_once(
        history in histories(),
        arrivals in vec((any::<Index>(), 0..3_usize), 0..80),
    ) {
        let mut buffer = Buffer::new(OWN, 1_000);
        let mut delivered = Vec::new();
        if !history.is_empty() {
            for (which, pops) in arrivals {
                buffer.insert(history[which.index(history.len())].broadcast.clone()).unwrap();
                delivered.extend((0..pops).map_while(|_| buffer.pop()));
            }
        }
        // What was lost is sent again; all else then comes twice.
        for event in history.iter().rev() {
            buffer.insert(event.broadcast.clone()).unwrap();
        }
        delivered.extend(std::iter::from_fn(|| buffer.pop()));

        prop_assert!(is_causal(&history, &delivered));
        prop_assert_eq!(delivered.len(), history.len());
        prop_assert!(buffer.is_empty() && buffer.waiting_on().is_empty());
        prop_assert_eq!(buffer.examined(), history.iter().map(|event| examinations(&event.broadcast)).sum::<u64>());
        prop_assert_eq!(buffer.delivered(), &history.iter().map(|event| event.broadcast.dot).collect());
    }

    /// Fetching what `waiting_on` names is enough: nothing is missing then, and nothing that is here was named.
    #[test]
    fn waiting_on_is_exactly_what_is_needed(history in full_histories(), lost in vec(any::<bool>(), 40), pops in 0..9) {
        let mut buffer = Buffer::new(OWN, 1_000);
        let mut here = BTreeSet::new();
        for (event, _) in history.iter().zip(lost).filter(|(_, lost)| !lost) {
            buffer.insert(event.broadcast.clone()).unwrap();
            here.insert(event.broadcast.dot);
        }
        for _ in 0..pops {
            buffer.pop();
        }
        let past = history.iter().filter(|event| here.contains(&event.broadcast.dot)).flat_map(|event| &event.past);
        let needed: BTreeSet<_> = past.filter(|dot| !here.contains(dot)).copied().collect();
        prop_assert_eq!(dots(&buffer.waiting_on()), needed.into_iter().collect::<Vec<_>>());

        for dot in dots(&buffer.waiting_on()) {
            let event = history.iter().find(|event| event.broadcast.dot == dot).unwrap();
            buffer.insert(event.broadcast.clone()).unwrap();
        }
        while buffer.pop().is_some() {}
        prop_assert!(buffer.is_empty());
    }

    /// If all messages are in the buffer, their order is that of weight and dot, in whatever order they came: the same for
    /// all members.
    #[test]
    fn what_is_all_there_comes_in_one_order(history in full_histories(), shuffle in any::<u64>()) {
        let mut sorted: Vec<_> = history.iter().map(|event| event.broadcast.clone()).collect();
        sorted.sort_by_key(|broadcast| (broadcast.clock().weight(), broadcast.dot));
        let mut arrivals = sorted.clone();
        arrivals.sort_by_key(|broadcast| (broadcast.message as u64).wrapping_mul(shuffle | 1).rotate_left(32));
        let mut buffer = Buffer::new(OWN, 1_000);
        for broadcast in arrivals {
            buffer.insert(broadcast).unwrap();
        }
        prop_assert_eq!(std::iter::from_fn(|| buffer.pop()).collect::<Vec<_>>(), sorted);
    }

    /// With room for a few only, no message is lost: what doesn't fit comes back, and in causal order all of them fit.
    #[test]
    fn a_full_buffer_gives_back_and_goes_on(
        history in histories(), capacity in 1..6_usize, arrivals in vec(any::<Index>(), 0..60),
    ) {
        let mut buffer = Buffer::new(OWN, capacity);
        let mut delivered = Vec::new();
        for which in arrivals.iter().filter(|_| !history.is_empty()) {
            let broadcast = &history[which.index(history.len())].broadcast;
            let before = format!("{buffer:?}");
            match buffer.insert(broadcast.clone()) {
                Ok(_) => {}
                Err(refused) => {
                    prop_assert_eq!(&refused.broadcast, broadcast);
                    prop_assert_eq!(refused.why, Refusal::Full { capacity });
                    prop_assert_eq!(format!("{buffer:?}"), before);
                    prop_assert!(buffer.len() + 1 >= capacity);
                }
            }
            prop_assert!(buffer.len() <= capacity);
        }
        for event in &history {
            delivered.extend(std::iter::from_fn(|| buffer.pop()));
            prop_assert!(buffer.insert(event.broadcast.clone()).is_ok(), "comes in causal order");
            prop_assert!(buffer.len() <= capacity);
        }
        delivered.extend(std::iter::from_fn(|| buffer.pop()));
        prop_assert!(is_causal(&history, &delivered));
        prop_assert_eq!(delivered.len(), history.len());
    }

    /// After an eviction nothing waits for the evicted sender, now or later; all else is delivered.
    #[test]
    fn nobody_waits_for_an_evicted_sender(
        history in full_histories(), lost in vec(any::<bool>(), 40), pops in 0..9, evicted in 0..4_u8,
    ) {
        let mut buffer = Buffer::new(OWN, 1_000);
        let mut delivered = Vec::new();
        for (event, _) in history.iter().zip(lost).filter(|(_, lost)| !lost) {
            buffer.insert(event.broadcast.clone()).unwrap();
        }
        delivered.extend((0..pops).map_while(|_| buffer.pop()));
        let until = buffer.delivered().get(&evicted);
        let undeliverable = |event: &&Event| {
            let mut needs = event.past.iter().chain([&event.broadcast.dot]);
            needs.any(|dot| dot.actor == evicted && dot.counter.get() > until)
        };
        for broadcast in buffer.evict(&evicted) {
            prop_assert!(history.iter().filter(undeliverable).any(|event| event.broadcast == broadcast));
        }
        for event in &history {
            if undeliverable(&event) {
                let refused = buffer.insert(event.broadcast.clone()).unwrap_err();
                prop_assert_eq!(refused.why, Refusal::Evicted { actor: evicted });
            } else {
                buffer.insert(event.broadcast.clone()).unwrap();
            }
        }
        delivered.extend(std::iter::from_fn(|| buffer.pop()));
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(delivered.len(), history.iter().filter(|event| !undeliverable(event)).count());
    }

    /// Over any calls and any messages, those of liars included, the buffer does what the definitions say.
    #[test]
    fn buffer_follows_its_model(
        start in hostile_vectors(), capacity in 1..12_usize, calls in vec(calls(), 0..120),
    ) {
        let mut buffer = Buffer::starting_at(OWN, start.clone(), capacity);
        let mut model = Model { capacity, delivered: start, buffered: BTreeMap::new(), evicted: BTreeSet::new() };
        for call in calls {
            let before = format!("{buffer:?}");
            match call {
                Call::Insert(broadcast) => {
                    let expected = model.insert(broadcast.clone());
                    let outcome = buffer.insert(broadcast.clone());
                    if let Err(refused) = &outcome {
                        prop_assert_eq!(&refused.broadcast, &broadcast);
                        prop_assert_eq!(format!("{buffer:?}"), before);
                    }
                    prop_assert_eq!(outcome.map_err(|refused| refused.why), expected);
                }
                Call::Pop => prop_assert_eq!(buffer.pop(), model.pop()),
                Call::Send => {
                    let context = model.delivered.clone();
                    let expected = model.delivered.update(&OWN).map(|dot| Broadcast { dot, context, message: 0 });
                    prop_assert_eq!(buffer.send(0), expected);
                }
                Call::AdvanceTo(snapshot) => {
                    let outcome = buffer.advance_to(&snapshot);
                    prop_assert_eq!(outcome, model.advance_to(&snapshot));
                    if outcome.is_err() {
                        prop_assert_eq!(format!("{buffer:?}"), before);
                    }
                }
                Call::Evict(actor) => prop_assert_eq!(buffer.evict(&actor), model.evict(actor)),
                Call::Readmit(actor) => prop_assert_eq!(buffer.readmit(&actor), model.evicted.remove(&actor)),
            }
            prop_assert_eq!(buffer.delivered(), &model.delivered);
            prop_assert_eq!(buffer.len(), model.buffered.len());
            prop_assert_eq!(buffer.is_empty(), model.buffered.is_empty());
            prop_assert!(buffer.len() <= capacity);
            prop_assert_eq!(buffer.ready_count(), model.ready().count());
            prop_assert_eq!(buffer.waiting_on(), model.waiting_on());
            for actor in (0..4).chain([OWN]) {
                prop_assert_eq!(buffer.count_of(&actor), model.buffered.keys().filter(|dot| dot.actor == actor).count());
                for counter in COUNTERS {
                    let dot = Dot::new(actor, counter).unwrap();
                    let expected = model.delivered.contains(&dot) || model.buffered.contains_key(&dot);
                    prop_assert_eq!(buffer.contains(&dot), expected);
                }
            }
            if buffer.is_empty() {
                prop_assert!(format!("{buffer:?}").contains("dots: {}, ready: []"), "no leak: {buffer:?}");
            }
        }
    }
}

/// Each message is looked at when it comes, and when the one that it waits on does: the work is the same in any order, and
/// grows with the number of messages only.
#[test]
fn reversed_messages_are_linear_work() {
    for senders in [1, 4, 16] {
        for count in [1_000, 4_000, 16_000] {
            let mut messages = round_robin(senders, count);
            messages.reverse();
            let expected: u64 = messages.iter().map(examinations).sum();
            let mut buffer = Buffer::new(OWN, count);
            for broadcast in messages {
                buffer.insert(broadcast).unwrap();
            }
            assert_eq!(buffer.ready_count(), 1);
            let delivered: Vec<_> = std::iter::from_fn(|| buffer.pop()).collect();
            assert!(delivered.iter().map(|broadcast| broadcast.message).eq(0..count));
            assert_eq!(buffer.examined(), expected);
            assert!(expected <= (count * (senders + 1)) as u64);
        }
    }
}

/// A liar may ask for all the dots there are: they are neither counted nor stored one by one.
#[test]
fn dots_that_never_come_cost_nothing() {
    let max = u64::MAX;
    let mut buffer = Buffer::new(OWN, 100);
    let greedy = [(1, max), (2, max), (3, max)];
    assert_eq!(buffer.insert(broadcast(0, 1, greedy)), Ok(Inserted::Waiting));
    assert_eq!(buffer.insert(broadcast(1, max, [])), Ok(Inserted::Waiting));
    assert_eq!(buffer.insert(broadcast(2, max, [(1, max), (2, max - 1)])), Ok(Inserted::Waiting));
    assert_eq!(buffer.examined(), 4); // the first one is its sender's next
    let missing: Vec<_> = buffer.waiting_on().iter().map(ToString::to_string).collect();
    let below = max - 1;
    assert_eq!(missing, [format!("1:1-{below}"), format!("2:1-{below}"), format!("3:1-{max}")]);

    assert_eq!(buffer.advance_to(&[(1, max)].into()), Ok(1));
    assert_eq!(buffer.advance_to(&[(2, below)].into()), Ok(0));
    assert_eq!(buffer.pop().unwrap().dot, Dot::new(2, max).unwrap());
    assert_eq!(buffer.evict(&3), [broadcast(0, 1, greedy)]);
    assert!(buffer.is_empty() && buffer.evict(&1).is_empty());
}

/// Many that wait on one message are let go by it, or thrown out with it, in one pass.
#[test]
fn thousands_may_wait_on_one() {
    let count = 20_000;
    let fill = || {
        let mut buffer = CausalBuffer::new(0, count + 1);
        for actor in (2..).take(count) {
            let dot = Dot::new(actor, 1).unwrap();
            let context = [(1, 1)].into();
            assert_eq!(buffer.insert(Broadcast { dot, context, message: actor }), Ok(Inserted::Waiting));
        }
        buffer
    };
    let mut delivering = fill();
    let dot = Dot::new(1, 1).unwrap();
    assert_eq!(delivering.insert(Broadcast { dot, context: [].into(), message: 1 }), Ok(Inserted::Ready));
    let delivered = std::iter::from_fn(|| delivering.pop()).map(|broadcast| broadcast.message);
    assert!(delivered.eq((1..).take(count + 1)));

    let mut evicting = fill();
    assert!(evicting.evict(&1).iter().map(|broadcast| broadcast.message).eq((2..).take(count)));
    assert!(evicting.is_empty());

    let mut leaving_out = fill();
    let snapshot: VersionVector<usize> = (2..).take(count).map(|actor| (actor, 1)).collect();
    assert_eq!(leaving_out.advance_to(&snapshot), Ok(count));
    assert!(leaving_out.is_empty() && leaving_out.waiting_on().is_empty());
}

/// A long chain is given up in one pass, too.
#[test]
fn a_chain_of_thousands_is_evicted_at_once() {
    let mut messages = round_robin(2, 20_000);
    let lost = messages.remove(0);
    let mut buffer = Buffer::new(OWN, 20_000);
    for broadcast in messages.iter().rev() {
        buffer.insert(broadcast.clone()).unwrap();
    }
    assert_eq!(buffer.evict(&lost.dot.actor), messages);
}

/// Whoever fills the buffer with what never becomes deliverable can't keep out what is; and it shows who that is.
#[test]
fn a_flood_does_not_keep_out_what_is_deliverable() {
    let mut buffer = Buffer::new(OWN, 8);
    for counter in 2..9 {
        assert_eq!(buffer.insert(broadcast(0, counter, [])), Ok(Inserted::Waiting));
    }
    for counter in 1..100 {
        assert_eq!(
            buffer.insert(broadcast(1, counter + 1, [])).unwrap_err().why,
            Refusal::Full { capacity: 8 }
        );
        assert_eq!(buffer.insert(broadcast(1, counter, [])), Ok(Inserted::Ready));
        assert_eq!(buffer.insert(broadcast(2, 1, [])).unwrap_err().why, Refusal::Full { capacity: 8 });
        assert_eq!(buffer.pop(), Some(broadcast(1, counter, [])));
    }
    assert_eq!((buffer.count_of(&0), buffer.count_of(&1)), (7, 0));
    assert_eq!(buffer.evict(&0).len(), 7);
    assert!(buffer.is_empty());
}

/// What was delivered leaves its memory to what comes.
#[test]
fn places_are_used_again() {
    let mut buffer = Buffer::new(OWN, 8);
    for counter in (1..1_000).step_by(2) {
        buffer.insert(broadcast(0, counter + 1, [])).unwrap();
        buffer.insert(broadcast(0, counter, [])).unwrap();
        while buffer.pop().is_some() {}
    }
    assert_eq!(format!("{buffer:?}").matches("None").count(), 2);
}

/// What gives our own name a future is refused: we would send the same dot again.
#[test]
fn messages_of_our_own_that_we_do_not_know_are_refused() {
    let mut buffer = Buffer::starting_at(OWN, [(OWN, 2)].into(), 10);
    let amnesia = Amnesia { known: 2, claimed: 3 };
    let refused = buffer.insert(broadcast(OWN, 3, [])).unwrap_err();
    assert_eq!(refused.why, Refusal::Amnesia(amnesia));
    assert_eq!(
        refused.to_string(),
        "we know of 2 events of our own, but a peer claims 3: forgotten or forged, go on in a new epoch"
    );
    assert_eq!(buffer.insert(broadcast(0, 1, [(OWN, 3)])).unwrap_err().why, Refusal::Amnesia(amnesia));
    assert_eq!(buffer.advance_to(&[(OWN, 3)].into()), Err(amnesia));
    assert_eq!(buffer.insert(broadcast(OWN, 2, [])), Ok(Inserted::Duplicate)); // an echo
    assert_eq!(buffer.send(7).unwrap().dot, Dot::new(OWN, 3).unwrap());
    assert_eq!(buffer.insert(broadcast(0, 1, [(OWN, 3)])), Ok(Inserted::Ready));
}

/// The sender's own entry is one less than the dot, or left out.
#[test]
fn a_context_that_contradicts_its_dot_is_refused() {
    let mut buffer = Buffer::new(OWN, 10);
    for claimed in [1, 2, 4, 5, 6, u64::MAX] {
        let refused = buffer.insert(broadcast(0, 4, [(0, claimed)])).unwrap_err();
        assert_eq!(refused.why, Refusal::OwnEntry { counter: 4, claimed });
    }
    assert!(buffer.is_empty());
    assert_eq!(buffer.insert(broadcast(0, 4, [(0, 3)])), Ok(Inserted::Waiting));
    assert_eq!(buffer.insert(broadcast(0, 4, [])), Ok(Inserted::Duplicate));
}

/// Who restarts under a new epoch is heard at once, whatever became of its former life.
#[test]
fn a_restarted_sender_goes_on_in_a_new_epoch() {
    let first = Actor::new("alice");
    let second = first.next_epoch().unwrap();
    let mut alice = CausalBuffer::new(first, 10);
    let mut bob = CausalBuffer::new(Actor::new("bob"), 10);
    let [_lost, late] = [alice.send("lost").unwrap(), alice.send("late").unwrap()];
    assert_eq!(bob.insert(late.clone()), Ok(Inserted::Waiting));

    // She comes back with what bob has.
    let mut alice = CausalBuffer::starting_at(second, bob.delivered().clone(), 10);
    let hello = alice.send("hello").unwrap();
    assert_eq!(bob.evict(&first), [late]);
    assert_eq!(bob.insert(hello.clone()), Ok(Inserted::Ready));
    assert_eq!(bob.pop(), Some(hello));
    assert_eq!(bob.delivered().to_string(), "{alice#1:1}");
}

/// A context that leaves out what another message implies doesn't show that it needs an evicted sender. Such a message
/// waits for one that is refused, until that one's sender is given up, too.
#[test]
fn who_is_lost_by_way_of_others_is_shown_by_what_is_waited_on() {
    let mut buffer = Buffer::new(OWN, 10);
    let (by_way, short) = (broadcast(1, 1, [(0, 1)]), broadcast(2, 1, [(1, 1)]));
    buffer.evict(&0);
    assert_eq!(buffer.insert(short.clone()), Ok(Inserted::Waiting));
    assert_eq!(dots(&buffer.waiting_on()), [by_way.dot]);
    assert_eq!(buffer.insert(by_way).unwrap_err().why, Refusal::Evicted { actor: 0 });
    assert_eq!(buffer.pop(), None);
    assert_eq!(buffer.evict(&1), [short]);
    assert!(buffer.is_empty());
}

/// Two messages that each claim to come after the other are forged, and never delivered. Nothing is missing, which shows
/// it; they keep their places until one of their senders is given up, and keep nobody else out.
#[test]
fn forged_messages_that_depend_on_each_other_wait_until_they_are_evicted() {
    let mut buffer = CausalBuffer::new(9, 3);
    let (first, second) = (broadcast(1, 1, [(2, 1)]), broadcast(2, 1, [(1, 1)]));
    for forged in [&first, &second] {
        assert_eq!(buffer.insert(forged.clone()), Ok(Inserted::Waiting));
    }
    assert_eq!((buffer.waiting_on(), buffer.pop(), buffer.ready_count(), buffer.len()), (vec![], None, 0, 2));

    let honest = broadcast(3, 1, []);
    assert_eq!(buffer.insert(honest.clone()), Ok(Inserted::Ready));
    assert_eq!(buffer.pop(), Some(honest));

    assert_eq!((buffer.count_of(&1), buffer.count_of(&2)), (1, 1));
    assert_eq!(buffer.evict(&1), [first, second]);
    assert!(buffer.is_empty());
}

/// An eviction can be taken back.
#[test]
fn a_readmitted_sender_goes_on_where_it_was() {
    let mut buffer = Buffer::new(OWN, 10);
    assert!(buffer.evict(&0).is_empty());
    assert!(buffer.insert(broadcast(0, 1, [])).is_err());
    assert!(buffer.readmit(&0) && !buffer.readmit(&0));
    assert_eq!(buffer.insert(broadcast(0, 1, [])), Ok(Inserted::Ready));
}

/// The last dot is used, and no other after it.
#[test]
fn counters_end_and_do_not_wrap() {
    let mut buffer = Buffer::starting_at(OWN, [(OWN, u64::MAX - 1)].into(), 10);
    assert_eq!(buffer.send(0).unwrap().dot.counter.get(), u64::MAX);
    let before = buffer.delivered().clone();
    assert_eq!(buffer.send(0), Err(Exhausted { limit: u64::MAX }));
    assert_eq!(buffer.delivered(), &before);
}

/// A buffer that can't hold anything would refuse everything forever.
#[test]
#[should_panic(expected = "without room")]
fn a_capacity_of_zero_is_a_misuse() {
    let _ = Buffer::new(OWN, 0);
}

/// A message travels by its fields; a context that isn't canonical, and a zero as its number, don't arrive.
#[cfg(feature = "serde")]
#[test]
fn broadcasts_have_three_fields() {
    let sent = broadcast(7, 3, [(2, 5), (7, 2)]);
    let json = r#"{"dot":{"actor":7,"counter":3},"context":[[2,5],[7,2]],"message":0}"#;
    assert_eq!(serde_json::to_string(&sent).unwrap(), json);
    assert_eq!(serde_json::from_str::<Message>(json).unwrap(), sent);
    let bytes = [7, 3, 2, 2, 5, 7, 2, 0];
    assert_eq!(postcard::to_stdvec(&sent).unwrap(), bytes);
    assert_eq!(postcard::from_bytes::<Message>(&bytes).unwrap(), sent);
    for (good, bad) in
        [("\"counter\":3", "\"counter\":0"), ("[2,5]", "[9,5]"), ("\"message\":0", "\"message\":0,\"x\":1")]
    {
        assert!(serde_json::from_str::<Message>(&json.replace(good, bad)).is_err(), "{bad}");
    }
}

/// A message of a history, and what happened before it by definition: the sets of dots that its sender had delivered.
#[derive(Clone, Debug)]
struct Event {
    broadcast: Message,
    past: BTreeSet<Dot<u8>>,
}

/// What a few processes send, each after having delivered what it chose to, in causal order.
fn full_histories() -> impl Strategy<Value = Vec<Event>> {
    vec((0..4_u8, any::<Index>(), any::<bool>()), 0..80).prop_map(|steps| {
        let mut history = Vec::<Event>::new();
        let mut delivered = [const { BTreeSet::<Dot<u8>>::new() }; 4];
        for (process, which, sends) in steps {
            let seen = &mut delivered[usize::from(process)];
            if sends && history.len() < 40 {
                let counter = seen.iter().filter(|dot| dot.actor == process).count() as u64 + 1;
                let (dot, past) = (Dot::new(process, counter).unwrap(), seen.clone());
                seen.insert(dot);
                let context = past.iter().copied().collect();
                let broadcast = Broadcast { dot, context, message: history.len() };
                history.push(Event { broadcast, past });
            } else {
                let deliverable =
                    |event: &&Event| !seen.contains(&event.broadcast.dot) && event.past.is_subset(seen);
                let deliverable: Vec<_> = history.iter().filter(deliverable).collect();
                if !deliverable.is_empty() {
                    let dot = deliverable[which.index(deliverable.len())].broadcast.dot;
                    seen.insert(dot);
                }
            }
        }
        history
    })
}

/// The same, and some contexts leave out what another dependency implies.
fn histories() -> impl Strategy<Value = Vec<Event>> {
    (full_histories(), vec(any::<bool>(), 40)).prop_map(|(history, short)| {
        let pasts: BTreeMap<_, _> =
            history.iter().map(|event| (event.broadcast.dot, event.past.clone())).collect();
        let shorten = |(mut event, short): (Event, bool)| {
            let Broadcast { dot, context, .. } = &mut event.broadcast;
            let direct: Vec<_> =
                context.iter().map(|(actor, counter)| Dot::new(*actor, counter).unwrap()).collect();
            let implied = |dot: &Dot<u8>| direct.iter().any(|by| pasts[by].contains(dot));
            if short {
                let own = dot.actor;
                let before = context.clone();
                context
                    .retain(|actor, counter| *actor != own && !implied(&Dot::new(*actor, counter).unwrap()));
                assert!(context.is_le(&before));
            }
            event
        };
        history.into_iter().zip(short).map(shorten).collect()
    })
}

/// Whether each message came once, and after all that happened before it.
fn is_causal(history: &[Event], delivered: &[Message]) -> bool {
    let mut seen = BTreeSet::new();
    delivered.iter().all(|broadcast| {
        let event = &history[broadcast.message];
        event.broadcast == *broadcast && event.past.is_subset(&seen) && seen.insert(broadcast.dot)
    })
}

/// How many dependencies there are to look at: the sender's message before, and the others in the context.
fn examinations(broadcast: &Message) -> u64 {
    1 + broadcast.context.iter().filter(|(actor, _)| **actor != broadcast.dot.actor).count() as u64
}

/// Messages that each depend on all before.
fn round_robin(senders: usize, count: usize) -> Vec<Message> {
    let mut context = VersionVector::new();
    let message = |message| {
        let actor = u8::try_from(message % senders).unwrap();
        let before = context.clone();
        let dot = context.update(&actor).unwrap();
        Broadcast { dot, context: before, message }
    };
    (0..count).map(message).collect()
}

fn broadcast<const N: usize>(actor: u8, counter: u64, context: [(u8, u64); N]) -> Message {
    Broadcast { dot: Dot::new(actor, counter).unwrap(), context: context.into(), message: 0 }
}

fn dots(runs: &[Run<u8>]) -> Vec<Dot<u8>> {
    runs.iter()
        .flat_map(|run| (run.first..=run.last).map(|counter| Dot::new(run.actor, counter).unwrap()))
        .collect()
}

/// What the buffer does, said as plainly as possible.
struct Model {
    capacity: usize,
    delivered: VersionVector<u8>,
    buffered: BTreeMap<Dot<u8>, Message>,
    evicted: BTreeSet<u8>,
}

impl Model {
    fn insert(&mut self, broadcast: Message) -> Result<Inserted, Refusal<u8>> {
        let Broadcast { dot, context, .. } = &broadcast;
        let counter = dot.counter.get();
        let claimed = context.get(&dot.actor);
        if ![0, counter - 1].contains(&claimed) {
            return Err(Refusal::OwnEntry { counter, claimed });
        }
        let known = self.delivered.get(&OWN);
        let claimed = broadcast.clock().get(&OWN);
        if claimed > known {
            return Err(Refusal::Amnesia(Amnesia { known, claimed }));
        }
        if self.delivered.contains(dot) || self.buffered.contains_key(dot) {
            return Ok(Inserted::Duplicate);
        }
        // The context's first, then the sender.
        let mut needs: Vec<_> = context.iter().map(|(actor, counter)| (*actor, counter)).collect();
        needs.push((dot.actor, counter));
        let gone = |&&(actor, counter): &&(u8, u64)| {
            self.evicted.contains(&actor) && counter > self.delivered.get(&actor)
        };
        if let Some((actor, _)) = needs.iter().find(gone) {
            return Err(Refusal::Evicted { actor: *actor });
        }
        let ready = self.is_ready(&broadcast);
        if self.buffered.len() >= if ready { self.capacity } else { self.capacity - 1 } {
            return Err(Refusal::Full { capacity: self.capacity });
        }
        self.buffered.insert(*dot, broadcast);
        Ok(if ready { Inserted::Ready } else { Inserted::Waiting })
    }

    fn is_ready(&self, broadcast: &Message) -> bool {
        self.delivered.get(&broadcast.dot.actor) == broadcast.dot.counter.get() - 1
            && broadcast.context.is_le(&self.delivered)
    }

    fn ready(&self) -> impl Iterator<Item = &Message> {
        self.buffered.values().filter(|broadcast| self.is_ready(broadcast))
    }

    fn pop(&mut self) -> Option<Message> {
        let next = self.ready().min_by_key(|broadcast| Self::order(broadcast))?.dot;
        self.delivered.raise(next);
        self.buffered.remove(&next)
    }

    fn order(broadcast: &Message) -> (u128, Dot<u8>) {
        (broadcast.clock().weight(), broadcast.dot)
    }

    fn advance_to(&mut self, snapshot: &VersionVector<u8>) -> Result<usize, Amnesia> {
        self.delivered.observe(&OWN, snapshot)?;
        let before = self.buffered.len();
        self.buffered.retain(|dot, _| !self.delivered.contains(dot));
        Ok(before - self.buffered.len())
    }

    fn evict(&mut self, actor: u8) -> Vec<Message> {
        self.evicted.insert(actor);
        let mut lost = BTreeMap::from([(actor, u128::from(self.delivered.get(&actor)) + 1)]);
        let mut taken = Vec::new();
        loop {
            let is_lost =
                |actor: &u8, counter: u64| lost.get(actor).is_some_and(|from| *from <= u128::from(counter));
            let Some(dot) = self.buffered.values().find_map(|broadcast| {
                let clock = broadcast.clock();
                clock.iter().any(|(actor, counter)| is_lost(actor, counter)).then_some(broadcast.dot)
            }) else {
                break;
            };
            taken.extend(self.buffered.remove(&dot));
            let from = lost.entry(dot.actor).or_insert(u128::MAX);
            *from = (*from).min(u128::from(dot.counter.get()));
        }
        taken.sort_by_key(Self::order);
        taken
    }

    fn waiting_on(&self) -> Vec<Run<u8>> {
        let mut wanted = VersionVector::new();
        for broadcast in self.buffered.values() {
            wanted.merge(&broadcast.context);
            wanted.merge(&[(broadcast.dot.actor, broadcast.dot.counter.get() - 1)].into());
        }
        let mut runs = Vec::new();
        for (actor, last) in wanted {
            // The dots that are here cut what is wanted into runs.
            let mut from = u128::from(self.delivered.get(&actor)) + 1;
            let end = u128::from(last) + 1;
            let here = self
                .buffered
                .keys()
                .filter(|dot| dot.actor == actor)
                .map(|dot| u128::from(dot.counter.get()));
            for cut in here.filter(|cut| *cut < end).chain([end]) {
                if from < cut {
                    let [first, last] = [from, cut - 1].map(|counter| u64::try_from(counter).unwrap());
                    runs.push(Run { actor, first, last });
                }
                from = from.max(cut + 1);
            }
        }
        runs
    }
}

/// Counters at both ends.
const COUNTERS: [u64; 8] = [1, 2, 3, 4, 5, u64::MAX - 2, u64::MAX - 1, u64::MAX];

#[derive(Clone, Debug)]
enum Call {
    Insert(Message),
    Pop,
    Send,
    AdvanceTo(VersionVector<u8>),
    Evict(u8),
    Readmit(u8),
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        12 => messages().prop_map(Call::Insert),
        6 => Just(Call::Pop),
        1 => Just(Call::Send),
        1 => hostile_vectors().prop_map(Call::AdvanceTo),
        1 => (0..4_u8).prop_map(Call::Evict),
        1 => (0..4_u8).prop_map(Call::Readmit),
    ]
}

/// Mostly low counters, so that messages meet; and some of each other kind.
fn counters() -> impl Strategy<Value = u64> {
    prop_oneof![12 => 1..6_u64, 1 => proptest::sample::select(&COUNTERS[..])]
}

fn actors() -> impl Strategy<Value = u8> {
    prop_oneof![16 => 0..4_u8, 1 => Just(OWN)]
}

fn hostile_vectors() -> impl Strategy<Value = VersionVector<u8>> {
    vec((actors(), counters()), 0..4).prop_map(|entries| entries.into_iter().collect())
}

fn messages() -> impl Strategy<Value = Message> {
    (actors(), counters(), hostile_vectors(), 0..1_000_usize, 0..20).prop_map(
        |(actor, counter, mut context, message, own)| {
            // Most are well-formed.
            if own > 0 {
                context.retain(|other, _| *other != actor);
            }
            if own > 10 {
                context = context.into_iter().chain([(actor, counter - 1)]).collect();
            }
            Broadcast { dot: Dot::new(actor, counter).unwrap(), context, message }
        },
    )
}
