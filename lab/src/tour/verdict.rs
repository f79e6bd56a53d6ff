use spacelike::machine::NodeId;

use crate::analysis::{self, Analysis};
use crate::tour::Run;
use crate::tour::suspicions::noticed;

/// Why a tour proves nothing for the logical clocks and the failure detectors, or something against them. That a node which ran
/// was suspected for a while is no fault: the system may have kept it waiting. All its nodes are honest, and its options
/// keep the wall clocks within the drift that the nodes accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Verdict {
    /// The trace says so.
    #[error(transparent)]
    Trace(#[from] analysis::Verdict),
    /// Messages of honest nodes were refused: a clock is wrong where no edge shows it, or the system's own clock was moved.
    #[error(
        "honest messages were refused: {messages} by the machines, as sent by no honest peer, and {stamps} by their drivers, for stamps too far ahead"
    )]
    Refused {
        /// By the machines.
        messages: u64,
        /// By the drivers, because of their stamps.
        stamps: u64,
    },
    /// Messages whose send and receive can't be joined, so that the clocks were not asked about them.
    #[error(
        "the trace has holes: {orphans} messages were received but never sent, {resends} were sent twice under one name"
    )]
    Unjoined {
        /// Receives without a send.
        orphans: u64,
        /// Sends of a message that was sent before.
        resends: u64,
    },
    /// A node was stopped, and another one didn't notice.
    #[error("node {node} was paused, and node {by} didn't suspect it")]
    Unsuspected {
        /// Who was paused.
        node: NodeId,
        /// Who didn't notice.
        by: NodeId,
    },
    /// A node went on, and another one didn't notice.
    #[error("node {node} went on after a pause, and node {by} didn't trust it again")]
    Untrusted {
        /// Who was paused.
        node: NodeId,
        /// Who didn't notice.
        by: NodeId,
    },
}

impl Verdict {
    /// What is wrong with a run, the worst first: a broken clock, then what was refused, then what can't be joined, then a
    /// pause that wasn't noticed.
    pub(super) fn of(run: &Run, analysis: &Analysis) -> Result<(), Self> {
        let trace = analysis.verdict();
        if let Err(broken @ (analysis::Verdict::Broken { .. } | analysis::Verdict::Ordered { .. })) = trace {
            return Err(broken.into());
        }
        let (messages, stamps) = (run.progress.refused, refused_stamps(run));
        if messages + stamps > 0 {
            return Err(Self::Refused { messages, stamps });
        }
        let &Analysis { orphans, resends, .. } = analysis;
        if orphans + resends > 0 {
            return Err(Self::Unjoined { orphans, resends });
        }
        for paused in run.paused.iter().filter(|paused| paused.is_over) {
            let node = paused.node;
            for noticed in noticed(run) {
                if !noticed.is_suspected {
                    return Err(Self::Unsuspected { node, by: noticed.by });
                }
                if noticed.trusted.is_none() {
                    return Err(Self::Untrusted { node, by: noticed.by });
                }
            }
        }
        Ok(trace?)
    }
}

/// By the drivers of all nodes.
pub(super) fn refused_stamps(run: &Run) -> u64 {
    run.stats.values().map(|stats| stats.refused_stamps).sum()
}
