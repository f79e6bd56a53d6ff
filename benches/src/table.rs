use std::fmt::Write as _;

use crate::Case;
use crate::measure::{Ratio, Rounds};

/// Cases with their times, as ratios to a floor of the same column.
pub struct Table {
    pub title: &'static str,
    /// The clock that is 1.00; in a column that it has no case for, the next one.
    pub floors: &'static [&'static str],
    pub cases: Vec<Case>,
    pub rounds: Rounds,
}

impl Table {
    /// Clocks downwards, jobs to the right, each over the floor of its column.
    pub fn print(&self) -> String {
        let jobs = self.jobs();
        let mut text =
            format!("### {}\n\n| | {} |\n|---|{}\n", self.title, jobs.join(" | "), "--:|".repeat(jobs.len()));
        for clock in self.clocks() {
            let _ = write!(text, "| {clock} |");
            for job in &jobs {
                match self.ratio(clock, job) {
                    Some(ratio) if ratio.rounds == 0 => text += " disturbed |",
                    Some(ratio) => {
                        let noisy = if ratio.is_noisy() { "~" } else { "" };
                        let _ = write!(text, " {noisy}{:.2} |", ratio.median);
                    }
                    None => text += " |",
                }
            }
            text += "\n";
        }
        text + "\n"
    }

    /// Over the floor.
    pub fn ratio(&self, clock: &str, job: &str) -> Option<Ratio> {
        let floor = self.floors.iter().find_map(|floor| self.times(floor, job))?;
        Some(Ratio::new(self.times(clock, job)?, floor))
    }

    /// Over another clock.
    pub fn ratio_to(&self, other: &str, clock: &str, job: &str) -> Option<Ratio> {
        Some(Ratio::new(self.times(clock, job)?, self.times(other, job)?))
    }

    pub fn jobs(&self) -> Vec<&'static str> {
        unique(self.cases.iter().map(|case| case.job))
    }

    pub fn clocks(&self) -> Vec<&'static str> {
        unique(self.cases.iter().map(|case| case.clock))
    }

    fn times(&self, clock: &str, job: &str) -> Option<&[f64]> {
        let case = self.cases.iter().position(|case| case.clock == clock && case.job == job)?;
        Some(&self.rounds[case])
    }
}

/// A line of a table of targets.
pub fn at_most(what: &str, measured: f64, bound: f64) -> String {
    let verdict = if measured <= bound { "met" } else { "**missed**" };
    format!("| {what} | at most {bound} | {measured:.2} | {verdict} |\n")
}

/// A line of a table of targets.
pub fn at_least(what: &str, measured: f64, bound: f64) -> String {
    let verdict = if measured >= bound { "met" } else { "**missed**" };
    format!("| {what} | at least {bound} | {measured:.2} | {verdict} |\n")
}

fn unique(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = vec![];
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
