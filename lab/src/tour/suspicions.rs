use std::time::Duration;

use spacelike::machine::NodeId;
use spacelike::monitor::{Change, Level};

use crate::tour::{Paused, Run};

/// What a node noticed of another one's pause.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Noticed {
    /// Who.
    pub(crate) by: NodeId,
    /// How long the silence was when it came to each level; `None` if it never did.
    pub(crate) after: [Option<Duration>; 3],
    /// The same, of the level at which machines are told.
    pub(crate) is_suspected: bool,
    /// How long after the end of the pause the node was trusted again.
    pub(crate) trusted: Option<Duration>,
    /// The greatest phi.
    pub(crate) phi_max: f64,
}

/// What each other node noticed of the pause, in node order. Empty if there was none.
pub(crate) fn noticed(run: &Run) -> Vec<Noticed> {
    let Some(paused) = &run.paused else { return Vec::new() };
    let others = run.changes.iter().filter(|(by, _)| **by != paused.node);
    others.map(|(&by, changes)| notice(by, changes, paused)).collect()
}

fn notice(by: NodeId, changes: &[Change], paused: &Paused) -> Noticed {
    let of_it: Vec<_> = changes.iter().filter(|change| change.peer == paused.node).collect();
    // One that was suspect already when the pause began is so in the pause.
    let began = of_it.partition_point(|change| change.at < paused.from).saturating_sub(1);
    let since = &of_it[began..];
    let reaches = |level: Level| since.iter().find(move |change| change.to >= Some(level));
    let trusted =
        since.iter().find(|change| change.at >= paused.until && change.to < Some(change.suspect_at));
    Noticed {
        by,
        after: Level::ALL.map(|level| reaches(level).map(|change| change.suspicion.elapsed)),
        is_suspected: since.iter().any(|change| change.to >= Some(change.suspect_at)),
        trusted: trusted.map(|change| change.at.saturating_sub(paused.until)),
        phi_max: paused.phi_max.get(&by).copied().unwrap_or_default(),
    }
}

/// How often a node that ran was suspected, so that its machine's peers were told, and how often it was convicted. Not a fault
/// of anything but the machine's load, unless it happens on an idle one.
pub(crate) fn mistakes(run: &Run) -> (u64, u64) {
    let noticed = noticed(run);
    let mistaken = |by: NodeId, change: &Change| {
        run.paused.as_ref().is_none_or(|paused| {
            let until = noticed.iter().find(|noticed| noticed.by == by).map(|noticed| {
                noticed.trusted.map_or(Duration::MAX, |trusted| paused.until.saturating_add(trusted))
            });
            change.peer != paused.node
                || change.at < paused.from
                || until.is_some_and(|until| change.at > until)
        })
    };
    let rises = |change: &Change, level: Level| change.from < Some(level) && change.to >= Some(level);
    let (mut suspected, mut convicted) = (0, 0);
    for (&by, changes) in &run.changes {
        for change in changes.iter().filter(|change| mistaken(by, change)) {
            suspected += u64::from(rises(change, change.suspect_at));
            convicted += u64::from(rises(change, Level::Convict));
        }
    }
    (suspected, convicted)
}
