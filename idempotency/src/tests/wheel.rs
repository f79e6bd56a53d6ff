//! The timing wheel, against a sorted map.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use proptest::prelude::*;

use crate::wheel::Wheel;

/// What is scheduled, and when: the simplest thing that can be right.
#[derive(Default)]
struct Model {
    /// When each is due, and whether that was over when it was scheduled.
    ticks: BTreeMap<u32, (u64, bool)>,
    /// The latest tick that the wheel was told of.
    latest: u64,
}

impl Model {
    fn is_due(&self) -> bool {
        self.ticks.values().any(|&(tick, _)| tick <= self.latest)
    }

    /// The earliest tick of those that weren't over when they were scheduled.
    fn earliest(&self) -> Option<u64> {
        self.ticks.values().filter(|(_, over)| !over).map(|&(tick, _)| tick).min()
    }
}

#[derive(Clone, Debug)]
enum Action {
    Schedule { id: u32, ahead: i64 },
    Cancel { id: u32 },
    Advance { by: u64, steps: u32 },
}

/// Every id comes out once, not before its tick, the earlier before the later, and all that is due comes with enough steps:
/// whatever is scheduled, moved and cancelled meanwhile, and however far time jumps.
#[test]
fn ids_come_out_at_their_tick() {
    let distance = || {
        prop_oneof![
            4 => 0..200_u64,
            2 => 4_000..4_200_u64,
            2 => 262_000..262_300_u64,
            1 => 0..20_000_000_u64,
            1 => 16_777_000..16_777_400_u64,
            1 => 0..10_000_000_000_u64,
        ]
    };
    let action = prop_oneof![
        5 => (0..24_u32, distance(), prop::bool::weighted(0.1)).prop_map(|(id, ahead, past)| {
            let ahead = i64::try_from(ahead).unwrap();
            Action::Schedule { id, ahead: if past { -ahead } else { ahead } }
        }),
        1 => (0..24_u32).prop_map(|id| Action::Cancel { id }),
        4 => (distance(), 0..12_u32).prop_map(|(by, steps)| Action::Advance { by, steps }),
    ];
    let start =
        prop_oneof![Just(0), 0..u64::from(u32::MAX), Just(u64::MAX - 20_000_000), Just(u64::MAX - 100)];
    proptest!(|(start in start, actions in prop::collection::vec(action, 0..120))| {
        let (mut wheel, mut model) = (Wheel::new(start), Model { latest: start, ..Model::default() });
        for action in actions {
            match action {
                Action::Schedule { id, ahead } => {
                    let tick = model.latest.saturating_add_signed(ahead);
                    wheel.schedule(id, tick);
                    model.ticks.insert(id, (tick, tick < model.latest));
                }
                Action::Cancel { id } => {
                    wheel.cancel(id);
                    model.ticks.remove(&id);
                }
                Action::Advance { by, mut steps } => {
                    model.latest = model.latest.saturating_add(by);
                    pop_all(&mut wheel, &mut model, &mut steps)?;
                }
            }
        }
        pop_all(&mut wheel, &mut model, &mut 100_000)?;
        model.latest = u64::MAX;
        pop_all(&mut wheel, &mut model, &mut 100_000)?;
        prop_assert!(model.ticks.is_empty(), "{:?} never came", model.ticks);
    });
}

/// Takes out what comes within `steps`.
fn pop_all(wheel: &mut Wheel, model: &mut Model, steps: &mut u32) -> Result<(), TestCaseError> {
    let mut before = *steps;
    while let Some(id) = wheel.pop_due(model.latest, steps) {
        prop_assert!(*steps < before, "an id came for nothing");
        before = *steps;
        let earliest = model.earliest();
        let Some((tick, over)) = model.ticks.remove(&id) else {
            return Err(TestCaseError::fail("an id came twice, or was cancelled"));
        };
        prop_assert!(tick <= model.latest, "{} came early", id);
        prop_assert!(over || Some(tick) == earliest, "{} came before an earlier one", id);
    }
    prop_assert!(*steps == 0 || !model.is_due(), "steps are left, and something is due");
    Ok(())
}

/// What is scheduled for a time that is over comes with what is due, and not again.
#[test]
fn what_is_over_is_due_at_once() {
    let mut wheel = Wheel::new(1_000);
    wheel.schedule(3, 999);
    wheel.schedule(4, 0);
    assert_eq!(wheel.pop_due(1_000, &mut 9), Some(3));
    assert_eq!(wheel.pop_due(0, &mut 9), Some(4), "time doesn't go back");
    assert_eq!(wheel.pop_due(u64::MAX, &mut 9), None);
}

/// An id is due at its tick, and the tick before it isn't, at every distance where the levels meet.
#[test]
fn no_distance_is_rounded() {
    for start in [0, 1, 63, 64, 4_095, 262_143, 16_777_215, 1 << 40] {
        for distance in
            [1, 63, 64, 65, 4_095, 4_096, 262_143, 262_144, 16_515_072, 16_777_215, 16_777_216, 1 << 30]
        {
            let mut wheel = Wheel::new(start);
            wheel.schedule(0, start + distance);
            assert_eq!(wheel.pop_due(start + distance - 1, &mut 1_000), None, "{start} + {distance}");
            assert_eq!(wheel.pop_due(start + distance, &mut 1_000), Some(0), "{start} + {distance}");
        }
    }
}

/// A single step at a time gets everything out, so that whoever has little time at once is not kept from the end.
#[test]
fn single_steps_come_to_an_end() {
    let mut wheel = Wheel::new(0);
    for id in 0..1_000 {
        wheel.schedule(id, u64::from(id) * 7_919);
    }
    let (mut came, mut steps) = (Vec::new(), 0);
    while came.len() < 1_000 {
        came.extend(wheel.pop_due(10_000_000, &mut 1));
        steps += 1;
    }
    assert!(came.is_sorted());
    assert!(steps <= 4_000, "{steps} steps: more than one for each level of each id");
}

/// Steps are for ids alone: a jump over empty slots takes none.
#[test]
fn empty_slots_take_no_steps() {
    let mut wheel = Wheel::new(0);
    wheel.schedule(0, 16_000_000);
    let mut steps = 4;
    assert_eq!(wheel.pop_due(u64::MAX, &mut steps), Some(0));
    assert_eq!(wheel.pop_due(u64::MAX, &mut steps), None);
}

/// Without a step nothing moves.
#[test]
fn no_steps_do_nothing() {
    let mut wheel = Wheel::new(0);
    wheel.schedule(0, 0);
    assert_eq!(wheel.pop_due(5, &mut 0), None);
    assert_eq!(wheel.pop_due(5, &mut 1), Some(0));
}

/// The first, the middle and the last of a slot can be taken out of it, and the others stay.
#[test]
fn the_others_of_a_slot_stay() {
    for cancelled in 0..4 {
        let mut wheel = Wheel::new(0);
        (0..4).for_each(|id| wheel.schedule(id, 100));
        wheel.cancel(cancelled);
        wheel.cancel(cancelled);
        let came: BTreeSet<_> = core::iter::from_fn(|| wheel.pop_due(100, &mut 100)).collect();
        assert_eq!(came, (0..4).filter(|&id| id != cancelled).collect());
    }
}

/// A time that goes back makes nothing due that wasn't.
#[test]
fn time_that_goes_back_makes_nothing_due() {
    let mut wheel = Wheel::new(0);
    assert_eq!(wheel.pop_due(1_000, &mut 9), None);
    wheel.schedule(0, 1_060);
    assert_eq!(wheel.pop_due(0, &mut 9), None);
    assert_eq!(wheel.pop_due(40, &mut 9), None);
    assert_eq!(wheel.pop_due(1_060, &mut 9), Some(0));
}

/// To file an id anew takes a step, so that nobody is kept by more than he has steps for.
#[test]
fn an_id_that_is_filed_anew_takes_a_step() {
    let mut wheel = Wheel::new(0);
    wheel.schedule(0, 100);
    assert_eq!(wheel.pop_due(100, &mut 1), None);
    assert_eq!(wheel.pop_due(100, &mut 1), Some(0));
}

/// The wheel keeps up with time when nothing is due, or what is near would be filed as if it were far.
#[test]
fn what_is_near_takes_one_step() {
    let mut wheel = Wheel::new(0);
    assert_eq!(wheel.pop_due(1_000_000, &mut 1), None);
    wheel.schedule(0, 1_000_063);
    assert_eq!(wheel.pop_due(1_000_063, &mut 1), Some(0));
}
