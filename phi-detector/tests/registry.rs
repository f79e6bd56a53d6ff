//! Many peers, against a model that knows no timers.
#![cfg(feature = "alloc")]

use core::time::Duration;

use proptest::prelude::*;
use spacelike_phi_detector::{
    Beat, Event, FailureDetector, FixedTimeout, Full, Heard, LocalHealth, LocalPhi, Normal, Registry,
    Resolution, Settings, Status, Suspicion,
};

/// One nanosecond a tick, so that the model can count in numbers.
const TICK: Resolution = Resolution::of_nanos_log2(0);

fn at(ticks: u64) -> Duration {
    Duration::from_nanos(ticks)
}

/// Ten ticks to the first level, twenty and forty to the others.
const SILENCES: [u64; 3] = [10, 20, 40];

fn template() -> FixedTimeout<3> {
    FixedTimeout::with_resolution(at(10), [1.0, 2.0, 4.0], TICK)
}

fn registry(trust_after: u32, peers_max: usize) -> Registry<u8, FixedTimeout<3>> {
    Registry::new(template(), 3, trust_after, peers_max)
}

const WARN: Status = Status::Suspect { level: 0 };
const ROUTE: Status = Status::Suspect { level: 1 };
const CONVICT: Status = Status::Suspect { level: 2 };

/// Other evidence than beats moves the time at which a peer will be suspect. It introduces nobody, and doesn't end a suspicion.
#[test]
fn other_evidence_moves_the_timer_only() {
    let mut peers = registry(1, 5);
    peers.witness(&7, at(3));
    assert!(!peers.contains(&7));
    peers.expect(1, at(50)).unwrap();
    peers.witness(&1, at(3));
    assert_eq!((peers.next_deadline(), peers.status(&1, at(4))), (Some(at(50)), Status::Unknown));

    peers.heartbeat(0, Beat::at(at(5))).unwrap();
    peers.witness(&0, at(9));
    assert_eq!((peers.poll(at(18)), peers.next_deadline()), (vec![], Some(at(19))));
    assert_eq!(peers.poll(at(19)), [Event { peer: 0, from: Status::Trusted, to: WARN, at: at(19) }]);
    peers.witness(&0, at(19));
    assert_eq!((peers.status(&0, at(20)), peers.next_deadline()), (WARN, Some(at(39))));
}

#[derive(Clone, Debug)]
enum Call {
    Beat(u8, Option<u64>),
    Stale(u8),
    Poll,
    Witness(u8, u64),
    Expect(u8, u64),
    Gap(u64),
    Health(u8),
    Remove(u8),
}

fn calls() -> impl Strategy<Value = Vec<(u64, Call)>> {
    let peer = || 0u8..5;
    let call = prop_oneof![
        8 => (peer(), prop_oneof![4 => Just(None), 1 => (0u64..4).prop_map(Some)]).prop_map(|(p, e)| Call::Beat(p, e)),
        1 => peer().prop_map(Call::Stale),
        6 => Just(Call::Poll),
        3 => (peer(), 0u64..60).prop_map(|(peer, ahead)| Call::Witness(peer, ahead)),
        2 => (peer(), 0u64..60).prop_map(|(peer, by)| Call::Expect(peer, by)),
        1 => (0u64..30).prop_map(Call::Gap),
        1 => (0u8..3).prop_map(Call::Health),
        1 => peer().prop_map(Call::Remove),
    ];
    prop::collection::vec((0u64..12, call), 0..120)
}

/// What a person would write down of a peer.
#[derive(Clone, Debug)]
struct Noted {
    name: u8,
    heard: Option<u64>,
    /// When it was alive, by its beats or by what others said.
    alive: u64,
    by: u64,
    /// How many times as long each silence may be.
    times: u64,
    epoch: Option<u64>,
    /// The number of levels that it has: -1 if it is unknown.
    rank: i32,
    /// Of each beat since its status last changed: when it came, and how many levels the silence had reached.
    beats: Vec<(u64, i32)>,
}

impl Noted {
    fn deadline(&self, level: usize) -> u64 {
        if self.heard.is_some() { self.alive + self.times * SILENCES[level] } else { self.by }
    }

    /// How many levels the silence has reached.
    fn levels(&self, now: u64) -> i32 {
        (0..3).filter(|level| self.deadline(*level) <= now).map(|_| 1).sum()
    }

    fn next(&self) -> Option<u64> {
        (0..3)
            .filter(|level| i32::try_from(*level).unwrap() >= self.rank)
            .map(|level| self.deadline(level))
            .min()
    }
}

fn status(rank: i32) -> Status {
    match rank {
        -1 => Status::Unknown,
        0 => Status::Trusted,
        rank => Status::Suspect { level: usize::try_from(rank - 1).unwrap() },
    }
}

/// All peers in a heap of notes, looked through for each question.
#[derive(Debug)]
struct Model {
    trust_after: usize,
    trust_span: u64,
    peers_max: usize,
    times: u64,
    peers: Vec<Noted>,
}

impl Model {
    fn find(&mut self, name: u8) -> Option<&mut Noted> {
        self.peers.iter_mut().find(|peer| peer.name == name)
    }

    fn add(&mut self, name: u8, by: u64) -> bool {
        let room = self.peers.len() < self.peers_max;
        if room {
            self.peers.push(Noted {
                name,
                heard: None,
                alive: 0,
                by,
                times: self.times,
                epoch: None,
                rank: -1,
                beats: Vec::new(),
            });
        }
        room
    }

    fn beat(&mut self, name: u8, now: u64, epoch: Option<u64>) -> Result<(bool, Option<Event<u8>>), ()> {
        let (trust_after, trust_span) = (self.trust_after, self.trust_span);
        if self.find(name).is_none() && !self.add(name, now) {
            return Err(());
        }
        let peer = self.find(name).unwrap();
        let old_epoch = epoch.zip(peer.epoch).is_some_and(|(new, known)| new < known);
        if peer.heard.is_some_and(|heard| heard >= now) || old_epoch {
            return Ok((false, None));
        }
        let before = peer.levels(now);
        peer.heard = Some(now);
        peer.alive = peer.alive.max(now);
        peer.epoch = epoch.or(peer.epoch);
        let from = peer.rank;
        peer.beats.push((now, before));
        let good = peer.beats.iter().rev().take_while(|(_, levels)| *levels < from).count();
        // The beat that ended the silence is the first good one, late as it was.
        let ended = usize::from(good < peer.beats.len());
        let first = peer.beats[peer.beats.len() - good - ended].0;
        if from <= 0 || (good + ended >= trust_after && now - first >= trust_span) {
            peer.rank = 0;
            peer.beats.clear();
        }
        let event = Event { peer: name, from: status(from), to: status(peer.rank), at: at(now) };
        Ok((true, (event.from != event.to).then_some(event)))
    }

    fn poll(&mut self, now: u64) -> Vec<Event<u8>> {
        let mut due: Vec<(u64, u8)> = self
            .peers
            .iter()
            .filter_map(|peer| Some((peer.next()?, peer.name)))
            .filter(|(time, _)| *time <= now)
            .collect();
        due.sort_unstable();
        let mut events = Vec::new();
        for (_, name) in due {
            let peer = self.find(name).unwrap();
            let from = status(peer.rank);
            peer.rank = peer.levels(now);
            peer.beats.clear();
            events.push(Event { peer: name, from, to: status(peer.rank), at: at(now) });
        }
        events
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// The same statuses, events in the same order, and the same next deadline as a model that looks at everybody each time.
    #[test]
    fn does_as_the_model_does(
        calls in calls(),
        trust_after in 0u32..4,
        trust_span in prop_oneof![2 => Just(0u64), 1 => 0u64..20],
        peers_max in 0usize..6,
    ) {
        let mut peers = registry(trust_after, peers_max).with_trust_span(at(trust_span));
        let mut model = Model { trust_after: trust_after as usize, trust_span, peers_max, times: 1, peers: Vec::new() };
        let mut now = 1;
        for (wait, call) in calls {
            now += wait;
            match call {
                Call::Beat(name, epoch) => {
                    let beat = Beat { epoch, ..Beat::at(at(now)) };
                    match (peers.heartbeat(name, beat), model.beat(name, now, epoch)) {
                        (Ok((heard, event)), Ok((news, expected))) => {
                            prop_assert_eq!(heard != Heard::Stale, news);
                            prop_assert_eq!(event, expected);
                        }
                        (Err(full), Err(())) => prop_assert_eq!(full, Full { peers_max }),
                        (found, expected) => prop_assert!(false, "{found:?} and not {expected:?}"),
                    }
                }
                Call::Stale(name) => {
                    if model.find(name).is_some_and(|peer| peer.heard.is_some()) {
                        let before = format!("{peers:?}");
                        prop_assert_eq!(peers.heartbeat(name, Beat::at(at(0))), Ok((Heard::Stale, None)));
                        prop_assert_eq!(before, format!("{peers:?}"));
                    }
                }
                Call::Poll => {
                    prop_assert_eq!(peers.poll(at(now)), model.poll(now));
                    prop_assert!(peers.poll(at(now)).is_empty());
                    prop_assert!(peers.next_deadline().is_none_or(|deadline| deadline > at(now)));
                }
                Call::Witness(name, ahead) => {
                    // Up to 30 ticks ago, or as many ahead.
                    let alive = (now + ahead).saturating_sub(30);
                    peers.witness(&name, at(alive));
                    if let Some(peer) = model.find(name).filter(|peer| peer.heard.is_some()) {
                        peer.alive = peer.alive.max(alive);
                    }
                }
                Call::Expect(name, wait) => {
                    let room = match model.find(name) {
                        Some(known) => {
                            known.by = now + wait;
                            true
                        }
                        None => model.add(name, now + wait),
                    };
                    prop_assert_eq!(peers.expect(name, at(now + wait)), room.then_some(()).ok_or(Full { peers_max }));
                }
                Call::Gap(gap) => {
                    peers.observe_local_gap(at(gap));
                    for peer in &mut model.peers {
                        peer.heard = peer.heard.map(|heard| heard + gap);
                        peer.alive += peer.heard.map_or(0, |_| gap);
                        peer.beats.iter_mut().for_each(|(time, _)| *time += gap);
                        peer.by += gap;
                    }
                }
                Call::Health(score) => {
                    let mut health = LocalHealth::default();
                    (0..score).for_each(|_| health.worse());
                    peers.observe_local_health(health);
                    model.times = u64::from(score) + 1;
                    model.peers.iter_mut().for_each(|peer| peer.times = model.times);
                }
                Call::Remove(name) => {
                    prop_assert_eq!(peers.remove(&name).is_some(), model.find(name).is_some());
                    model.peers.retain(|peer| peer.name != name);
                }
            }
            prop_assert_eq!(peers.next_deadline(), model.peers.iter().filter_map(Noted::next).min().map(at));
            prop_assert_eq!((peers.len(), peers.is_empty()), (model.peers.len(), model.peers.is_empty()));
            let mut names: Vec<u8> = model.peers.iter().map(|peer| peer.name).collect();
            names.sort_unstable();
            prop_assert_eq!(peers.peers().copied().collect::<Vec<_>>(), names.as_slice());
            let statuses: Vec<_> = peers.statuses(at(now)).map(|(name, status)| (*name, status)).collect();
            prop_assert_eq!(statuses.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            for name in 0..5 {
                let expected = model.find(name).map_or(-1, |peer| peer.rank.max(if peer.levels(now) > 0 { peer.levels(now) } else { -1 }));
                prop_assert_eq!(peers.status(&name, at(now)), status(expected));
                prop_assert!(statuses.iter().all(|(other, found)| *other != name || *found == status(expected)));
                prop_assert_eq!(peers.contains(&name), model.find(name).is_some());
                prop_assert_eq!(peers.detector(&name).is_some(), model.find(name).is_some());
            }
        }
    }
}

/// Who was expected and never came is suspect at that time, and not before; who was neither is unknown for ever.
#[test]
fn who_never_came_is_suspect_in_time() {
    let mut peers = registry(1, 8);
    peers.expect(1, at(100)).unwrap();
    assert_eq!((peers.status(&1, at(99)), peers.status(&2, at(99))), (Status::Unknown, Status::Unknown));
    assert_eq!(peers.next_deadline(), Some(at(100)));
    assert_eq!(peers.poll(at(99)), []);
    assert_eq!((peers.status(&1, at(100)), peers.status(&2, at(100))), (CONVICT, Status::Unknown));
    assert_eq!(peers.poll(at(100)), [Event { peer: 1, from: Status::Unknown, to: CONVICT, at: at(100) }]);
    let (heard, event) = peers.heartbeat(1, Beat::at(at(101))).unwrap();
    assert_eq!(heard, Heard::First);
    assert_eq!(event, Some(Event { peer: 1, from: CONVICT, to: Status::Trusted, at: at(101) }));
}

/// Warn, route around, convict, each once and in its time.
#[test]
fn levels_are_reached_one_by_one() {
    let mut peers = registry(1, 8);
    peers.heartbeat(1, Beat::at(at(100))).unwrap();
    let mut from = Status::Trusted;
    for (time, to) in [(110, WARN), (120, ROUTE), (140, CONVICT)] {
        assert_eq!(peers.next_deadline(), Some(at(time)));
        assert_eq!(peers.poll(at(time - 1)), []);
        assert_eq!(peers.poll(at(time)), [Event { peer: 1, from, to, at: at(time) }]);
        from = to;
    }
    assert_eq!(peers.next_deadline(), None);
}

/// A peer on the edge, whose every second beat is too late, doesn't come and go with each of them.
#[test]
fn a_peer_on_the_edge_stays_suspect() {
    let mut peers = registry(3, 8);
    let mut now = 0;
    let mut events = Vec::new();
    for turn in 0..100 {
        now += if turn % 2 == 0 { 5 } else { 15 };
        events.extend(peers.poll(at(now)));
        events.extend(peers.heartbeat(1, Beat::at(at(now))).unwrap().1);
    }
    let all: Vec<Status> = events.iter().map(|event| event.to).collect();
    assert_eq!(all, [Status::Trusted, WARN]);
    // The last beat was late and counts as the first good one.
    assert_eq!(peers.heartbeat(1, Beat::at(at(now + 5))).unwrap().1, None);
    assert_eq!(peers.heartbeat(1, Beat::at(at(now + 10))).unwrap().1.unwrap().to, Status::Trusted);
}

/// A peer that was away for long has to stay for some time, however often it beats; our own sleep is no such time.
#[test]
fn a_return_may_have_to_last() {
    let mut peers = registry(3, 8).with_trust_span(at(20));
    let told = |peers: &mut Registry<u8, _>, time| {
        peers.heartbeat(1, Beat::at(at(time))).unwrap().1.map(|event| event.to)
    };
    assert_eq!(told(&mut peers, 100), Some(Status::Trusted));
    assert_eq!(peers.poll(at(200))[0].to, CONVICT);
    assert_eq!([200, 205, 210].map(|time| told(&mut peers, time)), [None; 3]);
    let mut slept = peers.clone();
    assert_eq!([219, 220].map(|time| told(&mut peers, time)), [None, Some(Status::Trusted)]);

    slept.observe_local_gap(at(1_000));
    assert_eq!([1_219, 1_220].map(|time| told(&mut slept, time)), [None, Some(Status::Trusted)]);

    // A silence in between begins anew.
    assert_eq!(peers.poll(at(300))[0].to, CONVICT);
    assert_eq!([300, 309, 350, 359].map(|time| told(&mut peers, time)), [None; 4]);
    assert_eq!([369, 370].map(|time| told(&mut peers, time)), [None, Some(Status::Trusted)]);
}

/// Beats out of a backlog are no return: each leaves its peer as suspect as it was.
#[test]
fn a_backlog_is_no_return() {
    let seconds = Duration::from_secs;
    let detector: LocalPhi<Normal, 100, 2> = LocalPhi::new(&Settings::new(seconds(1)), [1.0, 8.0]);
    let mut peers = Registry::new(detector, 2, 2, 8);
    for number in 1..=100 {
        peers.heartbeat("ann", Beat::at(seconds(number)).with_sequence(number)).unwrap();
    }
    assert_eq!(peers.poll(seconds(110)).len(), 1);
    for number in 101..=120 {
        let at = seconds(number + 15);
        let (heard, event) = peers.heartbeat("ann", Beat::at(at).with_sequence(number)).unwrap();
        assert!(matches!(heard, Heard::Interval { .. }));
        assert_eq!((event, peers.status(&"ann", at)), (None, ROUTE));
    }
}

/// Believes what a beat says of when it was sent, so that a beat can leave any level.
#[derive(Clone, Debug)]
struct Credulous(Option<Duration>);

impl FailureDetector for Credulous {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        if beat.sent.is_none() {
            return Heard::Stale;
        }
        self.0 = beat.sent;
        Heard::First
    }

    fn witness(&mut self, _: Duration) {}

    fn observe_local_gap(&mut self, gap: Duration) {
        self.0 = self.0.map(|sent| sent + gap);
    }

    fn evidence(&self) -> Option<Duration> {
        self.0
    }

    fn suspicion(&self, _: Duration) -> Suspicion {
        unreachable!("a registry acts by deadlines")
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.0.map(|sent| sent + at(SILENCES[level]))
    }

    fn is_suspect(&self, _: Duration, _: usize) -> bool {
        unreachable!("a registry acts by deadlines")
    }
}

/// A peer that convinces only in part is suspect only in part, and each step down takes its number of good beats. A beat that
/// leaves more suspicion than there was raises it at once.
#[test]
fn suspicion_falls_level_by_level() {
    let mut peers = Registry::new(Credulous(None), 3, 2, 8);
    let steps = [
        (100, 100, Some((Status::Unknown, Status::Trusted))),
        (101, 61, Some((Status::Trusted, CONVICT))),
        (102, 77, None), // it was late when this came: the first good one
        (103, 78, Some((CONVICT, ROUTE))),
        (104, 90, None),
        (105, 80, None), // not below its level: no good one
        (106, 91, None),
        (107, 92, Some((ROUTE, WARN))),
        (108, 108, None),
        (109, 109, Some((WARN, Status::Trusted))),
        (110, 100, Some((Status::Trusted, WARN))),
        (111, 71, Some((WARN, CONVICT))),
    ];
    for (arrived, sent, change) in steps {
        let (_, event) = peers.heartbeat(1, Beat::at(at(arrived)).with_sent(at(sent))).unwrap();
        assert_eq!(event.map(|event| (event.from, event.to)), change, "at {arrived}");
    }
}

/// Our own sleep makes a peer that was late look on time; that counts for nothing of what it was short of before.
#[test]
fn good_beats_are_counted_from_the_last_change() {
    let told = |peers: &mut Registry<u8, Credulous>, arrived, sent| {
        let beat = Beat::at(at(arrived)).with_sent(at(sent));
        peers.heartbeat(1, beat).unwrap().1.map(|event| event.to)
    };
    let mut peers = Registry::new(Credulous(None), 3, 2, 8);
    told(&mut peers, 100, 100);
    assert_eq!(told(&mut peers, 101, 61), Some(CONVICT));
    assert_eq!(told(&mut peers, 102, 90), None);
    // Not below its level, and so no good one; nor is the one before it any more.
    assert_eq!(told(&mut peers, 103, 60), None);
    peers.observe_local_gap(at(50));
    assert_eq!(told(&mut peers, 104, 90), None);
    assert_eq!(told(&mut peers, 105, 90), Some(WARN));
    peers.observe_local_gap(at(50));
    assert_eq!(told(&mut peers, 106, 106), None);
    assert_eq!(told(&mut peers, 107, 107), Some(Status::Trusted));

    let mut peers = Registry::new(Credulous(None), 3, 3, 8);
    told(&mut peers, 100, 100);
    told(&mut peers, 101, 61);
    assert_eq!([(102, 90), (103, 60)].map(|(arrived, sent)| told(&mut peers, arrived, sent)), [None; 2]);
    peers.observe_local_gap(at(50));
    let after = [104, 105, 106].map(|arrived| told(&mut peers, arrived, 90));
    assert_eq!(after, [None, None, Some(WARN)]);
}

/// A first beat that its detector takes for none makes nobody known.
#[test]
fn a_stale_first_beat_adds_nobody() {
    let mut peers = Registry::new(Credulous(None), 3, 2, 8);
    assert_eq!(peers.heartbeat(1, Beat::at(at(1))), Ok((Heard::Stale, None)));
    assert!(!peers.contains(&1));
}

/// A restart is told, and is one beat like others; what still comes of the old life is none.
#[test]
fn a_restart_is_a_beat() {
    let mut peers = registry(2, 8);
    peers.heartbeat(1, Beat::at(at(100)).with_epoch(1)).unwrap();
    assert_eq!(peers.poll(at(200))[0].to, CONVICT);
    assert_eq!(peers.heartbeat(1, Beat::at(at(201)).with_epoch(2)), Ok((Heard::Restarted, None)));
    assert_eq!(peers.heartbeat(1, Beat::at(at(202)).with_epoch(1)), Ok((Heard::Stale, None)));
    let (_, event) = peers.heartbeat(1, Beat::at(at(203)).with_epoch(2)).unwrap();
    assert_eq!(event.unwrap().to, Status::Trusted);
}

/// A peer that is removed is unknown, and no timer is left of it.
#[test]
fn who_is_removed_is_unknown() {
    let mut peers = registry(1, 1);
    peers.heartbeat(1, Beat::at(at(100))).unwrap();
    assert_eq!(peers.heartbeat(2, Beat::at(at(100))), Err(Full { peers_max: 1 }));
    assert_eq!(peers.expect(2, at(200)), Err(Full { peers_max: 1 }));
    assert!(!peers.contains(&2));
    assert!(peers.remove(&1).is_some() && peers.remove(&1).is_none());
    assert_eq!((peers.next_deadline(), peers.status(&1, at(101))), (None, Status::Unknown));
    assert_eq!(peers.poll(Duration::MAX), []);
    peers.expect(2, at(200)).unwrap();
    assert_eq!(
        Full { peers_max: 1 }.to_string(),
        "there are 1 peers, and no more are allowed: remove one first"
    );
}

/// Our own sleep accuses nobody, neither who was heard nor who was expected.
#[test]
fn ones_own_sleep_accuses_nobody() {
    let mut peers = registry(1, 8);
    peers.heartbeat(1, Beat::at(at(100))).unwrap();
    peers.expect(2, at(105)).unwrap();
    peers.observe_local_gap(at(1_000));
    assert_eq!(peers.poll(at(1_104)), []);
    let all: Vec<_> = peers.poll(at(1_110)).into_iter().map(|event| (event.peer, event.to)).collect();
    assert_eq!(all, [(2, CONVICT), (1, WARN)]);
}

/// A peer may have a detector of its own; a second one doesn't take its place.
#[test]
fn a_peer_may_have_its_own_detector() {
    let slow = |timeout| FixedTimeout::with_resolution(at(timeout), [1.0, 2.0, 4.0], TICK);
    let mut peers = registry(1, 8);
    peers.expect_with(1, at(50), slow(1_000)).unwrap();
    peers.expect_with(1, at(60), slow(5)).unwrap();
    assert_eq!(peers.next_deadline(), Some(at(60)));
    peers.heartbeat(1, Beat::at(at(50))).unwrap();
    assert_eq!(peers.next_deadline(), Some(at(1_050)));

    let mut heard = slow(100);
    heard.heartbeat(Beat::at(at(40)));
    peers.expect_with(2, at(50), heard).unwrap();
    assert_eq!(peers.status(&2, at(51)), Status::Trusted);
    assert_eq!(peers.next_deadline(), Some(at(140)));
}

/// The ends of time are bounds, and no loop.
#[test]
fn the_ends_of_time_are_no_loop() {
    let mut peers = registry(1, 8);
    peers.heartbeat(1, Beat::at(Duration::MAX)).unwrap();
    peers.heartbeat(2, Beat::at(Duration::ZERO)).unwrap();
    peers.expect(3, Duration::MAX).unwrap();
    peers.observe_local_gap(Duration::MAX);
    assert!(peers.poll(Duration::MAX).len() <= 3);
    assert_eq!(peers.poll(Duration::MAX), []);
    assert_eq!(peers.status(&3, Duration::MAX), CONVICT);
}

/// A template that has heard of somebody would vouch for all.
#[test]
#[should_panic(expected = "vouches for all")]
fn a_template_has_heard_of_nobody() {
    let mut heard = template();
    heard.heartbeat(Beat::at(at(1)));
    let _ = Registry::<u8, _>::new(heard, 3, 1, 8);
}
