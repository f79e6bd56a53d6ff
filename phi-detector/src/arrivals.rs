use crate::arrival::{Arrival, share};
use crate::backlog::Backlog;
use crate::ticks::SHORT;
use crate::{Beat, Resolution, usual};

/// What is known of one peer's arrivals, whatever is made of the intervals between them: which beats are news, and up to
/// when they prove that the peer was alive. Times in ticks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Arrivals {
    is_known: bool,
    /// The next beat may be taken by [`arrive_plainly`](Self::arrive_plainly).
    is_plain: bool,
    /// The latest arrival, if the peer is known. Only grows.
    latest: u64,
    sequence: Option<u64>,
    epoch: Option<u64>,
    /// In which tick of its sender's clock the latest beat was sent.
    sent: Option<u64>,
    backlog: Backlog,
    /// The latest evidence of life: the latest arrival, less by how much it came too late.
    evidence: u64,
    /// Eight times the mean of the intervals that were no stalls, the latest with the most weight.
    usual_8: u64,
    /// A pause of our own fell into the interval that the next beat will end.
    paused: bool,
}

impl Arrivals {
    /// Of a peer that was never heard of.
    pub(crate) const NONE: Self = Self {
        is_known: false,
        is_plain: false,
        latest: 0,
        sequence: None,
        epoch: None,
        sent: None,
        backlog: Backlog::NONE,
        evidence: 0,
        usual_8: 0,
        paused: false,
    };

    /// A beat came. An interval longer than `clip` is a stall.
    #[inline]
    pub(crate) fn arrive(&mut self, beat: &Beat, resolution: Resolution, clip: u64) -> Arrival {
        #[expect(clippy::cast_possible_truncation, reason = "it is less")]
        let short = if self.is_plain { clip.min(u64::from(SHORT)) as u32 } else { 0 };
        match self.arrive_plainly(beat, resolution, short) {
            Some((_, ticks)) => {
                let ticks = u64::from(ticks);
                Arrival::Interval { ticks, lost: 0, sample: Some(ticks) }
            }
            None => self.arrive_marked(*beat, resolution, clip),
        }
    }

    /// The way of most beats, short enough to be built into the caller: of one that carries nothing, and ends an interval of at
    /// most `short` ticks, which is at most [`SHORT`], and zero if [no beat can be](Self::is_plain). Gives when it came and how
    /// many ticks the interval took. `None` of any other beat, and nothing happened.
    #[expect(clippy::inline_always, reason = "it is the way of most beats")]
    #[inline(always)]
    pub(crate) fn arrive_plainly(
        &mut self,
        beat: &Beat,
        resolution: Resolution,
        short: u32,
    ) -> Option<(u64, u32)> {
        let at = resolution.ticks(beat.at);
        let is_plain = beat.sequence.is_none() && beat.sent.is_none() && beat.epoch.is_none();
        if !is_plain || at <= self.latest {
            return None;
        }
        let ticks = at - self.latest;
        if ticks > u64::from(short) {
            return None;
        }
        (self.latest, self.evidence) = (at, at);
        // At least 8, before and after.
        self.usual_8 = (self.usual_8 / 8 * 7).saturating_add(ticks);
        #[expect(clippy::cast_possible_truncation, reason = "it is at most `short`")]
        Some((at, ticks as u32))
    }

    /// The same of any beat.
    #[inline(never)]
    pub(crate) fn arrive_marked(&mut self, beat: Beat, resolution: Resolution, clip: u64) -> Arrival {
        let arrival = self.take(&beat, resolution, clip);
        self.settle();
        arrival
    }

    /// To be called after whatever isn't plain.
    fn settle(&mut self) {
        // What is usual is known of nobody who isn't.
        self.is_plain = self.usual_8 > 0
            && !self.paused
            && self.sent.is_none()
            && self.backlog == Backlog::NONE
            && self.evidence <= self.latest;
    }

    fn take(&mut self, beat: &Beat, resolution: Resolution, clip: u64) -> Arrival {
        let at = resolution.ticks(beat.at);
        if !self.is_known {
            self.begin(beat, at, resolution);
            return Arrival::First;
        }
        let latest = self.latest;
        if at <= latest || beat.epoch.is_some_and(|epoch| self.epoch.is_some_and(|known| epoch < known)) {
            return Arrival::Stale;
        }
        if beat.epoch.is_some_and(|epoch| self.epoch.is_some_and(|known| epoch > known)) {
            self.begin(beat, at, resolution);
            return Arrival::Restarted;
        }
        let lost = match (beat.sequence, self.sequence) {
            (Some(sequence), Some(known)) if sequence <= known => return Arrival::Stale,
            (Some(sequence), Some(known)) => sequence - known - 1,
            _ => 0,
        };
        let (ticks, steps) = (at - latest, lost.saturating_add(1));
        let each = share(ticks, steps);
        let usual = usual::before(self.usual_8, each, clip);
        // Within what an interval may take, a beat is as good as on time.
        let slack = clip.saturating_sub(usual);
        let sent = beat.sent.map(|sent| resolution.ticks(sent));
        self.judge(beat, sent, ticks, usual.saturating_mul(steps), slack);
        self.hear(at, self.backlog.late.saturating_sub(slack));
        // What comes while a backlog is worked off says nothing of the sender.
        if self.backlog.late == 0 && !self.paused {
            self.learn_usual(each, clip);
        }
        self.sequence = beat.sequence.or(self.sequence);
        self.epoch = beat.epoch.or(self.epoch);
        let sample = if core::mem::take(&mut self.paused) { None } else { Some(each) };
        Arrival::Interval { ticks, lost, sample }
    }

    /// A beat arrived, which is so late.
    #[inline]
    fn hear(&mut self, at: u64, late: u64) {
        self.latest = at;
        self.evidence = self.evidence.max(at.saturating_sub(late));
    }

    /// Unless it was a stall.
    #[inline]
    fn learn_usual(&mut self, each: u64, clip: u64) {
        if each <= clip {
            self.usual_8 = usual::after(usual::before(self.usual_8, each, clip), each);
        }
    }

    /// Finds out how late a beat is that says when it was sent, or which it is.
    fn judge(&mut self, beat: &Beat, sent: Option<u64>, ticks: u64, expected: u64, slack: u64) {
        match (sent, self.sent) {
            (Some(sent), Some(before)) => {
                // Of the time from sending to arrival, on two clocks, only its changes mean something.
                let change = i128::from(ticks) - (i128::from(sent) - i128::from(before));
                self.backlog.transit(change, slack);
            }
            _ if beat.sequence.is_some() && self.sequence.is_some() => {
                self.backlog.interval(ticks, expected, slack);
            }
            _ => self.backlog = Backlog::NONE,
        }
        self.sent = sent;
    }

    /// It was alive at this time, as something else than a beat has shown.
    pub(crate) fn witness(&mut self, at: u64) {
        if self.is_known {
            self.evidence = self.evidence.max(at);
            self.settle();
        }
    }

    /// Takes a time in which we heard nothing, because we weren't there, out of the silence.
    pub(crate) fn observe_local_gap(&mut self, ticks: u64) {
        if self.is_known && ticks > 0 {
            self.latest = self.latest.saturating_add(ticks);
            self.evidence = self.evidence.saturating_add(ticks);
            // A beat that waits for us to come back is late by that much, and it is not its fault.
            self.sent = None;
            self.paused = true;
            self.settle();
        }
    }

    /// Whether the next beat may be taken by [`arrive_plainly`](Self::arrive_plainly).
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The latest evidence of life; `None` if the peer is unknown.
    pub(crate) fn evidence(&self) -> Option<u64> {
        self.is_known.then_some(self.evidence)
    }

    #[cold]
    fn begin(&mut self, beat: &Beat, at: u64, resolution: Resolution) {
        *self = Self {
            is_known: true,
            is_plain: false,
            latest: at,
            sequence: beat.sequence,
            epoch: beat.epoch.or(self.epoch),
            sent: beat.sent.map(|sent| resolution.ticks(sent)),
            backlog: Backlog::default(),
            evidence: self.evidence.max(at),
            usual_8: self.usual_8,
            paused: false,
        };
    }
}
