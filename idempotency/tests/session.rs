//! Sessions and their table, against a model that remembers everything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_idempotency::{
    Begin, Entry, Fingerprint, Lost, Request, Session, SessionId, SessionTable, SnapshotError, Ticket,
};

const WINDOW: u64 = 3;

type Small = Session<3, 4>;
type Room = Vec<Option<Entry<3, 4>>>;

/// What a client, its workers and the network do.
#[derive(Clone, Debug)]
enum Step {
    Begin(Request),
    /// The holder of the nth ticket that is still held completes it, with an answer of so many bytes.
    Complete(usize, u8),
    Abort(usize),
    Reclaim(u64),
    Renew(u64),
    /// The session goes through its bytes.
    Restore,
}

fn requests() -> impl Strategy<Value = Request> {
    let numbers = prop_oneof![12 => 0..9_u64, 1 => Just(u64::MAX), 1 => any::<u64>()];
    let acknowledged = prop_oneof![12 => 0..6_u64, 1 => Just(u64::MAX)];
    let epochs = prop_oneof![6 => Just(1_u64), 1 => 0..4_u64];
    (epochs, numbers, acknowledged, 0..2_u128).prop_map(|(epoch, sequence, acknowledged, print)| Request {
        epoch,
        sequence,
        acknowledged,
        fingerprint: Fingerprint(print / 2 + u128::from(sequence)),
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(
        prop_oneof![
            10 => requests().prop_map(Step::Begin),
            2 => (requests(), any::<u8>())
                .prop_map(|(request, other)| Step::Begin(Request { fingerprint: Fingerprint(other.into()), ..request })),
            6 => (any::<usize>(), 0..7_u8).prop_map(|(ticket, len)| Step::Complete(ticket, len)),
            2 => any::<usize>().prop_map(Step::Abort),
            1 => (0..9_u64).prop_map(Step::Reclaim),
            1 => (0..4_u64).prop_map(Step::Renew),
            1 => Just(Step::Restore),
        ],
        0..60,
    )
}

/// What is known of one request of the present epoch.
#[derive(Clone, Debug)]
enum Known {
    Executing { fingerprint: Fingerprint, attempt: usize },
    Done { fingerprint: Fingerprint, answer: Vec<u8> },
}

/// Never forgets a request, and so knows what a session may forget.
struct Model {
    epoch: u64,
    acknowledged: u64,
    attempts: usize,
    known: BTreeMap<u64, Known>,
}

impl Model {
    fn allows(&self, request: &Request, begun: &Begin<'_>) -> bool {
        if request.epoch != self.epoch {
            return *begun == Begin::WrongEpoch { epoch: self.epoch };
        }
        let acknowledged = self.acknowledged.max(request.acknowledged);
        if request.sequence < acknowledged {
            return *begun == Begin::Stale;
        }
        if request.sequence - acknowledged >= WINDOW {
            return *begun == Begin::WindowFull;
        }
        match self.known.get(&request.sequence) {
            None => matches!(begun, Begin::Execute(ticket) if ticket.sequence() == request.sequence),
            Some(Known::Executing { fingerprint, .. } | Known::Done { fingerprint, .. })
                if *fingerprint != request.fingerprint =>
            {
                *begun == Begin::Mismatch
            }
            Some(Known::Executing { .. }) => *begun == Begin::InProgress,
            Some(Known::Done { answer, .. }) if answer.len() > 4 => {
                *begun == Begin::Oversize { len: answer.len() as u64 }
            }
            Some(Known::Done { answer, .. }) => *begun == Begin::Replay(answer),
        }
    }

    fn is_held(&self, sequence: u64, attempt: usize) -> bool {
        sequence >= self.acknowledged
            && matches!(self.known.get(&sequence), Some(Known::Executing { attempt: held, .. }) if *held == attempt)
    }
}

fn bytes_of(session: &Small) -> Vec<u8> {
    let mut bytes = Vec::new();
    session.write(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

proptest! {
    /// Whatever comes in whatever order: each request has one right answer, a ticket is good once, and a refusal changes
    /// nothing.
    #[test]
    fn sessions_answer_as_if_they_forgot_nothing(steps in steps()) {
        let mut session = Small::new(1);
        let mut model = Model { epoch: 1, acknowledged: 0, attempts: 0, known: BTreeMap::new() };
        let mut tickets: Vec<(usize, Ticket)> = Vec::new();
        for step in steps {
            let before = session.clone();
            match step {
                Step::Begin(request) => {
                    let begun = session.begin(&request);
                    prop_assert!(model.allows(&request, &begun), "{request:?}: {begun:?}");
                    match begun {
                        Begin::WrongEpoch { .. } | Begin::Stale | Begin::WindowFull | Begin::Mismatch => {
                            prop_assert_eq!(&session, &before);
                            continue;
                        }
                        Begin::Execute(ticket) => {
                            model.attempts += 1;
                            let (fingerprint, attempt) = (request.fingerprint, model.attempts);
                            model.known.insert(request.sequence, Known::Executing { fingerprint, attempt });
                            tickets.push((attempt, ticket));
                        }
                        Begin::InProgress | Begin::Replay(_) | Begin::Oversize { .. } => {}
                    }
                    model.acknowledged = model.acknowledged.max(request.acknowledged);
                    prop_assert_eq!(session.acknowledged(), model.acknowledged);
                }
                Step::Complete(index, len) if !tickets.is_empty() => {
                    let (attempt, ticket) = tickets.swap_remove(index % tickets.len());
                    let (sequence, answer) = (ticket.sequence(), vec![7; len.into()]);
                    let held = model.is_held(sequence, attempt);
                    let completed = session.complete(ticket, &answer);
                    prop_assert_eq!(completed, if held { Ok(()) } else { Err(Lost { sequence }) });
                    if held {
                        let Some(Known::Executing { fingerprint, .. }) = model.known[&sequence].clone().into() else { panic!() };
                        model.known.insert(sequence, Known::Done { fingerprint, answer });
                    } else {
                        prop_assert_eq!(&session, &before);
                    }
                }
                Step::Abort(index) if !tickets.is_empty() => {
                    let (attempt, ticket) = tickets.swap_remove(index % tickets.len());
                    let sequence = ticket.sequence();
                    let held = model.is_held(sequence, attempt);
                    prop_assert_eq!(session.abort(ticket), if held { Ok(()) } else { Err(Lost { sequence }) });
                    if held {
                        model.known.remove(&sequence);
                    } else {
                        prop_assert_eq!(&session, &before);
                    }
                }
                Step::Complete(..) | Step::Abort(_) => {}
                Step::Reclaim(sequence) => {
                    let executing = match model.known.get_mut(&sequence) {
                        Some(Known::Executing { attempt, .. }) if sequence >= model.acknowledged => Some(attempt),
                        _ => None,
                    };
                    let ticket = session.reclaim(sequence);
                    prop_assert_eq!(ticket.is_some(), executing.is_some());
                    if let (Some(ticket), Some(attempt)) = (ticket, executing) {
                        model.attempts += 1;
                        *attempt = model.attempts;
                        tickets.push((model.attempts, ticket));
                    }
                }
                Step::Renew(epoch) => {
                    prop_assert_eq!(session.renew(epoch), epoch > model.epoch);
                    if epoch > model.epoch {
                        (model.epoch, model.acknowledged) = (epoch, 0);
                        model.known.clear();
                    } else {
                        prop_assert_eq!(&session, &before);
                    }
                }
                Step::Restore => {
                    let bytes = bytes_of(&session);
                    prop_assert!(bytes.len() <= 45 + 3 * 33);
                    prop_assert_eq!(Small::read(&mut &*bytes).unwrap(), session.clone());
                }
            }
            let executing: BTreeSet<_> = model.known.iter()
                .filter(|&(&sequence, known)| sequence >= model.acknowledged && matches!(known, Known::Executing { .. }))
                .map(|(&sequence, _)| sequence).collect();
            prop_assert_eq!(session.executing().collect::<BTreeSet<_>>(), executing);
            prop_assert_eq!(session.epoch(), model.epoch);
        }
    }

    /// A damaged snapshot is refused, or is one in its one form: never a panic.
    #[test]
    fn any_bytes_are_one_session_or_none(steps in steps(), flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut in 0..200_usize) {
        let mut session = Small::new(1);
        for step in steps {
            if let Step::Begin(request) = step {
                if let Begin::Execute(ticket) = session.begin(&request) {
                    if request.sequence % 3 > 0 {
                        session.complete(ticket, &[1; 6][..usize::from(request.sequence % 2 == 0) * 4 + 2]).unwrap();
                    }
                }
            }
        }
        let mut bytes = bytes_of(&session);
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(cut.max(48));
        let mut rest = &*bytes;
        match Small::read(&mut rest) {
            Ok(read) => prop_assert_eq!(bytes_of(&read), bytes[..bytes.len() - rest.len()].to_vec()),
            Err(error) => prop_assert!(!flips.is_empty() || error == SnapshotError::Short),
        }
    }

    /// Two tables that are told the same are the same, also if one went through its bytes; no name comes twice; and who is
    /// expired was idle for longer than he may be.
    #[test]
    fn tables_are_deterministic(steps in vec((0..6_u8, 0..6_u64, 0..40_u64), 0..60), room in 0..4_usize) {
        let mut table = SessionTable::new(vec![None; room] as Room);
        let (mut open, mut named) = (BTreeMap::<SessionId, Duration>::new(), 0);
        let mut now = Duration::ZERO;
        for (kind, id, passed) in steps {
            now += Duration::from_secs(passed);
            let id = SessionId(id);
            match kind {
                0 | 1 => match table.open(now) {
                    Ok(id) => {
                        prop_assert_eq!(id, SessionId(named));
                        named += 1;
                        open.insert(id, now);
                    }
                    Err(full) => prop_assert!(open.len() == room && full.sessions_max == room),
                },
                2 | 3 => {
                    let request = Request { epoch: 0, sequence: passed % 3, acknowledged: 0, fingerprint: Fingerprint(0) };
                    let got = table.get(id, now).map(|session| matches!(session.begin(&request), Begin::Stale));
                    prop_assert_eq!(got.is_ok(), open.contains_key(&id));
                    prop_assert!(!got.is_ok_and(|stale| stale));
                    open.entry(id).and_modify(|used| *used = now);
                }
                4 => prop_assert_eq!(table.close(id), open.remove(&id).is_some()),
                _ => {
                    let before = open.len();
                    open.retain(|_, used| now.saturating_sub(*used) <= Duration::from_secs(60));
                    prop_assert_eq!(table.expire(now, Duration::from_secs(60)), before - open.len());
                }
            }
            prop_assert_eq!(table.iter().map(|(id, used, _)| (id, used)).collect::<BTreeMap<_, _>>(), open.clone());
            prop_assert_eq!((table.len(), table.is_empty()), (open.len(), open.is_empty()));

            let mut bytes = Vec::new();
            table.write(&mut |piece| bytes.extend_from_slice(piece));
            let restored = SessionTable::<Room, 3, 4>::read(vec![None; room], &mut &*bytes).unwrap();
            prop_assert_eq!(&restored, &table);
            if !open.is_empty() {
                let small = SessionTable::<Room, 3, 4>::read(vec![None; open.len() - 1], &mut &*bytes);
                prop_assert_eq!(small, Err(SnapshotError::Size));
            }
        }
    }
}

/// A server that dies between the effect and the answer leaves the request in progress, and who takes over gets the only good
/// ticket.
#[test]
fn a_zombie_is_told_that_it_lost() {
    let mut session = Session::<4, 8>::new(0);
    let request = Request { epoch: 0, sequence: 2, acknowledged: 0, fingerprint: Fingerprint(1) };
    let Begin::Execute(zombie) = session.begin(&request) else { panic!() };
    let heir = session.reclaim(2).unwrap();
    assert_eq!(session.complete(zombie, b"old"), Err(Lost { sequence: 2 }));
    assert_eq!(session.complete(heir, b"new"), Ok(()));
    assert_eq!(session.begin(&request), Begin::Replay(b"new"));
    assert!(session.reclaim(2).is_none());
}

/// Whoever executes a request of a life that is over can't complete one of the next, though it has the same number.
#[test]
fn a_new_life_knows_no_old_ticket() {
    let mut session = Session::<4, 8>::new(0);
    let request = Request { epoch: 0, sequence: 0, acknowledged: 0, fingerprint: Fingerprint(1) };
    let Begin::Execute(old) = session.begin(&request) else { panic!() };
    assert!(session.renew(1));
    let Begin::Execute(new) = session.begin(&Request { epoch: 1, ..request }) else { panic!() };
    assert_eq!(session.complete(old, b"old"), Err(Lost { sequence: 0 }));
    assert_eq!(session.complete(new, b"new"), Ok(()));
}

/// After an abort the same number may be of another request, as after a mistake that was mended.
#[test]
fn an_abort_lets_go_of_the_fingerprint() {
    let mut session = Session::<4, 8>::new(0);
    let request = Request { epoch: 0, sequence: 0, acknowledged: 0, fingerprint: Fingerprint(1) };
    let Begin::Execute(ticket) = session.begin(&request) else { panic!() };
    let mended = Request { fingerprint: Fingerprint(2), ..request };
    assert_eq!(session.begin(&mended), Begin::Mismatch);
    session.abort(ticket).unwrap();
    assert!(matches!(session.begin(&mended), Begin::Execute(_)));
}

/// A ticket says of which session it is, so that it can't complete another client's request.
#[test]
fn a_ticket_is_of_one_session() {
    let mut table = SessionTable::<Room, 3, 4>::new(vec![None; 2]);
    let [ann, bob] = [0, 1].map(|second| table.open(Duration::from_secs(second)).unwrap());
    let request = Request { epoch: 0, sequence: 0, acknowledged: 0, fingerprint: Fingerprint(9) };
    let now = Duration::from_secs(2);
    let mut ticket_of = |id| match table.get(id, now).unwrap().begin(&request) {
        Begin::Execute(ticket) => ticket,
        begun => panic!("{begun:?}"),
    };
    let (anns, bobs) = (ticket_of(ann), ticket_of(bob));
    assert_eq!((anns.session(), bobs.session()), (ann, bob));
    assert_eq!(table.get(bob, now).unwrap().complete(anns, b"ann"), Err(Lost { sequence: 0 }));
    assert_eq!(table.get(bob, now).unwrap().complete(bobs, b"bob"), Ok(()));
    let bobs = table.get(bob, now).unwrap();
    assert!(bobs.renew(1) && bobs.id() == bob);
}

/// The form is pinned: a change is a breaking change for whatever is stored or sent.
#[test]
fn sessions_have_these_bytes() {
    let mut session = Session::<2, 4>::new(5).with_id(SessionId(6));
    let request = Request { epoch: 5, sequence: 3, acknowledged: 3, fingerprint: Fingerprint(9) };
    let Begin::Execute(ticket) = session.begin(&request) else { panic!() };
    session.complete(ticket, b"ok").unwrap();
    let next = Request { sequence: 4, ..request };
    assert!(matches!(session.begin(&next), Begin::Execute(_)));
    let mut bytes = Vec::new();
    session.write(&mut |piece| bytes.extend_from_slice(piece));
    let number = |bytes: &[u8]| bytes.iter().rposition(|&byte| byte != 0).map_or(0, |_| bytes[0]);
    assert_eq!(bytes.len(), 1 + 8 + 32 + 4 + (8 + 16 + 1 + 4 + 2) + (8 + 16 + 1 + 8));
    assert_eq!(bytes[..9], [1, 2, 0, 0, 0, 4, 0, 0, 0]);
    assert_eq!([9, 17, 25, 33].map(|at| number(&bytes[at..at + 8])), [6, 5, 3, 2]);
    assert_eq!(bytes[41..49], [2, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(bytes[69..76], [1, 2, 0, 0, 0, b'o', b'k']);
    assert_eq!((bytes[76], bytes[100], bytes[101]), (4, 0, 2));
}

/// A replica with other sizes would answer differently, so it can't take the snapshot.
#[test]
fn sizes_must_agree() {
    let mut bytes = Vec::new();
    Session::<2, 4>::new(0).write(&mut |piece| bytes.extend_from_slice(piece));
    assert_eq!(Session::<2, 5>::read(&mut &*bytes), Err(SnapshotError::Size));
    assert_eq!(Session::<3, 4>::read(&mut &*bytes), Err(SnapshotError::Size));
    bytes[0] = 2;
    assert_eq!(Session::<2, 4>::read(&mut &*bytes), Err(SnapshotError::Version));
}

/// Bytes of one table of two sessions, of which the first executes two requests, in epoch 0.
fn table_bytes() -> Vec<u8> {
    let mut table = SessionTable::<Room, 3, 4>::new(vec![None; 2]);
    let id = table.open(Duration::from_secs(1)).unwrap();
    table.open(Duration::from_secs(2)).unwrap();
    let session = table.get(id, Duration::from_secs(3)).unwrap();
    for sequence in [3, 4] {
        let request = Request { epoch: 0, sequence, acknowledged: 3, fingerprint: Fingerprint(9) };
        assert!(matches!(session.begin(&request), Begin::Execute(_)));
    }
    let mut bytes = Vec::new();
    table.write(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

/// What could let a number count twice, a name come again, or a program panic later, is refused: each field alone.
#[test]
fn what_no_table_can_be_is_refused() {
    let read = |bytes: &[u8]| SessionTable::<Room, 3, 4>::read(vec![None; 2], &mut &*bytes);
    let good = table_bytes();
    assert!(read(&good).is_ok());
    // The table has 13 bytes before its first entry, that one 12 before its session, and that 45 before its requests.
    let (entry, session, request) = (13, 13 + 12, 13 + 12 + 45);
    let second = request + 2 * 33 + 12;
    for (at, value, what) in [
        (1, 1_u64, "the next name was given away"),
        (1, 1 << 63, "names could come to their end"),
        (session + 9, 1, "two sessions of one name"),
        (second + 9, 0, "two sessions of one name"),
        (second + 9, 2, "a name that is still to be given"),
        (entry + 8 - 4, 1_000_000_000 << 32, "a second of more than a second"),
        (session + 33, 1 << 63, "attempts could come to their end"),
        (session + 33, 1, "an attempt that is still to come"),
        (request, 2, "an acknowledged request"),
        (request, 4, "two requests of one number"),
        (request + 33, 6, "a request beyond the window"),
        (request + 25, 0, "no attempt has this number"),
        (request + 25, 2, "two requests of one attempt"),
    ] {
        let mut bytes = good.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        assert_eq!(read(&bytes), Err(SnapshotError::Invalid), "{what}");
    }
    for end in 0..good.len() {
        assert_eq!(read(&good[..end]), Err(SnapshotError::Short), "{end}");
    }
}

/// Whatever is put in a session's place, each name stays that of one client.
#[test]
fn a_name_is_of_its_place() {
    let mut table = SessionTable::<Room, 3, 4>::new(vec![None; 2]);
    let now = Duration::ZERO;
    let (ann, bob) = (table.open(now).unwrap(), table.open(now).unwrap());
    *table.get(bob, now).unwrap() = Session::new(7);
    assert_eq!(table.get(ann, now).unwrap().epoch(), 0);
    assert_eq!(table.get(bob, now).unwrap().epoch(), 7);

    let mut bytes = Vec::new();
    table.write(&mut |piece| bytes.extend_from_slice(piece));
    let mut replica = SessionTable::<Room, 3, 4>::read(vec![None; 2], &mut &*bytes).unwrap();
    assert_eq!(replica.get(bob, now).unwrap().epoch(), 7);

    assert!(table.close(ann));
    assert_eq!(table.iter().map(|(id, ..)| id).collect::<Vec<_>>(), [bob]);
}

/// A clock that steps back ends no session early, and neither does the instant at which it may end.
#[test]
fn a_session_is_idle_since_its_latest_use() {
    let mut table = SessionTable::<Room, 3, 4>::new(vec![None; 1]);
    let id = table.open(Duration::from_secs(5)).unwrap();
    table.get(id, Duration::from_secs(9)).unwrap();
    table.get(id, Duration::from_secs(7)).unwrap();
    assert_eq!(table.expire(Duration::from_secs(19), Duration::from_secs(10)), 0);
    assert_eq!(table.expire(Duration::ZERO, Duration::ZERO), 0);
    assert_eq!(table.expire(Duration::from_nanos(19_000_000_001), Duration::from_secs(10)), 1);
}

/// A table never takes over what is in its room.
#[test]
fn used_room_is_emptied() {
    let mut room: Room = vec![None; 2];
    let mut table = SessionTable::<&mut [Option<Entry<3, 4>>], 3, 4>::new(&mut room);
    table.open(Duration::ZERO).unwrap();
    assert!(room[0].is_some());
    let table = SessionTable::<Room, 3, 4>::new(room);
    assert_eq!((table.len(), table.iter().count()), (0, 0));
}
