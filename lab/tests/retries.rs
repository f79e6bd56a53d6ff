//! Clients that retry, and a server that is killed between an effect and its answer: on real sockets, and the machines by
//! themselves.
#![cfg(all(feature = "net", feature = "trace"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use spacelike::hlc;
use spacelike::machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike_lab::slots::{Folder, Identity, OpenError, Store, load};
use spacelike_lab::tour::OptionsError;
use spacelike_lab::tour::retries::client::{self, Client, Finish};
use spacelike_lab::tour::retries::server::{self, Fall, Server};
use spacelike_lab::tour::retries::{
    Answer, Became, Deposit, Fate, Habit, Message, Network, Order, OrderId, Record, Retried, Slot, Trial,
    TrialError, Verdict, Workload,
};

const WORKLOAD: Workload = Workload { requests: 60, loss: 20, duplication: 20 };

/// Whatever the seed: each request takes effect once and its client learns what came of it, though messages are lost and doubled
/// and the server is killed between an effect and its answer. Without sessions requests are executed again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_takes_effect_once() {
    for seed in [1, 2, u64::MAX] {
        let home = tempfile::tempdir().unwrap();
        let retried = run(WORKLOAD, seed, home.path()).await;
        assert_eq!(retried.verdict(), Ok(()), "{retried}");

        let effects: BTreeSet<_> = retried.ledger.deposits.iter().map(|deposit| deposit.id).collect();
        assert_eq!((effects.len(), retried.ledger.deposits.len(), retried.answered()), (60, 60, 60));
        assert_eq!(retried.ledger.balance, retried.amounts.values().sum::<u64>());
        assert!(retried.amounts.values().all(|amount| (1..=100).contains(amount)));
        assert!(retried.naive.balance > retried.ledger.balance, "{retried}");
        assert!(retried.lost > 0 && retried.doubled > 0 && retried.tally.replayed > 0, "{retried}");
        let crash = retried.crash.unwrap();
        assert_eq!(crash.id, retried.ledger.deposits[29].id, "it was half of them");
        assert_adds_up(&retried);
    }
}

/// The same at the edges: one request, a network that does nothing, and one that does the most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edges_hold() {
    let cases = [
        Workload { requests: 1, loss: 0, duplication: 0 },
        Workload { requests: 17, loss: Workload::LOSS_MAX, duplication: 100 },
    ];
    for workload in cases {
        let home = tempfile::tempdir().unwrap();
        let retried = run(workload, 5, home.path()).await;
        assert_eq!(retried.verdict(), Ok(()), "{retried}");
        assert_adds_up(&retried);
        if workload.loss == 0 {
            assert_eq!((retried.lost, retried.doubled), (0, 0));
            assert!(retried.naive_repeated() > 0, "the crash alone has it executed twice");
        }
    }
}

/// A server that loses who was answered what executes requests again, and the verdict says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_its_sessions_fails() {
    let home = tempfile::tempdir().unwrap();
    let trial = Trial::bind(WORKLOAD, 3, home.path()).unwrap().with_habit(Habit::Forgetful);
    let retried = trial.run().await.unwrap();
    assert!(matches!(retried.verdict(), Err(Verdict::Effects { effects: 2.., .. })), "{retried}");
    assert!(!retried.to_string().contains("each request had one"));
}

/// A server that answers before it persists loses what it had answered, and the verdict says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_it_persists_fails() {
    let home = tempfile::tempdir().unwrap();
    let trial = Trial::bind(WORKLOAD, 3, home.path()).unwrap().with_habit(Habit::Hasty);
    let retried = trial.run().await.unwrap();
    let crash = retried.crash.unwrap();
    assert_eq!((crash.is_durable, crash.told_before), (false, 1), "{retried}");
    // Whether the client got that answer before it asked again is the network's luck.
    let verdict = retried.verdict();
    let is_seen = matches!(
        verdict,
        Err(Verdict::Effects { effects: 0, .. } | Verdict::Answers { .. } | Verdict::KilledEarly { .. })
    );
    assert!(is_seen, "{verdict:?}");
}

/// Each thing that could be wrong with a good trial has a verdict of its own, and the worse comes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_a_verdict() {
    type Plant = fn(&mut Retried);
    let home = tempfile::tempdir().unwrap();
    let good = run(Workload { requests: 8, ..WORKLOAD }, 4, home.path()).await;
    assert_eq!(good.verdict(), Ok(()), "{good}");
    let id = good.crash.unwrap().id;
    let first = good.ledger.deposits[0].id;
    let last = *good.amounts.last_key_value().unwrap().0;
    let cases: &[(Plant, Verdict)] = &[
        (|run| run.ledger.deposits.push(run.ledger.deposits[0]), Verdict::Effects { id: first, effects: 2 }),
        (
            |run| {
                run.ledger.deposits.remove(0);
            },
            Verdict::Effects { id: first, effects: 0 },
        ),
        (|run| run.answers.last_entry().unwrap().get_mut().push(0), Verdict::Answers { id: last }),
        (|run| run.ledger.deposits[0].amount += 1, Verdict::Answers { id: first }),
        (|run| run.refused = 2, Verdict::Refused { messages: 2 }),
        (|run| run.tally.refused = 3, Verdict::Refused { messages: 3 }),
        (
            |run| drop(run.answers.pop_last()),
            Verdict::Unanswered { answered: 7, requests: 8, patience: good.patience },
        ),
        (
            |run| run.ledger.balance += 1,
            Verdict::Balance { balance: good.ledger.balance + 1, sum: good.ledger.balance },
        ),
        (|run| run.crash = None, Verdict::NotKilled),
        (|run| run.crash.as_mut().unwrap().is_durable = false, Verdict::KilledEarly { id }),
        (|run| run.crash.as_mut().unwrap().told_before = 1, Verdict::KilledLate { id }),
        (|run| run.crash.as_mut().unwrap().is_clean = true, Verdict::Stopped),
        (|run| run.crash.as_mut().unwrap().replays = 0, Verdict::NotReplayed { id }),
        (
            |run| run.tally.stale += 1,
            Verdict::Unaccounted { deliveries: good.deliveries() + 1, accounted: good.deliveries() + 1 },
        ),
        (
            |run| run.tally.begun += 1,
            Verdict::Unaccounted { deliveries: good.deliveries() + 1, accounted: good.deliveries() },
        ),
        (
            |run| {
                run.naive.effects.values_mut().for_each(|effects| *effects = 1);
                let surplus = run.deliveries() - 8;
                run.tally.replayed = 0;
                run.tally.in_progress = 0;
                run.tally.stale = 0;
                run.tally.begun -= run.crash.unwrap().cut_short;
                run.crash.as_mut().unwrap().cut_short = 0;
                assert!(surplus > 0 && run.deliveries() == 8);
            },
            Verdict::Harmless,
        ),
    ];
    for (case, (plant, expected)) in cases.iter().enumerate() {
        let mut run = good.clone();
        plant(&mut run);
        assert_eq!(run.verdict(), Err(*expected), "case {case}");
    }

    let mut run = good.clone();
    (run.refused, run.crash) = (1, None);
    run.ledger.deposits.clear();
    assert_eq!(run.verdict(), Err(Verdict::Effects { id: OrderId { client: 0, sequence: 0 }, effects: 0 }));
    assert!(run.to_string().contains("messages refused"), "{run}");
    assert!(run.to_string().contains("The server was not killed."), "{run}");
    let mut run = good;
    run.crash.as_mut().unwrap().is_clean = true;
    assert!(run.to_string().contains("but not between its effect and its answer"), "{run}");
}

/// A trial whose time is over ends with what there is, and says how far it came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_without_time_says_so() {
    let home = tempfile::tempdir().unwrap();
    let trial = Trial::bind(WORKLOAD, 1, home.path()).unwrap().with_patience(Duration::ZERO);
    let retried = trial.run().await.unwrap();
    let verdict = retried.verdict().unwrap_err();
    assert_eq!(
        verdict,
        Verdict::Unanswered { answered: 0, requests: 60, patience: Duration::ZERO },
        "{retried}"
    );
    assert!(verdict.to_string().contains("after 0 s 0 of 60 requests"), "{verdict}");
}

/// What can't be run is refused, with what to change; what is just within the bounds is not.
#[test]
fn bad_workloads_are_refused() {
    let good = Workload::default();
    let most = Workload { requests: Workload::REQUESTS_MAX, loss: Workload::LOSS_MAX, duplication: 100 };
    for workload in [good, most, Workload { requests: 1, loss: 0, duplication: 0 }] {
        assert_eq!(workload.check(), Ok(()));
    }
    let cases = [
        (Workload { requests: 0, ..good }, OptionsError::Requests { requests: 0 }, "from 1 to 1000"),
        (Workload { requests: 1_001, ..good }, OptionsError::Requests { requests: 1_001 }, "from 1 to 1000"),
        (Workload { loss: 51, ..good }, OptionsError::Loss { loss: 51 }, "at most 50 %"),
        (Workload { duplication: 101, ..good }, OptionsError::Duplication { duplication: 101 }, "100 %"),
    ];
    let home = tempfile::tempdir().unwrap();
    for (workload, expected, text) in cases {
        assert!(expected.to_string().contains(text), "{expected}");
        assert_eq!(workload.check(), Err(expected.clone()));
        let refused = Trial::bind(workload, 1, home.path().join("none"));
        assert!(matches!(refused, Err(TrialError::Options(error)) if error == expected));
    }
    assert!(!home.path().join("none").exists(), "nothing was made");
}

/// The requests are dealt out to the clients, and none is lost or dealt twice.
#[test]
fn each_request_is_one_clients() {
    for requests in 1..=Workload::REQUESTS_MAX {
        let workload = Workload { requests, ..Workload::default() };
        let dealt: Vec<_> = (0..Workload::CLIENTS + 2).map(|client| workload.requests_of(client)).collect();
        assert_eq!(dealt.iter().sum::<u64>(), u64::from(requests));
        assert_eq!(&dealt[8..], [0, 0]);
        assert!(dealt[..8].iter().max().unwrap() - dealt[..8].iter().min().unwrap() <= 1);
    }
}

/// The slots of an earlier trial give way, those of another node stay, and a folder that is in use is nobody else's.
#[test]
fn a_folder_is_used_again_but_not_taken() {
    let home = tempfile::tempdir().unwrap();
    let bind = |folder: &str| Trial::bind(WORKLOAD, 1, home.path().join(folder));
    let begin = |folder: &str, identity| {
        let mut disk = Folder::open(home.path().join(folder)).unwrap();
        let found = load(&mut disk, identity).unwrap();
        drop(Store::begin(disk, identity, found, 1, hlc::Timestamp::new(1, 0).unwrap(), 7).unwrap());
    };
    begin("ours", Identity { cluster: u64::from_be_bytes(*b"retrying"), node: NodeId(2) });
    assert!(home.path().join("ours/slots").exists());
    drop(bind("ours").unwrap());
    assert!(!home.path().join("ours/slots").exists());

    begin("theirs", Identity { cluster: 7, node: NodeId(2) });
    let before = fs::read(home.path().join("theirs/slots")).unwrap();
    let refused = bind("theirs").unwrap_err();
    assert!(matches!(refused, TrialError::Load { .. }), "{refused}");
    assert!(refused.to_string().contains("choose another folder"), "{refused}");
    assert_eq!(fs::read(home.path().join("theirs/slots")).unwrap(), before);

    let _taken = Folder::open(home.path().join("taken")).unwrap();
    assert!(matches!(bind("taken"), Err(TrialError::Folder(OpenError::Locked { .. }))));
}

/// The network loses and doubles as often as it is told to, and the same seed has the same luck.
#[test]
fn the_network_is_as_bad_as_asked() {
    for (loss, duplication) in [(0, 0), (20, 20), (50, 100), (0, 100)] {
        let workload = Workload { requests: 1, loss, duplication };
        let fates = |seed| {
            let mut network = Network::new(&workload, seed);
            (0..20_000).map(|_| network.next()).collect::<Vec<_>>()
        };
        let drawn = fates(7);
        let count = |fate| drawn.iter().filter(|drawn| **drawn == fate).count();
        let (lost, doubled) = (count(Fate::Lost), count(Fate::Doubled));
        // Of 20,000 draws; 300 is more than four standard deviations.
        assert!(lost.abs_diff(200 * usize::from(loss)) < 300, "{lost}");
        let carried = 20_000 - lost;
        assert!(doubled.abs_diff(carried * usize::from(duplication) / 100) < 300, "{doubled}");
        assert_eq!(fates(7), drawn);
        assert!(loss == 0 || fates(8) != drawn);
    }
}

/// Of the messages that aren't lost each arrives, a doubled one twice: at once, or after 32 others.
#[test]
fn copies_arrive_at_once_or_late() {
    let workload = Workload { requests: 1, loss: 20, duplication: 40 };
    let mut network = Network::new(&workload, 7);
    let mut arrived = BTreeMap::<u64, Vec<u64>>::new();
    let fates: Vec<_> = (0..2_000)
        .map(|sequence| {
            let id = OrderId { client: 0, sequence };
            let mut out = Outbox::<Server>::new();
            let message = Message::Tell { id, answer: Answer::InProgress };
            let fate = network.send(NodeId(1), message, &mut out);
            for effect in out.drain() {
                let Effect::Send { to: NodeId(1), message: Message::Tell { id, .. } } = effect else {
                    panic!()
                };
                arrived.entry(id.sequence).or_default().push(sequence - id.sequence);
            }
            fate
        })
        .collect();
    let mut late = 0;
    for (sequence, fate) in (0..1_900).zip(fates) {
        let arrived = arrived.get(&sequence).map_or(&[][..], |arrived| arrived);
        match fate {
            Fate::Lost => assert!(arrived.is_empty()),
            Fate::Carried => assert_eq!(arrived, [0]),
            Fate::Doubled => {
                assert!(arrived == [0, 0] || arrived == [0, 32], "{arrived:?}");
                late += arrived[1] / 32;
            }
        }
    }
    assert!((200..400).contains(&late), "half of about 600: {late}");
}

/// Copies of a request come while it is executed, before its client has the answer, and when that is long over: each is told
/// apart, and only the first one is executed. On sockets it is the machine's luck which of them come.
#[test]
fn copies_are_told_apart() {
    let mut server = Server::new(WORKLOAD, 1);
    let mut out = Outbox::new();
    begin(&mut server, &mut out);
    let mut input = |input| {
        server.step(now(), input, &mut out);
        out.drain().find_map(|effect| match effect {
            Effect::Note(server::Note::Delivered { became, .. }) => Some(became),
            _ => None,
        })
    };
    let ask = |sequence, acknowledged| {
        let order = Order { id: OrderId { client: 0, sequence }, acknowledged, amount: 1 };
        Input::Message { from: NodeId(1), message: Message::Ask(order) }
    };
    let done = Input::Timer(server::Timer(OrderId { client: 0, sequence: 0 }));
    assert_eq!(input(ask(0, 0)), Some(Became::Begun));
    assert_eq!(input(ask(0, 0)), Some(Became::InProgress));
    assert_eq!(input(done.clone()), None);
    assert_eq!(input(ask(0, 0)), Some(Became::Replayed));
    assert_eq!(input(ask(1, 1)), Some(Became::Begun));
    assert_eq!(input(ask(0, 0)), Some(Became::Stale));
    assert_eq!(input(done), None);
}

/// A message that no honest peer sends changes nothing, on either side.
#[test]
fn lies_change_nothing() {
    let mut out = Outbox::new();
    let mut honest = Server::new(WORKLOAD, 1);
    begin(&mut honest, &mut out);
    let id = OrderId { client: 0, sequence: 0 };
    let answer = Answer::Done { balance: 1 };
    let lies = [
        Message::Ask(Order { id: OrderId { client: 8, sequence: 0 }, acknowledged: 0, amount: 1 }),
        Message::Ask(Order { id: OrderId { client: u32::MAX, sequence: 0 }, acknowledged: 0, amount: 1 }),
        Message::Ask(Order { id: OrderId { client: 7, sequence: 7 }, acknowledged: 0, amount: 1 }),
        Message::Ask(Order { id: OrderId { client: 0, sequence: u64::MAX }, acknowledged: 0, amount: 1 }),
        Message::Tell { id, answer },
    ];
    for message in lies {
        let mut server = honest.clone();
        server.step(now(), Input::Message { from: NodeId(1), message }, &mut out);
        assert_eq!(server, honest, "{message:?}");
        assert_eq!(out.drain().collect::<Vec<_>>(), [Effect::Note(server::Note::Refused)]);
    }
    // One number, two requests: the first stays.
    let ask = |amount| Message::Ask(Order { id, acknowledged: 0, amount });
    let mut server = honest;
    for (amount, expected) in
        [(u64::MAX, Became::Begun), (2, Became::Refused), (u64::MAX, Became::InProgress)]
    {
        server.step(now(), Input::Message { from: NodeId(1), message: ask(amount) }, &mut out);
        let became = out.drain().find_map(|effect| match effect {
            Effect::Note(server::Note::Delivered { became, .. }) => Some(became),
            _ => None,
        });
        assert_eq!(became, Some(expected));
    }

    let mut out = Outbox::new();
    let mut honest = Client::new(NodeId(2), WORKLOAD, 1);
    begin(&mut honest, &mut out);
    drop(out.drain());
    let tell = |id| Message::Tell { id, answer };
    let lies = [
        (NodeId(3), tell(id)),
        (NodeId(2), ask(1)),
        (NodeId(2), tell(OrderId { client: 8, sequence: 0 })),
        (NodeId(2), tell(OrderId { client: 0, sequence: 4 })),
    ];
    for (from, message) in lies {
        let mut client = honest.clone();
        client.step(now(), Input::Message { from, message }, &mut out);
        assert_eq!(client, honest, "{message:?}");
        assert_eq!(out.drain().collect::<Vec<_>>(), [Effect::Note(client::Note::Refused)]);
    }
}

/// Whoever waits for the end of the clients is told when the last answer has come, and not before.
#[test]
fn clients_are_done_when_all_is_answered() {
    let workload = Workload { requests: 20, loss: 0, duplication: 0 };
    let mut client = Client::new(NodeId(2), workload, 1);
    let mut out = Outbox::new();
    begin(&mut client, &mut out);
    client.step(now(), Input::Request { id: RequestId(9), request: Finish }, &mut out);
    let mut answered = 0;
    loop {
        let effects: Vec<_> = out.drain().collect();
        let is_done = effects.contains(&Effect::Reply { id: RequestId(9), response: () });
        assert_eq!(is_done, answered == 20);
        if is_done {
            break;
        }
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Send { message: Message::Ask(order), .. } => Some(order.id),
            _ => None,
        });
        let open = asked.unwrap_or_else(|| {
            let mut ids = (0..8).flat_map(|client| (0..4).map(move |sequence| OrderId { client, sequence }));
            ids.find(|id| {
                let mut copy = client.clone();
                copy.step(now(), Input::Timer(client::Timer(*id)), &mut out);
                out.drain().len() > 0
            })
            .unwrap()
        });
        let message = Message::Tell { id: open, answer: Answer::Done { balance: 1 } };
        client.step(now(), Input::Message { from: NodeId(2), message }, &mut out);
        answered += 1;
    }
}

/// A request is repeated later and later, up to eight times the first wait, until one of that client is answered.
#[test]
fn retries_wait_longer_until_an_answer() {
    let workload = Workload { requests: 9, loss: 0, duplication: 0 };
    let mut client = Client::new(NodeId(2), workload, 1);
    let mut out = Outbox::new();
    let wait = |out: &mut Outbox<Client>| {
        let timer = out.drain().find_map(|effect| match effect {
            Effect::SetTimer { after, jitter, .. } => Some((after.as_millis(), jitter.as_millis())),
            _ => None,
        });
        timer.unwrap()
    };
    begin(&mut client, &mut out);
    assert_eq!(wait(&mut out), (25, 25));
    let [first, second] = [0, 1].map(|sequence| OrderId { client: 0, sequence });
    for expected in [50, 100, 200, 200, 200] {
        client.step(now(), Input::Timer(client::Timer(first)), &mut out);
        assert_eq!(wait(&mut out), (expected, 25));
    }
    let message = Message::Tell { id: first, answer: Answer::Done { balance: 1 } };
    client.step(now(), Input::Message { from: NodeId(2), message }, &mut out);
    drop(out.drain());
    client.step(now(), Input::Timer(client::Timer(second)), &mut out);
    assert_eq!(wait(&mut out), (50, 25));
    client.step(now(), Input::Timer(client::Timer(first)), &mut out);
    assert_eq!(out.effects(), [], "it is answered");
}

/// What happens to a server in the property below.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Ask { client: u32, sequence: u64, acknowledged: u64 },
    Execute { client: u32, sequence: u64 },
    Crash { kept: prop::sample::Index },
}

fn happening() -> impl Strategy<Value = Happening> {
    let (client, sequence) = (0..2_u32, 0..4_u64);
    prop_oneof![
        6 => (client.clone(), sequence.clone(), 0..3_u64).prop_map(|(client, sequence, acknowledged)| {
            Happening::Ask { client, sequence, acknowledged }
        }),
        6 => (client, sequence).prop_map(|(client, sequence)| Happening::Execute { client, sequence }),
        1 => any::<prop::sample::Index>().prop_map(|kept| Happening::Crash { kept }),
    ]
}

proptest! {
    /// Whatever comes, however often, and whichever prefix of its persists a crash keeps: no request takes effect twice, and an
    /// answer that could leave is that of an effect which is never lost.
    #[test]
    fn no_request_takes_effect_twice(happenings in prop::collection::vec(happening(), 0..60)) {
        let workload = Workload { requests: 32, loss: 0, duplication: 0 };
        let pristine = Server::new(workload, 1);
        let mut server = pristine.clone();
        let mut out = Outbox::new();
        begin(&mut server, &mut out);
        let mut durable = BTreeMap::new();
        // What the disk doesn't have yet, and the answers that wait behind it.
        let mut held: Vec<Effect<Server>> = Vec::new();
        let mut told = BTreeMap::new();
        let mut keep = |effects: Vec<Effect<Server>>, durable: &mut BTreeMap<Slot, Record>| {
            for effect in effects {
                match effect {
                    Effect::Persist { slot, record: Some(record) } => drop(durable.insert(slot, record)),
                    Effect::Send { message: Message::Tell { id, answer: Answer::Done { balance } }, .. } => {
                        let before = told.insert(id, balance);
                        assert!(before.is_none_or(|before| before == balance), "{id} {before:?} {balance}");
                    }
                    _ => {}
                }
            }
        };
        for happening in happenings {
            match happening {
                Happening::Ask { client, sequence, acknowledged } => {
                    let id = OrderId { client, sequence };
                    let message = Message::Ask(Order { id, acknowledged, amount: 1 + sequence });
                    server.step(now(), Input::Message { from: NodeId(1), message }, &mut out);
                    held.extend(out.drain());
                }
                Happening::Execute { client, sequence } => {
                    let timer = server::Timer(OrderId { client, sequence });
                    server.step(now(), Input::Timer(timer), &mut out);
                    held.extend(out.drain());
                }
                Happening::Crash { kept } => {
                    let kept = kept.index(held.len() + 1);
                    held.truncate(kept);
                    keep(core::mem::take(&mut held), &mut durable);
                    server = pristine.clone();
                    server.start(now(), Boot { incarnation: 2, durable: &durable }, &mut out);
                    held.extend(out.drain());
                }
            }
        }
        keep(held, &mut durable);

        let deposits = match durable.get(&Slot::Ledger) {
            Some(Record::Ledger(ledger)) => ledger.deposits.clone(),
            _ => Vec::new(),
        };
        let mut balance = 0;
        let mut balances = BTreeMap::new();
        for Deposit { id, amount, balance: then } in deposits {
            balance += amount;
            prop_assert_eq!((amount, then), (1 + id.sequence, balance));
            prop_assert_eq!(balances.insert(id, then), None, "{} took effect twice", id);
        }
        for (id, balance) in told {
            prop_assert_eq!(balances.get(&id), Some(&balance));
        }
    }
}

/// A server that has fallen does nothing more, and says so once, after what it had persisted.
#[test]
fn a_fallen_server_is_silent() {
    let mut server = Server::new(WORKLOAD, 1).falling_after(1);
    let mut out = Outbox::new();
    begin(&mut server, &mut out);
    let order = |sequence| Order { id: OrderId { client: 0, sequence }, acknowledged: 0, amount: 1 };
    let ask = |sequence| Input::Message { from: NodeId(1), message: Message::Ask(order(sequence)) };
    let timer = Input::Timer(server::Timer(order(0).id));
    for input in [ask(0), ask(1), Input::Request { id: RequestId(7), request: Fall }] {
        server.step(now(), input, &mut out);
    }
    drop(out.drain());
    server.step(now(), timer.clone(), &mut out);
    let [Effect::Persist { slot: Slot::Ledger, .. }, Effect::Reply { id: RequestId(7), response }] =
        out.effects()
    else {
        panic!("{out:?}")
    };
    assert_eq!((response.id, response.cut_short), (order(0).id, 1));
    drop(out.drain());
    for input in [ask(0), ask(2), Input::Timer(server::Timer(order(1).id)), timer] {
        server.step(now(), input, &mut out);
        assert_eq!(out.effects(), []);
    }
}

async fn run(workload: Workload, seed: u64, home: &Path) -> Retried {
    Trial::bind(workload, seed, home).unwrap().run().await.unwrap()
}

/// The table's rows add up: what was delivered is what became of it, and what a server without sessions did.
fn assert_adds_up(retried: &Retried) {
    let text = retried.to_string();
    let row = |name: &str| -> u64 {
        let row = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
        row.and_then(|row| row.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("{name}: {text}"))
    };
    let effects = row("effects with them");
    assert_eq!(row("requests"), effects);
    assert_eq!(row("deliveries"), row("effects without sessions"));
    let others = ["replays", "in-progress answers", "old copies ignored", "executions cut short"].map(row);
    assert_eq!(row("deliveries"), effects + others.iter().sum::<u64>(), "{text}");
    assert!(row("messages sent") >= row("requests") * 2, "{text}");
    assert!(!text.contains("messages refused"), "{text}");
}

/// A first life.
fn begin<M: Machine>(machine: &mut M, out: &mut Outbox<M>) {
    machine.start(now(), Boot { incarnation: 1, durable: &BTreeMap::new() }, out);
}

fn now() -> Now {
    Now { monotonic: Duration::ZERO, wall: Duration::ZERO, error: None, stamp: hlc::Timestamp::MIN }
}
