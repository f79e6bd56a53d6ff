use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use spacelike::machine::NodeId;
use spacelike_lab::tour::retries::Workload;
use spacelike_lab::tour::{Options, Pause};
use spacelike_lab::trace::Step;

/// Nodes that talk over real sockets while their wall clocks go wrong.
///
/// Without arguments this is the tour: five nodes in one process, each with its own TCP listener on loopback and its own
/// view of the system's clock. Two of the clocks are wrong, and one is set back in the middle of the run. One node is stopped
/// for a while, and the others notice that its heartbeats are missing. Every message is
/// stamped by wall clock, Lamport clock, hybrid logical clock and vector clock when it is sent and when it is received. At
/// the end a table says how often each of them put the receive before the send, and which of the events that had nothing to
/// do with each other it could tell, and when the stopped node was suspected and trusted again; the trace and a diagram of it are left as files.
///
/// Then clients ask a server over TCP, and repeat each request until it is answered. Messages are lost and doubled on purpose, and
/// the server is killed between an effect and its answer, and started again from its disk. A table says how often the requests
/// took effect, with sessions and without.
///
/// The exit code is 0 if the logical clocks were right on every message and the vector clocks on every pair of events, and
/// each request took effect once; 1 if not, if a message was refused, if nothing was exchanged, if the stopped node's absence or return
/// went unnoticed or if the server was not killed where it should be; and 2 if the tour can't be run as asked.
#[derive(Parser, Debug)]
#[command(name = "spacelike", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    tour: TourArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// The tour: what runs without a subcommand.
    Tour(TourArgs),
}

#[derive(Args, Debug)]
pub(super) struct TourArgs {
    /// How many nodes: from 2 to 16.
    #[arg(long, value_name = "N", default_value_t = 5)]
    nodes: u32,

    /// How long they talk.
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    seconds: f64,

    /// How many messages each node sends in a second: up to 1000.
    #[arg(long, value_name = "R", default_value_t = 40.0)]
    rate: f64,

    /// How far each wall clock is ahead of the system's, in node order. The rest are right. [default: 150ms,-150ms]
    #[arg(long, value_name = "TIME,...", value_delimiter = ',', allow_hyphen_values = true, value_parser = millis)]
    offset: Option<Vec<i64>>,

    /// Moves a node's wall clock in the middle of the run, as in 5:2.5s:-400ms. May be given for several nodes; `none`
    /// leaves all alone. [default: the last node, at half time, -400ms]
    #[arg(long, value_name = "NODE:AFTER:BY", allow_hyphen_values = true, value_parser = step)]
    step: Vec<StepArg>,

    /// Stops a node for a while, as in 4:2s:1.25s, and longer if the others need longer to notice; `none` stops none.
    /// [default: the last but one, after two fifths of the time, for a quarter of it, unless that is less than 400ms]
    #[arg(long, value_name = "NODE:AFTER:FOR", allow_hyphen_values = true, value_parser = pause)]
    pause: Option<PauseArg>,

    /// How many requests clients make once the nodes have talked, how many of a hundred messages are lost, and how many of the others
    /// doubled; `none` makes none. [default: 200:20%:20%, unless the nodes talk for less than 2 seconds]
    #[arg(long, value_name = "REQUESTS:LOSS:DOUBLED", allow_hyphen_values = true, value_parser = retries)]
    retries: Option<RetriesArg>,

    /// How far ahead of its wall clock a node lets a stamp be. Stamps farther ahead are refused.
    #[arg(long, value_name = "TIME", default_value = "1s", allow_hyphen_values = true, value_parser = duration)]
    drift_max: Duration,

    /// Decides who tells whom, and which messages are lost or doubled on purpose. The network's timing stays its own, so no two runs are the same.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The port of the first node; the others take those after it. 0 takes any that are free, as the server and its clients do.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,

    /// Where to leave trace.jsonl and diagram.html, and in a folder `server` what the killed server has on its disk. Made if it
    /// isn't there; older ones are replaced.
    #[arg(long, value_name = "DIR", default_value = "spacelike-out")]
    pub(super) out: PathBuf,

    /// Writes the trace as a log for ShiViz to this file as well, which draws it in a browser. An older one is replaced.
    #[arg(long, value_name = "FILE")]
    pub(super) shiviz: Option<PathBuf>,

    /// Prints only the paths of the files.
    #[arg(long, short)]
    pub(super) quiet: bool,

    /// Logs what the nodes' connections do; twice for more.
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// Why there is nothing to run.
pub(super) enum Stop {
    /// Help or the version was asked for: here it is.
    Help(String),
    /// The arguments are wrong, in a line.
    Usage(String),
}

pub(super) fn parse() -> Result<TourArgs, Stop> {
    match Cli::try_parse() {
        Ok(Cli { command: Some(Command::Tour(tour)), .. } | Cli { command: None, tour }) => Ok(tour),
        Err(error) => Err(match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Stop::Help(format!("{}\n", error.to_string().trim_end()))
            }
            _ => Stop::Usage(one_line(&error.to_string())),
        }),
    }
}

impl TourArgs {
    pub(super) fn options(&self) -> Result<Options, String> {
        let (min, max) = (Options::DURATION_MIN.as_secs_f64(), Options::DURATION_MAX.as_secs());
        let duration = Duration::try_from_secs_f64(self.seconds)
            .map_err(|_| format!("--seconds {:?}: a run takes from {min} to {max}", self.seconds))?;
        let mut steps = BTreeMap::new();
        for &StepArg(step) in &self.step {
            if let Some((node, step)) = step
                && steps.insert(node, step).is_some()
            {
                return Err(format!("--step names node {node} twice, and a clock is moved once"));
            }
        }
        let default = Options::new(self.nodes, duration);
        Ok(Options {
            rate: self.rate,
            offsets_ms: self.offset.clone().unwrap_or(default.offsets_ms),
            steps: if self.step.is_empty() { default.steps } else { steps },
            seed: self.seed,
            port: self.port,
            drift_max: self.drift_max,
            pause: self.pause.map_or(default.pause, |PauseArg(pause)| pause),
            retries: self.retries.map_or(default.retries, |RetriesArg(retries)| retries),
            ..default
        })
    }
}

/// A node's step, or none at all.
#[derive(Clone, Copy, Debug)]
struct StepArg(Option<(NodeId, Step)>);

fn step(text: &str) -> Result<StepArg, String> {
    if text == "none" {
        return Ok(StepArg(None));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let &[node, after, by] = &parts[..] else {
        return Err("a step is written NODE:AFTER:BY, as in 5:2.5s:-400ms".into());
    };
    let node = node.parse().map_err(|_| format!("`{node}` is no node: they are numbered from 1"))?;
    let after_ms =
        u64::try_from(millis(after)?).map_err(|_| format!("`{after}` lies before the beginning"))?;
    Ok(StepArg(Some((NodeId(node), Step { after_ms, by_ms: millis(by)? }))))
}

/// A node's pause, or none at all.
#[derive(Clone, Copy, Debug)]
struct PauseArg(Option<Pause>);

fn pause(text: &str) -> Result<PauseArg, String> {
    if text == "none" {
        return Ok(PauseArg(None));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let &[node, after, time] = &parts[..] else {
        return Err("a pause is written NODE:AFTER:FOR, as in 4:2s:1.25s".into());
    };
    let node = node.parse().map_err(|_| format!("`{node}` is no node: they are numbered from 1"))?;
    Ok(PauseArg(Some(Pause { node: NodeId(node), after: duration(after)?, time: duration(time)? })))
}

/// What clients ask for, or nothing at all.
#[derive(Clone, Copy, Debug)]
struct RetriesArg(Option<Workload>);

fn retries(text: &str) -> Result<RetriesArg, String> {
    if text == "none" {
        return Ok(RetriesArg(None));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let &[requests, loss, duplication] = &parts[..] else {
        return Err("retries are written REQUESTS:LOSS:DOUBLED, as in 200:20%:20%".into());
    };
    let requests = requests.parse().map_err(|_| format!("`{requests}` is no number of requests"))?;
    let (loss, duplication) = (percent(loss)?, percent(duplication)?);
    Ok(RetriesArg(Some(Workload { requests, loss, duplication })))
}

/// Reads `20%`.
fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse().ok());
    number.filter(|&percent| percent <= 100).ok_or_else(|| format!("`{text}` is no part: write 0% to 100%"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let millis = u64::try_from(millis(text)?).map_err(|_| "it can't be negative".to_owned())?;
    Ok(Duration::from_millis(millis))
}

/// Reads `150ms`, `-0.4s` or `0`: whole milliseconds, up to a thousand years either way.
fn millis(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time: write 150ms, -150ms or 0.4s");
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (number, decimals) = match (rest.strip_suffix("ms"), rest.strip_suffix('s')) {
        (Some(number), _) => (number, 0),
        (None, Some(number)) => (number, 3),
        (None, None) if rest == "0" => (rest, 0),
        (None, None) => return Err(wrong()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let part = part.trim_end_matches('0');
    if part.len() > decimals || whole.len() > 14 {
        return Err(format!("`{text}` can't be had: times are whole milliseconds, below a thousand years"));
    }
    let millis: i64 = format!("{whole}{part:0<decimals$}").parse().map_err(|_| wrong())?;
    Ok(if negative { -millis } else { millis })
}

/// The first paragraph of what clap says, which is the error; the rest is advice.
fn one_line(error: &str) -> String {
    let first = error.split("\n\n").next().unwrap_or(error);
    let words: Vec<&str> = first.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
