//! Logs for ShiViz, against a reader that finds events as its regular expressions do, and a judge that refuses what its
//! graph of the events refuses.
#![cfg(feature = "alloc")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use spacelike_vclock::shiviz::{DELIMITER, Invalid, PARSER, Renumber, Writer, validate};
use spacelike_vclock::{Causality, Dot, VectorClock};

/// What a reader of a log finds: the host, its clock, and what happened.
type Found = (String, BTreeMap<String, u64>, String);

/// The events of each execution, with its label.
type Executions = Vec<(String, Vec<Found>)>;

type Events = Vec<(u8, VectorClock<u8>)>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Any part of any history, renumbered, is a log that ShiViz takes, and its events are ordered as they were.
    #[test]
    fn a_part_of_a_history_is_a_log(history in history(), kept in vec(any::<bool>(), 60)) {
        let part: Events = history.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(event, _)| event).collect();
        let numbered = renumbered(&part);
        prop_assert_eq!(verdict(&numbered), if part.is_empty() { Err(Invalid::Empty) } else { Ok(()) });
        for (i, (host, old)) in part.iter().enumerate() {
            prop_assert_eq!(&numbered[i].0, host);
            for (j, (_, other)) in part.iter().enumerate() {
                prop_assert_eq!(numbered[i].1.compare(&numbered[j].1), old.compare(other), "events {} and {}", i, j);
            }
        }
    }

    /// A renumbered clock is what its clock has seen of the log: counted, not looked up.
    #[test]
    fn renumbering_counts_what_was_logged(
        dots in vec((0..4_u8, 1..9_u64), 0..20),
        entries in vec((0..5_u8, 0..10_u64), 0..5),
    ) {
        let logged: BTreeSet<_> = dots.iter().copied().collect();
        let clock: VectorClock<u8> = entries.into_iter().collect();
        let renumber: Renumber<u8> = dots.into_iter().map(|(host, counter)| Dot::new(host, counter).unwrap()).collect();
        let numbered = renumber.renumber(&clock);
        for host in 0..5 {
            let seen = logged.iter().filter(|dot| dot.0 == host && dot.1 <= clock.get(&host)).count();
            prop_assert_eq!(numbered.get(&host), seen as u64);
        }
    }

    /// Of logs that may have been damaged, ShiViz refuses exactly those that it is said to refuse, and exactly those pass
    /// that some execution could have left.
    #[test]
    fn the_verdict_is_that_of_shiviz(
        history in history(),
        renumber: bool,
        damages in vec((any::<Index>(), 0..5_u8, 0..6_u64), 0..3),
        lost in prop::option::of(any::<Index>()),
        order in any::<u64>(),
    ) {
        let mut log = history;
        if let Some(index) = lost.filter(|_| !log.is_empty()) {
            log.remove(index.index(log.len()));
        }
        if renumber {
            log = renumbered(&log);
        }
        for (index, host, counter) in damages {
            if !log.is_empty() {
                let index = index.index(log.len());
                let clock = &mut log[index].1;
                let damaged = clock.iter().map(|(&h, n)| (h, n)).filter(|entry| entry.0 != host);
                *clock = damaged.chain([(host, counter)]).collect();
            }
        }
        // The order of the lines is of no matter.
        log.sort_by_key(|(host, clock)| (u64::from(*host) << 8 | clock.get(host)).wrapping_mul(order | 1));

        let found = verdict(&log);
        let refused = found.as_ref().is_err_and(Invalid::is_refused);
        prop_assert_eq!(refused, judge(&log).is_err(), "{:?}: {:?}", &found, judge(&log));
        prop_assert_eq!(found.is_ok(), !refused && has_an_execution(&log), "{:?}", &found);
    }

    /// Whatever hosts are called, whatever texts and labels say: each event is found, once, as what it is.
    #[test]
    fn hostile_texts_stay_texts(
        names in btree_set(hostile(), 1..5),
        events in vec((any::<Index>(), vec(any::<Index>(), 0..3), hostile()), 1..8),
        labels in btree_set(hostile(), 0..3),
    ) {
        let (names, labels) = (Vec::from_iter(names), Vec::from_iter(labels));
        let mut expected: Executions = vec![(String::new(), Vec::new())];
        let mut log = String::new();
        let mut writer = Writer::new(&mut log).unwrap();
        for execution in 0..=labels.len() {
            if execution > 0 {
                let label = &labels[execution - 1];
                writer.execution(label).unwrap();
                expected.push((or_dash(label), Vec::new()));
            }
            for (host, others, text) in &events {
                let host = &names[host.index(names.len())];
                let mut clock: BTreeMap<_, _> =
                    others.iter().map(|other| (names[other.index(names.len())].clone(), 7)).collect();
                clock.insert(host.clone(), 3);
                writer.event(host, clock.iter().map(|(name, counter)| (name, *counter)), text).unwrap();
                let text = or_dash(text).trim_end_matches(is_space).to_owned();
                expected[execution].1.push((host.clone(), clock, text));
            }
        }
        for anchored in [false, true] {
            let mut found = read(&log, anchored);
            for (label, events) in &mut found {
                prop_assert!(!IN_EVERY_OBJECT.contains(&label.as_str()));
                *label = text_of(label);
                for (host, clock, text) in events {
                    prop_assert!(clock.contains_key(host), "{} is in {:?}", host, clock);
                    prop_assert!(clock.keys().all(|name| !IN_EVERY_OBJECT.contains(&name.as_str())));
                    *host = name_of(host);
                    *clock = clock.iter().map(|(name, counter)| (name_of(name), *counter)).collect();
                    *text = text_of(text);
                    // Of the last text, it trims the end.
                    text.truncate(text.trim_end_matches(is_space).len());
                }
            }
            prop_assert_eq!(&found, &expected);
        }
    }
}

/// What is written for each of the texts that would do harm, or be lost.
#[test]
fn texts_are_escaped() {
    let written = |host: &str, text: &str| {
        let mut log = String::new();
        Writer::resume(&mut log).event(host, [(host, 1)], text).unwrap();
        let (first, second) = log.trim_end_matches('\n').split_once('\n').unwrap();
        (first.to_owned(), second.to_owned())
    };
    let host = |name| written(name, "x").0;
    assert_eq!(host("a b\tc%"), r#"a%20b%09c%25 {"a%20b%09c%25":1}"#);
    assert_eq!(host("\u{a0}\u{feff}\u{2028}"), r#"%C2%A0%EF%BB%BF%E2%80%A8 {"%C2%A0%EF%BB%BF%E2%80%A8":1}"#);
    assert_eq!(host(r#"{"a":1}\"#), r#"{"a":1}\ {"{\"a\":1}\\":1}"#);
    assert_eq!(host("\0\u{1b}\u{7f}"), r#"%00%1B%7F {"%00%1B%7F":1}"#);
    assert_eq!(host(""), r#"% {"%":1}"#);
    assert_eq!(host("__proto__"), r#"%5F_proto__ {"%5F_proto__":1}"#);
    assert_eq!(host("propertyIsEnumerable2"), r#"propertyIsEnumerable2 {"propertyIsEnumerable2":1}"#);
    assert_eq!(host("mañana-☃"), r#"mañana-☃ {"mañana-☃":1}"#);

    let text = |text| written("a", text).1;
    assert_eq!(text("one\r\ntwo\u{2028}\u{2029}\u{85}\t\0"), r"one\r\ntwo\u{2028}\u{2029}\u{85}\t\u{0}");
    assert_eq!(text(r#"C:\ says "no" to {me}"#), r#"C:\\ says "no" to {me}"#);
    assert_eq!(text("=== label ==="), r"\=== label ===");
    assert_eq!(text("a = b"), "a = b");
    assert_eq!(text("toString"), "toString");
    assert_eq!([text(""), text("  "), text("\u{feff}\u{3000}")], ["-"; 3]);
    assert_eq!(text("\n"), r"\n");
    assert_eq!(text(r#"b {"b":1}"#), r#"b {"b":1}"#);

    let mut log = String::new();
    let mut writer = Writer::resume(&mut log);
    for label in ["a\nb", "", "valueOf", "valueOf2", "=== x ==="] {
        writer.execution(label).unwrap();
    }
    let labels: Vec<&str> = log.lines().collect();
    let expected =
        [r"=== a\nb ===", "=== - ===", r"=== \u{76}alueOf ===", "=== valueOf2 ===", r"=== \=== x === ==="];
    assert_eq!(labels, expected);
}

/// A text that comes in pieces is one text.
#[test]
fn texts_may_come_in_pieces() {
    struct Pieces(&'static str);

    impl fmt::Display for Pieces {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.chars().try_for_each(|c| f.write_char(c))?;
            f.write_str("") // which is no reason to forget what was there
        }
    }

    let mut log = String::new();
    let mut writer = Writer::resume(&mut log);
    writer.event(Pieces("toString"), [(Pieces("toString"), 1)], Pieces("=a=")).unwrap();
    writer.event(Pieces("a=b"), [(Pieces("a=b"), 1)], Pieces("  b ")).unwrap();
    assert_eq!(log, "%74oString {\"%74oString\":1}\n\\=a=\na=b {\"a=b\":1}\n  b \n");
}

/// A log begins with how to read it, and none is written that can't be.
#[test]
fn a_log_begins_with_how_to_read_it() {
    struct Full(usize);

    impl fmt::Write for Full {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let writer = Writer::new(String::new()).unwrap();
    let log = writer.into_inner();
    assert_eq!(log, format!("{PARSER}\n{DELIMITER}\n"));
    assert_eq!(PARSER, r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)");
    assert_eq!(DELIMITER, "^=== (?<trace>.*) ===$");

    let whole = "a {\"a\":1,\"b\":2}\ntext\n".len();
    for room in 0..=whole {
        let written = Writer::resume(Full(room)).event("a", [("a", 1), ("c", 0), ("b", 2)], "text");
        assert_eq!(written.is_ok(), room == whole, "room for {room}");
    }
    assert!(Writer::new(Full(10)).is_err());
}

/// Each way in which a log can be wrong has its name, which event it is, and what to do.
#[test]
fn what_is_wrong_is_named() {
    let log = |events: &[(u8, &[(u8, u64)])]| -> Events {
        events.iter().map(|(host, entries)| (*host, entries.iter().copied().collect())).collect()
    };
    let cases: [(Events, Invalid<u8>, &str); 9] = [
        (log(&[]), Invalid::Empty, "at least one event"),
        (
            log(&[(1, &[(1, 1)]), (2, &[(1, 1)])]),
            Invalid::NoOwnEntry { event: 1, host: 2 },
            "event 1: the clock has no entry for 2",
        ),
        (
            log(&[(1, &[(1, 2)])]),
            Invalid::Numbering { event: 0, host: 1, found: 2, expected: 1 },
            "event 0 is number 2 of 1, where 1 is wanted",
        ),
        (
            log(&[(1, &[(1, 1)]), (1, &[(1, 1)])]),
            Invalid::Numbering { event: 1, host: 1, found: 1, expected: 2 },
            "event 1 is number 1 of 1, where 2 is wanted",
        ),
        (
            log(&[(1, &[(1, 1), (9, 1)])]),
            Invalid::UnknownHost { event: 0, host: 9 },
            "event 0: the clock names 9, of which no event is in the log",
        ),
        (
            log(&[(1, &[(1, 1), (2, 2)]), (2, &[(2, 1)])]),
            Invalid::Unlogged { event: 0, host: 2, found: 2, logged: 1 },
            "event 0 has seen event 2 of 2, of which only 1",
        ),
        (
            log(&[(1, &[(1, 1), (2, 1)]), (2, &[(1, 1), (2, 1)])]),
            Invalid::Cycle { event: 0, cause: 1 },
            "events 0 and 1 have each seen the other",
        ),
        (
            log(&[(2, &[(2, 1)]), (1, &[(1, 1), (2, 1)]), (1, &[(1, 2)])]),
            Invalid::Forgotten { event: 2, cause: 1 },
            "event 2 has seen event 1, but not all",
        ),
        (
            log(&[(1, &[(1, 1)]), (2, &[(1, 1), (2, 1)]), (3, &[(2, 1), (3, 1)])]),
            Invalid::Forgotten { event: 2, cause: 1 },
            "event 2 has seen event 1, but not all",
        ),
    ];
    for (n, (log, expected, message)) in cases.into_iter().enumerate() {
        let found = verdict(&log).unwrap_err();
        assert_eq!(found, expected, "case {n}");
        assert!(found.to_string().contains(message), "case {n}: {found}");
        assert_eq!(found.is_refused(), n < 6, "case {n}");
    }
}

/// What ShiViz refuses is found before what it would draw wrong, wherever it stands.
#[test]
fn refusals_come_first() {
    let cycle_then_hole: Events =
        vec![(1, [(1, 1), (2, 1)].into()), (2, [(1, 1), (2, 1)].into()), (3, [(3, 1), (4, 1)].into())];
    assert_eq!(verdict(&cycle_then_hole), Err(Invalid::UnknownHost { event: 2, host: 4 }));
}

/// Hosts that differ, but not by name, are one host to ShiViz.
#[test]
fn hosts_need_different_names() {
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Nameless(u8);

    impl fmt::Display for Nameless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("somebody")
        }
    }

    let clocks = [1, 2].map(|n| VectorClock::from([(Nameless(n), 1)]));
    let found = validate([(&Nameless(1), &clocks[0]), (&Nameless(2), &clocks[1])]).unwrap_err();
    assert_eq!(found, Invalid::SameName { host: Nameless(2) });
    assert_eq!(found.to_string(), "two hosts are both written as somebody: give them different names");
    assert!(found.is_refused());
    assert_eq!(validate([(&Nameless(1), &clocks[0])]), Ok(()));
}

fn verdict(log: &Events) -> Result<(), Invalid<u8>> {
    validate(log.iter().map(|(host, clock)| (host, clock)))
}

fn renumbered(log: &Events) -> Events {
    let dots = log.iter().filter_map(|(host, clock)| Dot::new(*host, clock.get(host)));
    let logged: Renumber<u8> = dots.collect();
    log.iter().map(|(host, clock)| (*host, logged.renumber(clock))).collect()
}

/// Events of up to four hosts, each by itself or on receiving what an earlier one sent.
fn history() -> impl Strategy<Value = Events> {
    vec((0..4_u8, any::<Option<Index>>()), 0..60).prop_map(|steps| {
        let mut clocks = vec![VectorClock::new(); 4];
        let mut history = Events::new();
        for (host, from) in steps {
            let clock = &mut clocks[usize::from(host)];
            match from.filter(|_| !history.is_empty()) {
                Some(from) => clock.receive(&host, &history[from.index(history.len())].1).unwrap(),
                None => clock.tick(&host).unwrap(),
            };
            history.push((host, clock.clone()));
        }
        history
    })
}

/// Any text, and those that begin as something else does.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r#"[a-c ]{0,2}(=== | ===|\{"a":1\}|[\x00\x1b\x7f\n\r\t \u{2028}\u{feff}\u{85}]|[%\\"={}]){0,4}[a-c]?"#,
        prop::sample::select(&IN_EVERY_OBJECT[..]).prop_map(str::to_owned),
    ]
}

/// What ShiViz refuses, by what its graph of the events looks at.
fn judge(log: &Events) -> Result<(), &'static str> {
    let mut hosts: BTreeMap<u8, Vec<&VectorClock<u8>>> = BTreeMap::new();
    for (host, clock) in log {
        if clock.get(host) == 0 {
            return Err("no own entry");
        }
        hosts.entry(*host).or_default().push(clock);
    }
    if log.is_empty() {
        return Err("no event");
    }
    for (host, clocks) in &mut hosts {
        clocks.sort_by_key(|clock| clock.get(host));
        if !clocks.iter().zip(1..).all(|(clock, number)| clock.get(host) == number) {
            return Err("the own counters are not 1, 2, 3");
        }
    }
    for (host, clocks) in &hosts {
        let mut latest = BTreeMap::new();
        for clock in clocks {
            latest.insert(*host, clock.get(host));
            for (other, counter) in *clock {
                // It looks only at what has risen.
                if latest.get(other).is_none_or(|before| *before < counter) {
                    latest.insert(*other, counter);
                    match hosts.get(other) {
                        None => return Err("an unknown host"),
                        Some(events) if counter > events.len() as u64 => {
                            return Err("an event that isn't there");
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether there is an execution in which these are the events, and their clocks what they had seen: each has seen all that
/// those have seen that it has seen, and none of them has seen it.
fn has_an_execution(log: &Events) -> bool {
    let has_seen = |(_, clock): &(u8, VectorClock<u8>), (host, other): &(u8, VectorClock<u8>)| {
        clock.get(host) >= other.get(host)
    };
    log.iter().all(|event| {
        let causes = log.iter().filter(|cause| *cause != event && has_seen(event, cause));
        causes.into_iter().all(|cause| {
            let before = matches!(cause.1.compare(&event.1), Causality::Before | Causality::Equal);
            before && !has_seen(cause, event)
        })
    })
}

/// Reads a log as ShiViz does: the delimiter splits it, then events are searched for, from the end of one on. Older
/// versions take the expression of an event as it is, newer ones put `^` and `$` around it.
fn read(log: &str, anchored: bool) -> Executions {
    let log = log.strip_prefix(&format!("{PARSER}\n{DELIMITER}\n")).unwrap();
    let mut parts = vec![(String::new(), String::new())];
    for line in log.trim_matches(is_space).split_inclusive(is_terminator) {
        let content = line.trim_end_matches(is_terminator);
        match content.strip_prefix("=== ").and_then(|rest| rest.strip_suffix(" ===")) {
            Some(label) => parts.push((label.to_owned(), String::new())),
            None => parts.last_mut().unwrap().1.push_str(line),
        }
    }
    parts.into_iter().map(|(label, part)| (label, events(&part, anchored))).collect()
}

fn events(part: &str, anchored: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < part.len() {
        let starts_line = at == 0 || part[..at].ends_with(is_terminator);
        match event(&part[at..]).filter(|_| starts_line || !anchored) {
            Some((event, len)) => {
                found.push(event);
                at += len;
            }
            None => at += part[at..].chars().next().unwrap().len_utf8(),
        }
    }
    found
}

/// An event that stands at the beginning of a text, and its length.
fn event(text: &str) -> Option<(Found, usize)> {
    let (host, _) = text.split_at(text.find(is_space)?);
    let after = text[host.len()..].strip_prefix(' ')?;
    let clock = &after[..after.find(is_terminator)?];
    if !(clock.starts_with('{') && clock.ends_with('}')) {
        return None;
    }
    let after = after[clock.len()..].strip_prefix('\n')?;
    let what = &after[..after.find(is_terminator).unwrap_or(after.len())];
    let clock = serde_json::from_str(clock).unwrap_or_else(|error| panic!("{clock} is a clock: {error}"));
    let len = text.len() - after.len() + what.len();
    Some(((host.to_owned(), clock, what.to_owned()), len))
}

/// What `\s` is to JavaScript.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// What `.` doesn't match in JavaScript.
fn is_terminator(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The name of a host, from what was written.
fn name_of(written: &str) -> String {
    if written == "%" {
        return String::new();
    }
    let mut bytes = Vec::new();
    let mut rest = written.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A text, from what was written.
fn text_of(written: &str) -> String {
    let mut text = String::new();
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            text.push(c);
            continue;
        }
        let c = rest.chars().next().unwrap();
        rest = &rest[c.len_utf8()..];
        match c {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let (digits, after) = rest.strip_prefix('{').unwrap().split_once('}').unwrap();
                text.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
                rest = after;
            }
            c => text.push(c),
        }
    }
    text
}

fn or_dash(text: &str) -> String {
    let seen = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || !is_space(c);
    if text.chars().any(seen) { text.to_owned() } else { "-".to_owned() }
}

/// What `Object.prototype` has, in every version of JavaScript.
const IN_EVERY_OBJECT: [&str; 12] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];
