use crate::check::linearizable::parts;
use crate::check::search::{Found, Order, search};
use crate::check::{Call, Checked, History, Outcome, Spec, Stuck, Verdict};

/// Whether the calls on each key could have been made one after the other, those of each client in the order in which it
/// made them, with these answers: sequential consistency (Lamport 1979) of each key by itself, which is also called timeline
/// consistency (Cooper et al., "PNUTS", 2008). With a specification that has one key it is sequential consistency.
///
/// Unlike linearizability, this is not local: keys that are each consistent need not be so together. A call with an unknown
/// outcome may be made at any moment after the calls that its client completed before it, or never.
///
/// To decide this is NP-complete. In the counterexample each order has due the next call of each client.
///
/// # Cost
/// At most `budget` configurations are tried, over all keys; then it is undecided.
///
/// # Examples
/// ```
/// use spacelike_lab::check::register::{Answer, Operation, Register};
/// use spacelike_lab::check::{BUDGET, Event, History, What, linearizable, timeline};
///
/// let mut history = History::new();
/// for (client, asked, answer) in [
///     (1, Operation::Write(7), Answer::Done),
///     (2, Operation::Read, Answer::Value(None)), // stale
///     (2, Operation::Read, Answer::Value(Some(7))),
/// ] {
///     history.push(Event { time_ns: 0, client, what: What::Invoke(asked) })?;
///     history.push(Event { time_ns: 0, client, what: What::Ok(answer) })?;
/// }
/// let register = Register::new(None);
/// assert!(linearizable(&register, &history, BUDGET).verdict.broken().is_some());
/// assert!(timeline(&register, &history, BUDGET).verdict.holds());
/// # Ok::<(), spacelike_lab::check::OutOfOrder>(())
/// ```
pub fn timeline<S: Spec>(
    spec: &S,
    history: &History<S::Operation, S::Answer>,
    budget: u64,
) -> Checked<Stuck<S::Operation, S::Answer>> {
    let mut left = budget;
    let checked = |verdict, left| Checked { verdict, configurations: budget - left };
    for (key, indices) in parts(spec, history) {
        let calls: Vec<_> = indices.iter().map(|&index| &history.calls()[index]).collect();
        match search(spec, &key, &calls, &mut Programs::new(&calls), &mut left) {
            Found::Order => {}
            Found::Exhausted => return checked(Verdict::Undecided, left),
            Found::None(leaves, tried) => {
                let history = history.only(|index| indices.binary_search(&index).is_ok());
                let stuck = Stuck::new(Some(key.to_string()), history, leaves, tried);
                return checked(Verdict::Broken(stuck), left);
            }
        }
    }
    checked(Verdict::Holds, left)
}

/// Of each client the next call with a known outcome may come next, and those with unknown ones before it.
struct Programs {
    /// By client, its calls.
    by_client: Vec<Vec<usize>>,
    /// By call: its client's place in `by_client`, and its own place there.
    places: Vec<(usize, usize)>,
    /// By call, whether its outcome is known.
    known: Vec<bool>,
    placed: Vec<bool>,
    count: usize,
}

impl Programs {
    fn new<O, A>(calls: &[&Call<O, A>]) -> Self {
        let mut clients: Vec<_> = calls.iter().map(|call| call.client).collect();
        clients.sort_unstable();
        clients.dedup();
        let mut by_client = vec![Vec::new(); clients.len()];
        let mut places = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            let client = clients.partition_point(|&client| client < call.client);
            places.push((client, by_client[client].len()));
            by_client[client].push(index);
        }
        let known = calls.iter().map(|call| matches!(call.outcome, Outcome::Ok(_))).collect();
        Self { by_client, places, known, placed: vec![false; calls.len()], count: 0 }
    }

    /// The first call that may come next from this place of this client on, or of a later one.
    fn from(&self, client: usize, place: usize) -> Option<usize> {
        let mut place = place;
        for program in &self.by_client[client.min(self.by_client.len())..] {
            if let Some(&call) = program[place..].iter().find(|&&call| !self.placed[call]) {
                return Some(call);
            }
            place = 0;
        }
        None
    }
}

impl Order for Programs {
    fn first(&self) -> Option<usize> {
        self.from(0, 0)
    }

    fn after(&self, call: usize) -> Option<usize> {
        let (client, place) = self.places[call];
        if self.known[call] { self.from(client + 1, 0) } else { self.from(client, place + 1) }
    }

    fn place(&mut self, call: usize) {
        self.placed[call] = true;
        self.count += usize::from(self.known[call]);
    }

    fn unplace(&mut self, call: usize) {
        self.placed[call] = false;
        self.count -= usize::from(self.known[call]);
    }

    fn depth(&self) -> usize {
        self.count
    }

    fn due(&self) -> Vec<usize> {
        let next = |program: &Vec<usize>| {
            program.iter().copied().find(|&call| self.known[call] && !self.placed[call])
        };
        self.by_client.iter().filter_map(next).collect()
    }
}
