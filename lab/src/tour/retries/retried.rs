use core::fmt::{self, Display};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::tour::retries::{Ledger, Naive, OrderId, Verdict, Workload};

/// A trial that was run. `Display` writes what came of it as a table for people, without a line feed at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Retried {
    /// What was asked for.
    pub workload: Workload,
    /// What it was drawn from.
    pub seed: u64,
    /// How much each request that was asked adds.
    pub amounts: BTreeMap<OrderId, u64>,
    /// What the clients were told: of each request the balances, in the order in which they came.
    pub answers: BTreeMap<OrderId, Vec<u64>>,
    /// Messages that the machines sent, in both directions, retries included.
    pub sent: u64,
    /// How many of them the network lost on purpose.
    pub lost: u64,
    /// How many of them it doubled on purpose.
    pub doubled: u64,
    /// Messages that a machine ignored, as no honest peer's. All peers are honest, so it is a fault if there are any.
    pub refused: u64,
    /// What became of the requests that came to the server.
    pub tally: Tally,
    /// What it has on its disk.
    pub ledger: Ledger,
    /// What it would have there without sessions.
    pub naive: Naive,
    /// How it was killed; `None` if it was not.
    pub crash: Option<Crash>,
    /// How long the trial was allowed to take.
    pub patience: Duration,
}

/// What became of the requests that came to the server, in both of its lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tally {
    /// Executed, or cut short by the crash.
    pub begun: u64,
    /// Answered that they are in progress.
    pub in_progress: u64,
    /// Answered as before.
    pub replayed: u64,
    /// Ignored, as the client had the answer.
    pub stale: u64,
    /// Refused by the session.
    pub refused: u64,
}

/// How the server was killed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Crash {
    /// The request that had its effect last.
    pub id: OrderId,
    /// How many requests were being executed, without an effect so far.
    pub cut_short: u64,
    /// The effect was on the disk.
    pub is_durable: bool,
    /// The server had the time to end its life as it should: then it was no crash.
    pub is_clean: bool,
    /// How many answers to the request the machine had sent, those that the network lost included.
    pub told_before: u64,
    /// How often the next life answered it from what it found on the disk.
    pub replays: u64,
}

impl Retried {
    /// Whether each request took effect once, though the server was killed between an effect and its answer, and clients were
    /// told what came of it.
    ///
    /// # Errors
    /// [`Verdict`] names the worst that is wrong.
    pub fn verdict(&self) -> Result<(), Verdict> {
        Verdict::of(self)
    }

    /// How many requests there are.
    pub fn orders(&self) -> usize {
        self.workload.requests as usize
    }

    /// How many are answered.
    pub fn answered(&self) -> usize {
        self.answers.len()
    }

    /// What all requests that were asked add.
    pub fn sum(&self) -> u64 {
        self.amounts.values().sum()
    }

    /// How often a request came to the server.
    pub fn deliveries(&self) -> u64 {
        let Tally { begun, in_progress, replayed, stale, refused } = self.tally;
        begun + in_progress + replayed + stale + refused
    }

    /// How many of them are found again: in the effects on the disk, in what was cut short, and in those that had none.
    pub(super) fn accounted(&self) -> u64 {
        let Tally { in_progress, replayed, stale, .. } = self.tally;
        self.ledger.deposits.len() as u64 + self.cut_short() + in_progress + replayed + stale
    }

    /// How many effects there are without sessions.
    pub fn naive_effects(&self) -> u64 {
        self.naive.effects.values().sum()
    }

    /// How many requests have more than one effect without sessions.
    pub fn naive_repeated(&self) -> usize {
        self.naive.effects.values().filter(|&&effects| effects > 1).count()
    }

    fn cut_short(&self) -> u64 {
        self.crash.map_or(0, |crash| crash.cut_short)
    }
}

impl Display for Retried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Workload { requests, loss, duplication } = self.workload;
        writeln!(
            f,
            "{} clients asked a server over TCP, again and again until it answered. Of the messages {loss} % were lost\nand {duplication} % sent twice, on purpose, seed {}\n",
            Workload::CLIENTS,
            self.seed
        )?;
        let Tally { in_progress, replayed, stale, .. } = self.tally;
        let (repeated, naive) = (self.naive_repeated(), self.naive.balance);
        let mut row = |what: &str, count: u64, note: &str| writeln!(f, "  {what:<24}{count:>9}   {note}");
        row("requests", requests.into(), &format!("to add {} to an account", self.sum()))?;
        row(
            "messages sent",
            self.sent,
            &format!("{} of them lost and {} doubled on purpose", self.lost, self.doubled),
        )?;
        row("deliveries", self.deliveries(), "of requests to the server")?;
        row(
            "effects without sessions",
            self.naive_effects(),
            &format!("{repeated} requests had more than one; the account has {naive}"),
        )?;
        let each = if self.verdict().is_ok() { "each request had one; " } else { "" };
        row(
            "effects with them",
            self.ledger.deposits.len() as u64,
            &format!("{each}the account has {}", self.ledger.balance),
        )?;
        row("replays", replayed, "answered as before")?;
        row("in-progress answers", in_progress, "the request was being executed")?;
        row("old copies ignored", stale, "the client had the answer already")?;
        row(
            "executions cut short",
            self.cut_short(),
            "by the crash; they had no effect, and were begun again",
        )?;
        let refused = self.refused + self.tally.refused;
        if refused > 0 {
            row("messages refused", refused, "though all are honest")?;
        }
        match self.crash {
            Some(Crash { id, is_durable: true, told_before: 0, is_clean: false, replays, .. }) => write!(
                f,
                "\n  The server was killed when the effect of request {id} was on its disk, and the answer not sent. Started\n  again from its slots, it gave that answer without another effect: {}.",
                Times(replays)
            ),
            Some(Crash { id, .. }) => {
                write!(
                    f,
                    "\n  The server was stopped at request {id}, but not between its effect and its answer."
                )
            }
            None => write!(f, "\n  The server was not killed."),
        }
    }
}

struct Times(u64);

impl Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("once"),
            times => write!(f, "{times} times"),
        }
    }
}
