//! Histories of etcd that Jepsen recorded, with verdicts that are known: those that Porcupine ships, and its Rust crate
//! `porcupine-rs` 0.3.0 in `test_data/jepsen`. `ETCD_HISTORIES=<folder> cargo test -p spacelike-lab --test check_etcd -- --ignored`.
#![cfg(feature = "check")]

use std::path::Path;
use std::{env, fs};

use spacelike_lab::check::register::{Answer, Operation, Register};
use spacelike_lab::check::{BUDGET, Event, History, What, linearizable};

/// Every verdict is Porcupine's, within the budget.
#[test]
#[ignore = "needs the histories"]
fn histories_of_etcd_are_judged_as_by_porcupine() {
    let folder = env::var_os("ETCD_HISTORIES").expect("ETCD_HISTORIES names the folder with etcd_000.log");
    let mut most = 0;
    // 95 is empty.
    for number in (0..=102).filter(|&number| number != 95) {
        let log = fs::read_to_string(Path::new(&folder).join(format!("etcd_{number:03}.log"))).unwrap();
        let found = linearizable(&Register::new(None), &history(&log), BUDGET);
        assert_eq!(found.verdict.holds(), LINEARIZABLE.contains(&number), "{number}");
        assert_eq!(found.verdict.broken().is_some(), !LINEARIZABLE.contains(&number), "{number}");
        most = most.max(found.configurations);
    }
    println!("at most {most} configurations");
}

fn history(log: &str) -> History<Operation<u8>, Answer<u8>> {
    let mut history = History::new();
    for (time_ns, line) in (0..).zip(log.lines()) {
        let mut words = line.split_whitespace().skip_while(|word| *word != "-").skip(1);
        let client = words.next().unwrap().parse().unwrap();
        let [kind, function] = [words.next().unwrap(), words.next().unwrap()];
        let rest: Vec<_> = words.collect();
        let number = |word: &str| word.trim_matches(['[', ']']).parse().ok();
        let what = match (kind, function) {
            (":invoke", ":read") => What::Invoke(Operation::Read),
            (":invoke", ":write") => What::Invoke(Operation::Write(number(rest[0]).unwrap())),
            (":invoke", ":cas") => {
                What::Invoke(Operation::Swap { from: number(rest[0]).unwrap(), to: number(rest[1]).unwrap() })
            }
            (":ok", ":read") => What::Ok(Answer::Value(number(rest[0]))),
            (":ok", ":write") => What::Ok(Answer::Done),
            (":ok", ":cas") => What::Ok(Answer::Swapped(true)),
            (":fail", ":cas") => What::Ok(Answer::Swapped(false)),
            (":fail", ":read") => What::Fail,
            (":info", _) => What::Unknown,
            _ => panic!("{line}"),
        };
        history.push(Event { time_ns, client, what }).unwrap();
    }
    history
}

const LINEARIZABLE: [u32; 23] =
    [2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102];
