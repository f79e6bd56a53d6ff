use core::fmt::{self, Display, Write};

use crate::shiviz::text::{Json, Label, Line, Name};

/// Writes a log for ShiViz. See [the module](crate::shiviz) for the format.
///
/// It takes the entries of any clock, and allocates nothing. It keeps no state and checks nothing but texts:
/// [`validate`](crate::shiviz::validate) checks the clocks.
///
/// # Examples
/// ```
/// use spacelike_vclock::shiviz::Writer;
///
/// let mut log = String::new();
/// let mut writer = Writer::new(&mut log)?;
/// writer.execution("the first of 2")?;
/// writer.event("node 1", [("node 1", 1)], "reads \"x\"\nand y")?;
///
/// let lines: Vec<&str> = log.lines().skip(2).collect();
/// assert_eq!(lines, ["=== the first of 2 ===", r#"node%201 {"node%201":1}"#, r#"reads "x"\nand y"#]);
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Writer<W> {
    to: W,
}

/// The first line of a log: how ShiViz reads an event.
pub const PARSER: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// The second line of a log: how ShiViz tells executions apart.
pub const DELIMITER: &str = "^=== (?<trace>.*) ===$";

impl<W: Write> Writer<W> {
    /// Begins a log: writes [`PARSER`] and [`DELIMITER`], a line each.
    ///
    /// # Errors
    /// Whatever `to` fails with.
    pub fn new(mut to: W) -> Result<Self, fmt::Error> {
        write!(to, "{PARSER}\n{DELIMITER}\n")?;
        Ok(Self { to })
    }

    /// Goes on with a log that has its first two lines already.
    pub const fn resume(to: W) -> Self {
        Self { to }
    }

    /// Begins another execution, which ShiViz draws beside the others. Labels must differ. Events before the first label
    /// are an execution without one.
    ///
    /// The label is escaped as the text of an [event](Self::event) is, and one that means something to JavaScript has
    /// its first letter escaped as well.
    ///
    /// # Errors
    /// Whatever is written to fails with.
    pub fn execution(&mut self, label: impl Display) -> fmt::Result {
        writeln!(self.to, "=== {} ===", Label(label))
    }

    /// Writes an event of `host`: the entries of its clock, in which `host` counts this event, and what happened.
    /// Entries of zero are left out.
    ///
    /// ShiViz knows hosts by name, so they must have different ones. Of a name, white space, control characters and `%`
    /// become `%` and two hexadecimal digits a byte, no name at all becomes `%`, and one that means something to
    /// JavaScript, such as `constructor`, has its first letter so written: names that differ still do. Of a text, control
    /// characters, line separators and backslashes are written as in a Rust literal, so that it is one line, and a `=`
    /// at its beginning has a backslash before it. A text without anything to see becomes `-`, since ShiViz would not
    /// find the event. Names and texts are formatted twice.
    ///
    /// # Errors
    /// Whatever is written to fails with.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::shiviz::Writer;
    ///
    /// let mut log = String::new();
    /// let counters = [2, 0, 7]; // of nodes that are known by their slots
    /// Writer::resume(&mut log).event(2, counters.into_iter().enumerate(), "boots")?;
    /// assert_eq!(log, "2 {\"0\":2,\"2\":7}\nboots\n");
    /// # Ok::<(), std::fmt::Error>(())
    /// ```
    pub fn event<A: Display>(
        &mut self,
        host: impl Display,
        clock: impl IntoIterator<Item = (A, u64)>,
        text: impl Display,
    ) -> fmt::Result {
        write!(self.to, "{} {{", Name(host))?;
        let mut comma = "";
        for (host, counter) in clock.into_iter().filter(|entry| entry.1 > 0) {
            write!(self.to, "{comma}\"{}\":{counter}", Json(Name(host)))?;
            comma = ",";
        }
        writeln!(self.to, "}}\n{}", Line(text))
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.to
    }
}
