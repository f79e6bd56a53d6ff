//! Histories read back as they were written, and the checkers agree with an oracle that tries every order.
#![cfg(feature = "check")]

mod histories;

use histories::{MapCall, MapHistory, any_history, choices, in_program, in_time, right, some_order};
use proptest::prelude::*;
use spacelike_lab::check::map::{Map, Operation};
use spacelike_lab::check::register::{self, Answer};
use spacelike_lab::check::{
    BUDGET, Event, Header, History, LINE_MAX, OutOfOrder, Outcome, Spec, Verdict, What, linearizable,
    timeline,
};

proptest! {
    /// Any history reads back as it was written.
    #[test]
    fn a_history_reads_back(choices in choices(30)) {
        let history = any_history(&choices, 4, 3, true);
        prop_assert_eq!(MapHistory::read("map", &lines(&history)[..]), Ok(history));
    }

    /// Bytes that are no history are an error that names a line, never a panic.
    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(MapHistory::read("map", &bytes[..]).unwrap_err().line >= 1);
        let mut after_a_header = lines(&History::new());
        after_a_header.extend(b"x");
        after_a_header.extend(bytes);
        prop_assert_eq!(MapHistory::read("map", &after_a_header[..]).unwrap_err().line, 2);
    }

    /// A file with one byte changed is an error or another history, never a panic.
    #[test]
    fn a_bent_file_does_not_panic(choices in choices(9), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = lines(&right(&choices, 3, 2, true));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(history) = MapHistory::read("map", &bytes[..]) {
            linearizable(&Map::new(), &history, 1_000);
        }
    }

    /// Linearizable is what some order explains that keeps to time, and nothing else.
    #[test]
    fn linearizable_is_what_an_order_in_time_explains(choices in choices(6), repeated: bool) {
        let history = any_history(&choices, 3, 2, repeated);
        // More take the oracle too long.
        if history.calls().len() > 7 {
            return Ok(());
        }
        let found = linearizable(&Map::new(), &history, BUDGET).verdict;
        prop_assert_eq!(found.holds(), some_order(&history, in_time), "{}", history.timeline());
        prop_assert!(found != Verdict::Undecided);
    }

    /// A timeline is what some order explains that keeps to each client's program, key by key.
    #[test]
    fn a_timeline_is_what_an_order_of_each_program_explains(choices in choices(6), repeated: bool) {
        let history = any_history(&choices, 3, 1, repeated);
        // More take the oracle too long.
        if history.calls().len() > 7 {
            return Ok(());
        }
        let found = timeline(&Map::new(), &history, BUDGET).verdict;
        prop_assert_eq!(found.holds(), some_order(&history, in_program), "{}", history.timeline());
        prop_assert!(found != Verdict::Undecided);
    }

    /// An order that keeps to time keeps to each client's program.
    #[test]
    fn linearizable_histories_have_a_timeline(choices in choices(20), repeated: bool) {
        let history = any_history(&choices, 4, 2, repeated);
        if linearizable(&Map::new(), &history, BUDGET).verdict.holds() {
            prop_assert!(timeline(&Map::new(), &history, BUDGET).verdict.holds(), "{}", history.timeline());
        }
    }

    /// A counterexample's orders are right, keep to each client's program, and no call that is due can be added.
    #[test]
    fn a_counterexample_without_a_timeline_is_right(choices in choices(12), repeated: bool) {
        let history = any_history(&choices, 4, 2, repeated);
        let verdict = timeline(&Map::new(), &history, BUDGET).verdict;
        let Some(stuck) = verdict.broken() else { return Ok(()) };
        let calls = stuck.history.calls();
        for one in &stuck.tries {
            let mut state = None;
            for (place, &call) in one.order.iter().enumerate() {
                state = step(state, &calls[call]).unwrap();
                prop_assert!(one.order[place..].iter().all(|&later| !in_program(&calls[later], &calls[call])));
            }
            prop_assert!(!one.due.is_empty());
            prop_assert!(one.due.iter().all(|&due| step(state, &calls[due]).is_err() && !one.order.contains(&due)));
        }
    }

    /// What an atomic map answers is linearizable, however calls overlap and whatever becomes of those with unknown outcomes.
    #[test]
    fn an_atomic_map_is_linearizable(choices in choices(60), clients in 1u8..6, keys in 1u8..4, repeated: bool) {
        let history = right(&choices, clients, keys, repeated);
        prop_assert!(linearizable(&Map::new(), &history, BUDGET).verdict.holds(), "{}", history.timeline());
    }

    /// A read of a value that was overwritten before it began is found, and so is one of a value that nobody wrote.
    #[test]
    fn a_stale_read_is_found(choices in choices(40), clients in 1u8..5, wrong in any::<prop::sample::Index>(), thin: bool) {
        let history = right(&choices, clients, 2, false);
        let reads = stale(&history, thin);
        if reads.is_empty() {
            return Ok(());
        }
        let (read, value) = reads[wrong.index(reads.len())];
        let broken = with_answer(&history, read, &Answer::Value(Some(value)));
        let found = linearizable(&Map::new(), &broken, BUDGET);
        prop_assert!(found.verdict.broken().is_some(), "{}", broken.timeline());
    }

    /// A counterexample can be believed: its calls are not linearizable, they are until one call completes, each of its orders
    /// is right, and no call that is due can be added.
    #[test]
    fn a_counterexample_shows_the_first_impossible_completion(choices in choices(20), repeated: bool) {
        let history = any_history(&choices, 4, 2, repeated);
        let verdict = linearizable(&Map::new(), &history, BUDGET).verdict;
        let Some(stuck) = verdict.broken() else { return Ok(()) };
        prop_assert!(linearizable(&Map::new(), &stuck.history, BUDGET).verdict.broken().is_some());
        prop_assert_eq!(stuck.tries.len() as u64, stuck.tried.min(4));

        let due = stuck.tries[0].due[0];
        let end = stuck.history.calls()[due].completed.unwrap();
        let mut before = History::new();
        for event in stuck.history.events().into_iter().take(end.index) {
            before.push(owned(&event)).unwrap();
        }
        prop_assert!(linearizable(&Map::new(), &before, BUDGET).verdict.holds());
        prop_assert_eq!(before.calls().len(), stuck.history.calls().len());

        for one in &stuck.tries {
            prop_assert_eq!(&one.due, &[due]);
            let calls = stuck.history.calls();
            let mut state = None;
            for &call in &one.order {
                state = step(state, &calls[call]).unwrap();
                prop_assert!(calls[call].invoked < end);
            }
            prop_assert_eq!(Map::<u8, u32>::new().show(&state), one.state.clone());
            prop_assert_eq!(step(state, &calls[due]), Err(()));
            for (index, call) in calls.iter().enumerate().filter(|(index, _)| !one.order.contains(index)) {
                let others = || calls.iter().enumerate().filter(|(other, _)| !one.order.contains(other));
                if call.invoked < end && !others().any(|(other, earlier)| other != index && in_time(earlier, call)) {
                    // Nothing changes the state that nothing can be added to.
                    prop_assert!(step(state, call).is_err() || step(state, call) == Ok(state), "{}", index);
                }
            }
        }
    }
}

/// Ten clients, 2,000 calls on 50 keys, one in a hundred unknown: little more than one configuration for each call.
#[test]
fn two_thousand_calls_take_few_configurations() {
    for seed in 0..20 {
        let mut random = seed * 2 + 1;
        let mut choices = Vec::new();
        for _ in 0..6_000_u32 {
            random =
                u64::wrapping_mul(random, 6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let [a, b, c, d, ..] = (random >> 16).to_le_bytes();
            // An end of 0 to 2 is one that isn't known.
            let end = if d % 97 == 0 { 1 } else { d % 13 + 3 };
            choices.push((a, b, c, end));
        }
        let history = right(&choices, 10, 50, false);
        let unknown = history.calls().iter().filter(|call| call.outcome == Outcome::Unknown).count();
        assert!(history.calls().len() >= 1_950, "{}", history.calls().len());
        assert!((5..=40).contains(&unknown), "{unknown}");
        let found = linearizable(&Map::new(), &history, BUDGET);
        assert!(found.verdict.holds());
        assert!(found.configurations < 10_000, "{}", found.configurations);
    }
}

/// Who runs out of configurations does not guess.
#[test]
fn a_spent_budget_is_undecided() {
    let history = right(&[(0, 0, 0, 3); 9], 1, 1, false);
    assert_eq!(history.calls().len(), 3);
    let found = linearizable(&Map::new(), &history, 2);
    assert_eq!((found.verdict, found.configurations), (Verdict::Undecided, 2));
    assert_eq!(linearizable(&Map::new(), &history, 3).verdict, Verdict::Holds);
}

/// A key with many calls does not hide what is wrong with one that has few.
#[test]
fn keys_with_few_calls_come_first() {
    let mut history = right(&[(0, 0, 0, 3); 30], 1, 1, false);
    for what in
        [What::Invoke(Operation { key: 9, op: register::Operation::Read }), What::Ok(Answer::Value(Some(1)))]
    {
        history.push(Event { time_ns: 99, client: 0, what }).unwrap();
    }
    let found = linearizable(&Map::new(), &history, 0);
    assert_eq!(found.verdict.broken().unwrap().key.as_deref(), Some("9"));
}

/// What can't have happened is refused, and changes nothing.
#[test]
fn events_out_of_order_are_refused() {
    let mut history = MapHistory::new();
    let read = || What::Invoke(Operation { key: 1, op: register::Operation::Read });
    let event = |time_ns, client, what| Event { time_ns, client, what };
    assert_eq!(history.push(event(5, 1, What::Fail)), Err(OutOfOrder::Idle { client: 1 }));
    assert_eq!(history, MapHistory::new());
    history.push(event(5, 1, read())).unwrap();
    let before = history.clone();
    assert_eq!(history.push(event(6, 1, read())), Err(OutOfOrder::Waiting { client: 1 }));
    assert_eq!(history.push(event(4, 2, read())), Err(OutOfOrder::Time { time_ns: 4, last_ns: 5 }));
    assert_eq!(history.push(event(4, 1, What::Fail)), Err(OutOfOrder::Time { time_ns: 4, last_ns: 5 }));
    assert_eq!(history, before);
    history.push(event(5, 1, What::Unknown)).unwrap();
    history.push(event(5, 1, read())).unwrap();
    assert_eq!(history.calls()[1].completed, None);
}

/// Each way in which a line can be wrong is named with its line.
#[test]
fn a_wrong_line_is_named() {
    let history = right(&[(0, 1, 0, 3); 6], 1, 9, false);
    let good = String::from_utf8(lines(&history)).unwrap();
    assert!(good.starts_with(concat!(
        r#"{"format":"spacelike-history","version":1,"spec":"map","program":"test"}"#,
        "\n",
        r#"{"time_ns":0,"client":0,"what":{"invoke":{"key":1,"op":{"write":1}}}}"#,
        "\n",
        r#"{"time_ns":2,"client":0,"what":{"ok":"done"}}"#,
    )));
    for (line, old, new, what) in [
        (1, "spacelike-history", "other", "says format \"other\": this is no spacelike-history"),
        (1, "\"version\":1", "\"version\":2", "says version 2: this program reads 1"),
        (1, "\"map\"", "\"list\"", "says spec \"list\": \"map\" was expected"),
        (1, "\"program\"", "\"extra\":1,\"program\"", "is malformed"),
        (2, "\"client\":0", "\"client\":-1", "is malformed"),
        (3, "\"client\":0", "\"client\":7", "has an outcome for client 7, which waits for none"),
        (3, "\"time_ns\":2", "\"time_ns\":2,\"time_ns\":2", "is malformed"),
        (4, "\"time_ns\":3", "\"time_ns\":1", "happened at 1 ns, before the event above it at 2 ns"),
        (5, "\"done\"", "\"gone\"", "is malformed"),
    ] {
        let mut text: Vec<String> = good.lines().map(str::to_owned).collect();
        text[line - 1] = text[line - 1].replacen(old, new, 1);
        let error = MapHistory::read("map", text.join("\n").as_bytes()).unwrap_err();
        assert_eq!(error.line, line as u64, "{error}");
        assert!(error.what.starts_with(what), "{error}");
    }
    assert_eq!(
        MapHistory::read("map", &b""[..]).unwrap_err().to_string(),
        "line 1 is missing: the file is empty"
    );
    let long = [good.as_bytes(), &vec![b' '; LINE_MAX + 1]].concat();
    assert_eq!(MapHistory::read("map", &long[..]).unwrap_err().line, 6);
}

/// A long history does not overflow a stack, and takes memory for what overlaps, not for what is long over.
#[test]
fn twenty_thousand_calls_on_one_key_are_checked() {
    let mut history = History::new();
    for call in 0..20_000_u32 {
        let (time_ns, client) = (u64::from(call), 1);
        let op = register::Operation::Write(call);
        history.push(Event { time_ns, client, what: What::Invoke(op) }).unwrap();
        history.push(Event { time_ns, client, what: What::Ok(Answer::Done) }).unwrap();
    }
    let found = linearizable(&register::Register::new(None), &history, BUDGET);
    assert_eq!((found.verdict, found.configurations), (Verdict::Holds, 20_000));
}

/// Wide cells are cut, and no text breaks the columns.
#[test]
fn a_timeline_has_a_line_for_each_event() {
    let mut history: History<register::Operation<String>, Answer<String>> = History::new();
    let text = "line\nfeed ".repeat(20);
    for (client, what) in [
        (1, What::Invoke(register::Operation::Write(text.clone()))),
        (2, What::Invoke(register::Operation::Read)),
        (1, What::Unknown),
        (2, What::Ok(Answer::Value(Some(text)))),
        (2, What::Invoke(register::Operation::Read)),
        (2, What::Fail),
    ] {
        history.push(Event { time_ns: 7, client, what }).unwrap();
    }
    let expected = [
        "  time in ns  client 1                          client 2",
        "           7  ┌ write line feed line feed lin…",
        "           7  │                                 ┌ read",
        "           7  └ unknown                         │",
        "           7                                    └ line feed line feed line feed…",
        "           7                                    ┌ read",
        "           7                                    └ failed",
    ];
    assert_eq!(history.timeline().to_string().lines().collect::<Vec<_>>(), expected);
    let last = history.timeline().last(4).to_string();
    assert_eq!(last.lines().nth(1), Some("         ...  2 events before"));
    assert_eq!(last.lines().nth(2), Some(expected[3]));
    assert_eq!(last.lines().count(), 6);
}

/// The reads whose answer can be replaced, and by what: a value that was overwritten before the read began, by a write that
/// began after that of the value had completed, so that no order puts the read between them; or a value that nobody wrote.
fn stale(history: &MapHistory, thin: bool) -> Vec<(usize, u32)> {
    let mut reads = Vec::new();
    for (index, read) in history.calls().iter().enumerate() {
        if read.operation.op != register::Operation::Read || !matches!(read.outcome, Outcome::Ok(_)) {
            continue;
        }
        if thin {
            reads.push((index, 1_000_000));
            continue;
        }
        for old in history.calls() {
            let register::Operation::Write(value) = old.operation.op else { continue };
            let overwritten = history.calls().iter().any(|new| {
                matches!(new.operation.op, register::Operation::Write(_))
                    && new.operation.key == read.operation.key
                    && in_time(old, new)
                    && in_time(new, read)
            });
            if old.operation.key == read.operation.key && overwritten {
                reads.push((index, value));
            }
        }
    }
    reads
}

fn with_answer(history: &MapHistory, changed: usize, answer: &Answer<u32>) -> MapHistory {
    let at = history.calls()[changed].completed.unwrap().index;
    let mut result = History::new();
    for (index, event) in history.events().into_iter().enumerate() {
        let mut event = owned(&event);
        if index == at {
            event.what = What::Ok(answer.clone());
        }
        result.push(event).unwrap();
    }
    result
}

fn owned(event: &Event<&Operation<u8, u32>, &Answer<u32>>) -> Event<Operation<u8, u32>, Answer<u32>> {
    let what = match event.what {
        What::Invoke(operation) => What::Invoke(operation.clone()),
        What::Ok(answer) => What::Ok(answer.clone()),
        What::Fail => What::Fail,
        What::Unknown => What::Unknown,
    };
    Event { time_ns: event.time_ns, client: event.client, what }
}

/// The state after a call, if the outcome is right.
fn step(state: Option<u32>, call: &MapCall) -> Result<Option<u32>, ()> {
    let answer = match &call.outcome {
        Outcome::Ok(answer) => Some(answer),
        Outcome::Fail | Outcome::Unknown => None,
    };
    Map::new().next(&state, &call.operation, answer).ok_or(())
}

fn lines(history: &MapHistory) -> Vec<u8> {
    let mut bytes = Vec::new();
    history.write(&Header::new("map", "test"), &mut bytes).unwrap();
    bytes
}
