use core::time::Duration;

/// How peers are watched: how often beats come, and what is made of a silence.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike::monitor::{Detection, Level};
///
/// // Beats ten times a second; a machine is told of a silence that is all but certain to be none of the usual ones.
/// let mut detection = Detection { suspect_at: Level::Convict, ..Detection::every(Duration::from_millis(100)) };
/// assert_eq!((detection.pause, detection.out_of_range()), (Duration::from_millis(400), None));
///
/// detection.levels = [1.0, 8.0, 3.0];
/// assert_eq!(detection.out_of_range(), Some("levels"));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Detection {
    /// How far apart heartbeats are, ours and those of the peers. 500 ms by default; from a millisecond to an hour.
    pub period: Duration,
    /// A silence that raises no suspicion, on top of what is usual between two beats: for a collector, a scheduler, a disk.
    /// 2 s by default, at most a day.
    pub pause: Duration,
    /// What phi is at each [`Level`], in their order: 1, 3 and 8 by default. Above zero and growing.
    pub levels: [f64; 3],
    /// The level at which a machine is told: [`Input::Suspect`](crate::machine::Input::Suspect), and
    /// [`Input::Trust`](crate::machine::Input::Trust) below it. [`Level::RouteAround`] by default.
    pub suspect_at: Level,
    /// After so many good beats in succession a suspect is trusted again: 2 by default, at least one.
    pub trust_after: u32,
    /// How long after the start a peer may stay unheard before it is convicted. 10 s by default, at most a day.
    pub grace: Duration,
}

/// How far a suspicion has gone, and what it is enough for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Tell people.
    Warn,
    /// Ask others first.
    RouteAround,
    /// Take it for dead, where that can be taken back.
    Convict,
}

impl Detection {
    /// With beats so far apart, a pause of four times that, and twenty times that until all must have been heard.
    pub const fn every(period: Duration) -> Self {
        Self {
            period,
            pause: period.saturating_mul(4),
            levels: [1.0, 3.0, 8.0],
            suspect_at: Level::RouteAround,
            trust_after: 2,
            grace: period.saturating_mul(20),
        }
    }

    /// The name of the first field that is out of its range; `None` if all are well.
    pub fn out_of_range(&self) -> Option<&'static str> {
        let [warn, route_around, convict] = self.levels;
        [
            ("period", (PERIOD_MIN..=PERIOD_MAX).contains(&self.period)),
            ("pause", self.pause <= DAY),
            // NaN is less than nothing.
            (
                "levels",
                0.0 < warn && warn < route_around && route_around < convict && convict < f64::INFINITY,
            ),
            ("trust_after", self.trust_after > 0),
            ("grace", self.grace <= DAY),
        ]
        .into_iter()
        .find_map(|(name, is_well)| (!is_well).then_some(name))
    }
}

impl Default for Detection {
    fn default() -> Self {
        Self::every(Duration::from_millis(500))
    }
}

impl Level {
    /// All, the lowest first.
    pub const ALL: [Self; 3] = [Self::Warn, Self::RouteAround, Self::Convict];
}

const PERIOD_MIN: Duration = Duration::from_millis(1);
const PERIOD_MAX: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
