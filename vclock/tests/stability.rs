//! Causal stability: the least that any member has seen, whatever is reported, and whoever comes and goes; at a cost that
//! follows what changes.
#![cfg(feature = "alloc")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use spacelike_vclock::{
    Amnesia, CausalBuffer, ForgetError, Laggard, MembershipError, NotLast, ReportError, Run, Stability,
    VersionVector,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Over any reports and changes of the group, what is stable is the minimum over the members' rows, and each call says
    /// exactly what it added; what is refused changes nothing.
    #[test]
    fn stability_follows_its_model(others in vec(actors(), 0..4), calls in vec(calls(), 0..80)) {
        let mut stability = Stability::new(0, others.clone());
        let mut model = Model::new(others);
        for call in calls {
            let before = format!("{stability:?}");
            let stable = stability.stable().clone();
            let mut forgotten = None;
            let (refused, advanced) = match call {
                Call::Report(member, clock) => {
                    let outcome = stability.report(&member, &clock);
                    let expected = model.report(member, &clock);
                    prop_assert_eq!(outcome.clone().map(drop), expected);
                    (outcome.is_err(), outcome.unwrap_or_default())
                }
                Call::Add(member, start) => {
                    let outcome = stability.add(member, &start);
                    prop_assert_eq!(outcome, model.add(member, &start));
                    (outcome.is_err(), Vec::new())
                }
                Call::Retire(member) => {
                    let outcome = stability.retire(&member);
                    prop_assert_eq!(outcome.clone().map(drop), model.retire(member));
                    (outcome.is_err(), outcome.unwrap_or_default())
                }
                Call::Replace(old, new, start) => {
                    let outcome = stability.replace(&old, new, &start);
                    prop_assert_eq!(outcome.clone().map(drop), model.replace(old, new, &start));
                    (outcome.is_err(), outcome.unwrap_or_default())
                }
                Call::Track(actor) => {
                    prop_assert_eq!(stability.track(actor), model.actors.insert(actor));
                    (false, Vec::new())
                }
                Call::Forget(actor, last) => {
                    let outcome = stability.forget(&actor, last);
                    prop_assert_eq!(outcome, model.forget(actor, last));
                    forgotten = outcome.is_ok().then_some(actor);
                    (outcome.is_err(), Vec::new())
                }
            };
            if refused {
                prop_assert_eq!(format!("{stability:?}"), before);
            }
            prop_assert_eq!(stability.stable(), &model.stable());
            let mut kept = stable;
            kept.retain(|actor, _| Some(*actor) != forgotten);
            prop_assert!(kept.is_le(stability.stable()), "went back from {kept:?} to {:?}", stability.stable());
            prop_assert_eq!(advanced, added(&kept, stability.stable()));

            prop_assert!(stability.members().eq(model.rows.keys()));
            prop_assert!(stability.actors().eq(&model.actors));
            prop_assert_eq!(stability.own(), &model.own);
            prop_assert_eq!(stability.laggards(), model.laggards());
            for member in 0..6 {
                let expected = model.rows.get(&member).map(|row| row.iter().map(|(a, c)| (*a, *c)).collect());
                prop_assert_eq!(stability.seen_by(&member), expected);
            }
        }
    }

    /// In a group that broadcasts causally, each message tells how far its sender is: what a member takes for stable, all
    /// members have delivered; and once all have sent again and all is delivered, all before that is stable.
    #[test]
    fn what_is_stable_was_delivered_by_all(steps in vec((0..3_usize, any::<Index>(), any::<bool>()), 0..60)) {
        let mut group: Vec<_> = (0..3_u8).map(|own| {
            (CausalBuffer::new(own, 1_000), Stability::new(own, (0..3).filter(|other| *other != own)))
        }).collect();
        let mut sent = Vec::new();
        let mut gather = VersionVector::new();
        for (member, which, sends) in steps {
            let (buffer, stability) = &mut group[member];
            if sends {
                let broadcast = buffer.send(()).unwrap();
                stability.report(&broadcast.dot.actor, &broadcast.clock()).unwrap();
                gather.merge(&broadcast.clock());
                sent.push(broadcast);
            } else if !sent.is_empty() {
                let _ = buffer.insert(sent[which.index(sent.len())].clone()).unwrap();
                while let Some(broadcast) = buffer.pop() {
                    stability.report(&broadcast.dot.actor, &broadcast.clock()).unwrap();
                    stability.report(&u8::try_from(member).unwrap(), buffer.delivered()).unwrap();
                }
            }
            let by_all = group.iter().map(|(buffer, _)| buffer.delivered().clone()).reduce(|mut all, delivered| {
                all.meet(&delivered);
                all
            });
            for (_, stability) in &group {
                prop_assert!(stability.stable().is_le(by_all.as_ref().unwrap()));
            }
        }
        for round in 0..2 {
            for (buffer, stability) in &mut group {
                for broadcast in &sent {
                    let _ = buffer.insert(broadcast.clone()).unwrap();
                }
                while let Some(broadcast) = buffer.pop() {
                    stability.report(&broadcast.dot.actor, &broadcast.clock()).unwrap();
                }
                let own = *buffer.own();
                stability.report(&own, buffer.delivered()).unwrap();
                if round == 0 {
                    sent.push(buffer.send(()).unwrap());
                    stability.report(&own, buffer.delivered()).unwrap();
                }
            }
        }
        for (buffer, stability) in &group {
            prop_assert!(buffer.is_empty());
            prop_assert!(gather.is_le(stability.stable()), "{gather:?} in {:?}", stability.stable());
        }
    }
}

/// A column is looked through only when the last member leaves its minimum: once in a round of reports, and not at all for
/// old news or for what is ahead.
#[test]
fn the_work_follows_what_becomes_stable() {
    let (members, rounds) = (200_u64, 20);
    let mut stability = Stability::new(0, 1..members);
    for round in 1..=rounds {
        let clock: VersionVector<u64> = (0..members).map(|actor| (actor, round)).collect();
        for member in 0..members {
            let advanced = stability.report(&member, &clock).unwrap();
            let is_last = member == members - 1;
            assert_eq!(advanced.len(), if is_last { 200 } else { 0 });
            assert_eq!(stability.report(&member, &clock), Ok(vec![])); // the same again
        }
        assert_eq!(*stability.stable(), clock);
    }
    assert_eq!(stability.recomputed(), members * rounds); // for 800,000 numbers that were reported twice

    for ahead in rounds + 1..=rounds + 100 {
        for member in 0..members - 1 {
            assert_eq!(stability.report(&member, &[(0, ahead)].into()), Ok(vec![]));
        }
    }
    assert_eq!(stability.recomputed(), members * rounds);

    // The one that is behind all others is waited for at each of its steps.
    for behind in rounds + 1..=rounds + 100 {
        assert_eq!(stability.report(&(members - 1), &[(0, behind)].into()).unwrap().len(), 1);
    }
    assert_eq!(stability.recomputed(), members * rounds + 100);
}

/// What one liar claims makes nothing stable, nor does it take memory.
#[test]
fn a_liar_makes_nothing_stable() {
    let mut stability = Stability::new("own", ["honest", "liar"]);
    stability.report(&"own", &[("honest", 1), ("own", 1)].into()).unwrap();
    stability.report(&"honest", &[("honest", 1), ("own", 1)].into()).unwrap();
    let lie = [("honest", u64::MAX), ("liar", u64::MAX), ("nobody", 7), ("own", 1)].into();
    let advanced = stability.report(&"liar", &lie).unwrap();
    assert_eq!(advanced.iter().map(ToString::to_string).collect::<Vec<_>>(), ["honest:1", "own:1"]);
    assert_eq!(*stability.stable(), [("honest", 1), ("own", 1)].into());
    assert!(stability.actors().eq(&["honest", "liar", "own"]));

    // Of our own dots we know better.
    let forged = stability.report(&"honest", &[("honest", 2), ("own", 2)].into());
    assert_eq!(forged, Err(ReportError::Amnesia(Amnesia { known: 1, claimed: 2 })));
    assert_eq!(stability.seen_by(&"honest"), Some([("honest", 1), ("own", 1)].into()));
}

/// Reports that overtake each other, or tell only what is new, come to the same.
#[test]
fn old_and_partial_reports_are_merged() {
    let mut stability = Stability::new(0, [1]);
    stability.report(&0, &[(0, 5), (1, 5)].into()).unwrap();
    assert_eq!(stability.report(&1, &[(0, 3), (1, 4)].into()).unwrap().len(), 2);
    assert_eq!(stability.report(&1, &[(0, 2), (1, 1)].into()), Ok(vec![])); // an older one
    assert_eq!(stability.report(&1, &[(0, 4)].into()), Ok(vec![Run { actor: 0, first: 4, last: 4 }]));
    assert_eq!(stability.report(&1, &[(0, 1), (1, 5)].into()), Ok(vec![Run { actor: 1, first: 5, last: 5 }]));
    assert_eq!(stability.seen_by(&1), Some([(0, 4), (1, 5)].into()));
}

/// We don't go on under a name of which others have seen more than we have: we would send the same dots again, and take them
/// for seen.
#[test]
fn a_name_that_was_used_before_is_amnesia() {
    let mut stability = Stability::new("new", ["other", "used"]);
    stability.report(&"other", &[("used", 7)].into()).unwrap();
    stability.retire(&"used").unwrap();
    let before = format!("{stability:?}");
    for known in [0, 6] {
        let refused = stability.replace(&"new", "used", &[("used", known)].into());
        assert_eq!(refused, Err(MembershipError::Amnesia(Amnesia { known, claimed: 7 })));
    }
    assert_eq!(format!("{stability:?}"), before);
    let all = vec![Run { actor: "used", first: 1, last: 7 }];
    assert_eq!(stability.replace(&"new", "used", &[("used", 7)].into()), Ok(all)); // it remembers
    assert_eq!(stability.own(), &"used");
}

/// The counters' end is an ordinary value.
#[test]
fn the_last_dot_can_be_stable() {
    let mut stability = Stability::new(0, [1]);
    stability.report(&0, &[(0, u64::MAX)].into()).unwrap();
    let all = vec![Run { actor: 0, first: 1, last: u64::MAX }];
    assert_eq!(stability.report(&1, &[(0, u64::MAX)].into()), Ok(all));
    assert_eq!(stability.retire(&1), Ok(vec![]));
    assert_eq!(stability.forget(&1, 0), Ok(true));
    assert_eq!(*stability.stable(), [(0, u64::MAX)].into());
}

/// What is stable, said as plainly as possible.
struct Model {
    own: u8,
    actors: BTreeSet<u8>,
    rows: BTreeMap<u8, BTreeMap<u8, u64>>,
}

impl Model {
    fn new(others: Vec<u8>) -> Self {
        let members: BTreeSet<_> = others.into_iter().chain([0]).collect();
        Self {
            own: 0,
            rows: members.iter().map(|member| (*member, BTreeMap::new())).collect(),
            actors: members,
        }
    }

    fn seen(&self, member: u8, actor: u8) -> u64 {
        self.rows[&member].get(&actor).copied().unwrap_or(0)
    }

    fn stable(&self) -> VersionVector<u8> {
        let min = |actor: &u8| self.rows.keys().map(|member| self.seen(*member, *actor)).min().unwrap();
        self.actors.iter().map(|actor| (*actor, min(actor))).collect()
    }

    fn amnesia(&self, clock: &VersionVector<u8>) -> Option<Amnesia> {
        let (known, claimed) = (self.seen(self.own, self.own), clock.get(&self.own));
        (claimed > known).then_some(Amnesia { known, claimed })
    }

    fn report(&mut self, member: u8, clock: &VersionVector<u8>) -> Result<(), ReportError> {
        if !self.rows.contains_key(&member) {
            return Err(ReportError::NotMember);
        }
        if let Some(amnesia) = self.amnesia(clock).filter(|_| member != self.own) {
            return Err(ReportError::Amnesia(amnesia));
        }
        for (actor, counter) in clock.iter().filter(|(actor, _)| self.actors.contains(actor)) {
            let seen = self.rows.get_mut(&member).unwrap().entry(*actor).or_default();
            *seen = counter.max(*seen);
        }
        Ok(())
    }

    fn check(&self, member: u8, start: &VersionVector<u8>) -> Result<(), MembershipError> {
        if self.rows.contains_key(&member) {
            return Err(MembershipError::Member);
        }
        match self.stable().iter().find(|(actor, stable)| start.get(*actor) < *stable) {
            Some((actor, stable)) => Err(MembershipError::Behind { start: start.get(actor), stable }),
            None => Ok(()),
        }
    }

    fn add(&mut self, member: u8, start: &VersionVector<u8>) -> Result<(), MembershipError> {
        self.check(member, start)?;
        if let Some(amnesia) = self.amnesia(start) {
            return Err(amnesia.into());
        }
        self.insert(member, start);
        Ok(())
    }

    fn insert(&mut self, member: u8, start: &VersionVector<u8>) {
        self.actors.insert(member);
        let tracked = start.iter().filter(|(actor, _)| self.actors.contains(actor));
        let row = tracked.map(|(actor, counter)| (*actor, counter)).collect();
        self.rows.insert(member, row);
    }

    fn retire(&mut self, member: u8) -> Result<(), MembershipError> {
        if !self.rows.contains_key(&member) {
            return Err(MembershipError::NotMember);
        }
        if member == self.own {
            return Err(MembershipError::Own);
        }
        self.rows.remove(&member);
        Ok(())
    }

    fn replace(&mut self, old: u8, new: u8, start: &VersionVector<u8>) -> Result<(), MembershipError> {
        if !self.rows.contains_key(&old) {
            return Err(MembershipError::NotMember);
        }
        self.check(new, start)?;
        let amnesia = if old == self.own {
            let claimed = self.rows.keys().map(|member| self.seen(*member, new)).max().unwrap();
            let known = start.get(&new);
            (claimed > known).then_some(Amnesia { known, claimed })
        } else {
            self.amnesia(start)
        };
        if let Some(amnesia) = amnesia {
            return Err(amnesia.into());
        }
        if old == self.own {
            self.own = new;
        }
        self.insert(new, start);
        self.rows.remove(&old);
        Ok(())
    }

    fn forget(&mut self, actor: u8, last: u64) -> Result<bool, ForgetError> {
        if !self.actors.contains(&actor) {
            return Ok(false);
        }
        if self.rows.contains_key(&actor) {
            return Err(ForgetError::Member);
        }
        for member in self.rows.keys() {
            let known = self.seen(*member, actor);
            if known != last {
                return Err(ForgetError::NotLast(NotLast { last, known }));
            }
        }
        self.actors.remove(&actor);
        for row in self.rows.values_mut() {
            row.remove(&actor);
        }
        Ok(true)
    }

    fn laggards(&self) -> Vec<Laggard<&u8>> {
        let stable = self.stable();
        let max = |actor: u8| self.rows.keys().map(|member| self.seen(*member, actor)).max().unwrap();
        let mut laggards = Vec::new();
        for member in self.rows.keys() {
            let behind = |actor: &u8| u128::from(max(*actor) - self.seen(*member, *actor));
            let holds_back =
                |actor: &u8| self.seen(*member, *actor) == stable.get(actor) && behind(actor) > 0;
            if self.actors.iter().any(holds_back) {
                laggards.push(Laggard { member, missing: self.actors.iter().map(behind).sum() });
            }
        }
        laggards.sort_by_key(|laggard| (u128::MAX - laggard.missing, laggard.member));
        laggards
    }
}

/// What `after` has and `before` hasn't.
fn added(before: &VersionVector<u8>, after: &VersionVector<u8>) -> Vec<Run<u8>> {
    let runs = after.iter().map(|(actor, last)| Run {
        actor: *actor,
        first: before.get(actor).saturating_add(1),
        last,
    });
    runs.filter(|run| before.get(&run.actor) < run.last).collect()
}

#[derive(Clone, Debug)]
enum Call {
    Report(u8, VersionVector<u8>),
    Add(u8, VersionVector<u8>),
    Retire(u8),
    Replace(u8, u8, VersionVector<u8>),
    Track(u8),
    Forget(u8, u64),
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        20 => (actors(), clocks()).prop_map(|(member, clock)| Call::Report(member, clock)),
        2 => (actors(), clocks()).prop_map(|(member, start)| Call::Add(member, start)),
        1 => actors().prop_map(Call::Retire),
        2 => (actors(), actors(), clocks()).prop_map(|(old, new, start)| Call::Replace(old, new, start)),
        1 => actors().prop_map(Call::Track),
        2 => (actors(), 0..3_u64).prop_map(|(actor, last)| Call::Forget(actor, last)),
    ]
}

fn actors() -> impl Strategy<Value = u8> {
    0..6_u8
}

fn clocks() -> impl Strategy<Value = VersionVector<u8>> {
    let counters = prop_oneof![20 => 0..6_u64, 1 => Just(u64::MAX)];
    vec((actors(), counters), 0..8).prop_map(|entries| entries.into_iter().collect())
}
