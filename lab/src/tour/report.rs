use std::fmt::{self, Display};
use std::time::Duration;

use crate::analysis::{Analysis, Pairs, Tally, Traffic};
use crate::tour::suspicions::{Noticed, mistakes, noticed};
use crate::tour::verdict::refused_stamps;
use crate::tour::{Run, Verdict};
use crate::trace::NodeHeader;

/// What came of a tour, as a table for people. `Display` writes it, without a line feed at the end.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    run: &'a Run,
    analysis: &'a Analysis,
}

impl<'a> Report<'a> {
    /// Of a run, and the analysis of its trace.
    pub fn new(run: &'a Run, analysis: &'a Analysis) -> Self {
        Self { run, analysis }
    }

    /// Whether all logical clocks kept their promise on every message. More than the
    /// [analysis](Analysis::verdict) can say, which doesn't know of messages that were refused.
    ///
    /// # Errors
    /// [`Verdict`] names the worst that is wrong.
    pub fn verdict(&self) -> Result<(), Verdict> {
        Verdict::of(self.run, self.analysis)
    }
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (run, analysis) = (self.run, self.analysis);
        let header = &run.trace.header;
        let seconds = run.progress.elapsed.as_secs_f64();
        let nodes = header.nodes.len();
        write!(f, "{nodes} nodes talked over TCP for {seconds:.1} s, seed {}", header.seed)?;
        writeln!(f, "{}\n", if run.interrupted { ", until they were interrupted" } else { "" })?;

        writeln!(f, "  messages sent           {:>9}", analysis.sent)?;
        writeln!(f, "  messages received       {:>9}   {:.0} a second", analysis.received, analysis.rate())?;
        writeln!(f, "  edges checked           {:>9}   each from a send to its receive", analysis.edges)?;
        writeln!(
            f,
            "  largest lead of the HLC {:>9}   over a node's own wall clock",
            Millis(analysis.lead_max)
        )?;
        let Pairs { ordered, concurrent, .. } = analysis.pairs;
        let pairs = ordered + concurrent;
        writeln!(
            f,
            "  concurrent pairs        {concurrent:>9}   of {pairs} pairs of events on different nodes"
        )?;
        let (suspected, convicted) = mistakes(run);
        writeln!(
            f,
            "  mistaken suspicions     {suspected:>9}   of nodes that were running, {convicted} of them at phi 8"
        )?;
        let oddities = [
            (analysis.duplicates, "received twice"),
            (analysis.orphans, "received but never sent"),
            (analysis.resends, "sent twice under one name"),
            (refused_stamps(run), "refused by drivers, though all are honest: the stamp was too far ahead"),
            (run.progress.refused, "refused by machines, though all are honest"),
        ];
        for (count, what) in oddities.into_iter().filter(|&(count, _)| count > 0) {
            writeln!(f, "  messages                {count:>9}   {what}")?;
        }

        writeln!(
            f,
            "\n  clock      receive before send      equal   not growing on a node   concurrent pairs found"
        )?;
        let Pairs { lamport, hlc, vector, .. } = analysis.pairs;
        // Equal readings prove nothing of wall clocks: they may be anything.
        self.clock(f, "wall", analysis.wall, analysis.wall_steps_back, 0)?;
        self.clock(f, "Lamport", analysis.lamport, analysis.lamport_stalls, lamport)?;
        self.clock(f, "HLC", analysis.hlc, analysis.hlc_stalls, hlc)?;
        self.clock(f, "vector", analysis.vector, analysis.vector_stalls, vector)?;

        self.pause(f)?;
        write!(f, "\n  node   wall clock                                sent   received")?;
        for node in &header.nodes {
            let traffic = analysis.nodes.get(&node.node).copied().unwrap_or_default();
            let Traffic { sent, received } = traffic;
            write!(f, "\n  {:>4}   {:<38} {sent:>7} {received:>10}", node.node, Skew(node).to_string())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn pause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(paused) = &self.run.paused else { return Ok(()) };
        let (node, time) = (paused.node, paused.until.saturating_sub(paused.from).as_millis());
        let end = if paused.is_over { "then went on" } else { "the tour ended meanwhile" };
        writeln!(f, "\n  node {node} was stopped for {time} ms, as a process can be, and {end}")?;
        writeln!(
            f,
            "  seen by    phi 1 after    phi 3 after    phi 8 after    phi at most    trusted again after"
        )?;
        for Noticed { by, after, trusted, phi_max, .. } in noticed(self.run) {
            let [warned, suspected, convicted] = after.map(Silence);
            writeln!(
                f,
                "  {by:>7}{warned:>15}{suspected:>15}{convicted:>15}{phi_max:>15.0}{:>23}",
                Silence(trusted)
            )?;
        }
        Ok(())
    }

    fn clock(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        tally: Tally,
        stalls: u64,
        found: u64,
    ) -> fmt::Result {
        let Tally { before, equal } = tally;
        let wrong = percent(before, self.analysis.edges);
        let part = percent(found, self.analysis.pairs.concurrent);
        writeln!(
            f,
            "  {name:<8} {before:>12} {wrong:>5.1} % {equal:>10} {stalls:>23} {found:>16} {part:>5.1} %"
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people, who read three digits")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// What was done to a node's wall clock: "+150 ms, then -400 ms at 2.5 s".
pub(crate) struct Skew<'a>(pub(crate) &'a NodeHeader);

impl Display for Skew<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.offset_ms {
            0 => f.write_str("right")?,
            offset => write!(f, "{offset:+} ms")?,
        }
        if let Some(step) = self.0.step {
            write!(
                f,
                ", moved by {:+} ms after {} s",
                step.by_ms,
                Duration::from_millis(step.after_ms).as_secs_f64()
            )?;
        }
        Ok(())
    }
}

/// After how long, if ever.
struct Silence(Option<Duration>);

impl Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time) => Millis(time).fmt(f),
            None => f.pad("never"),
        }
    }
}

struct Millis(Duration);

impl Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} ms", self.0.as_millis()))
    }
}
