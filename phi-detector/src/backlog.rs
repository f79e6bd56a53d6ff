/// How much later beats come than they would have without a stall on the way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Backlog {
    pub(crate) late: u64,
    /// Beats since it last grew by more than the slack.
    pub(crate) age: u32,
    /// Long intervals in succession: of a sender that has become slower.
    pub(crate) streak: u32,
}

impl Backlog {
    pub(crate) const NONE: Self = Self { late: 0, age: 0, streak: 0 };

    /// The way took so much longer than that of the beat before.
    pub(crate) fn transit(&mut self, change: i128, slack: u64) {
        let late = (i128::from(self.late) + change).max(0);
        self.move_to(u64::try_from(late).unwrap_or(u64::MAX), slack);
    }

    /// By their numbers, so much time should have been between two beats, and so much was. Only what is too long by more than
    /// the slack is a stall and makes a backlog, however many were lost; what comes faster afterwards works it off.
    pub(crate) fn interval(&mut self, ticks: u64, expected: u64, slack: u64) {
        let stall = ticks > expected.saturating_add(slack);
        self.streak = if stall { self.streak.saturating_add(1) } else { 0 };
        let late = if self.streak >= SLOWER {
            0
        } else if stall {
            self.late.saturating_add(ticks - expected)
        } else {
            self.late.saturating_sub(expected.saturating_sub(ticks))
        };
        self.move_to(late, slack);
    }

    /// It comes so late. A backlog that goes on and on is a longer way, or a slow clock: jitter and drift make it grow a little all
    /// the time, and no new one.
    pub(crate) fn move_to(&mut self, late: u64, slack: u64) {
        self.age = if late > self.late.saturating_add(slack) { 0 } else { self.age + 1 };
        self.late = if self.age >= LONGER_WAY { 0 } else { late };
        if self.late == 0 {
            self.age = 0;
        }
    }
}

/// So many long intervals in succession are those of a slower sender: a stall on the way is one long interval.
const SLOWER: u32 = 4;

/// After so many late beats without another stall, the way has become longer, and what comes is on time.
const LONGER_WAY: u32 = 64;
