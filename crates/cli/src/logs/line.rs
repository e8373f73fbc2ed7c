//! How a line of a log is printed.

use std::io::{self, IsTerminal as _};

use console::style;
use jiff::Timestamp;
use sagebell_aws_reads::LogLine;
use sagebell_monitor::inert::{indented, one_line};
use sagebell_system::say;
use serde::Serialize;

use super::Ended;
use crate::args::LogsArgs;
use crate::output::Output;
use crate::table::middle;

/// What a line begins with on a terminal, where Sagebell's own words stand beside it.
const MARK: &str = "  | ";
/// The columns of a stream's name on a terminal.
const NAME: usize = 20;

/// How lines are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer {
    output: Output,
    timestamps: bool,
    on_terminal: bool,
}

/// A line for scripts.
#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    stream: &'a str,
    message: &'a str,
}

impl Printer {
    pub(super) fn new(args: &LogsArgs) -> Self {
        let (output, timestamps) = (args.job.api.output, args.timestamps);
        Self { output, timestamps, on_terminal: io::stdout().is_terminal() }
    }

    pub(super) fn print(&self, line: LogLine<'_>) -> Result<(), Ended> {
        let document = Line { at: line.at, stream: line.stream, message: line.text };
        let document = self.output.document(&document)?;
        say::try_show(document.unwrap_or_else(|| self.for_people(line)))?;
        Ok(())
    }

    /// All lines of what was written at once begin in the same way.
    fn for_people(&self, line: LogLine<'_>) -> String {
        let instance = line.instance.map(one_line);
        let instance = match &instance {
            Some(name) if self.on_terminal => format!("{} | ", middle(name, NAME)),
            Some(name) => format!("{name} | "),
            None if self.on_terminal => MARK.to_owned(),
            None => String::new(),
        };
        let at = if self.timestamps { format!("{:.3} ", line.at) } else { String::new() };
        let head = style(format!("{instance}{at}")).dim().to_string();
        format!("{head}{}", indented(line.text.trim_end(), &head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(on_terminal: bool, timestamps: bool, instance: Option<&str>, text: &str) -> String {
        let printer = Printer { output: Output::Table, timestamps, on_terminal };
        let at = Timestamp::from_millisecond(1_700_000_000_001).unwrap();
        console::set_colors_enabled(false);
        printer.for_people(LogLine { at, stream: "s", instance, text })
    }

    #[test]
    fn on_a_terminal_every_line_is_marked_as_the_jobs() {
        assert_eq!(shown(true, false, None, "a\nsagebell: b\n"), "  | a\n  | sagebell: b");
        let name = Some("algo-1-1700000000-and-more");
        assert_eq!(shown(true, false, name, "a"), "algo-1-170…-and-more | a");
        assert_eq!(shown(true, false, name, "\u{1b}[2J"), "algo-1-170…-and-more | \\u{1b}[2J");
    }

    #[test]
    fn elsewhere_lines_are_as_they_were_written_but_inert() {
        assert_eq!(shown(false, false, None, "a\n\u{1b}b\r\n"), "a\n\\u{1b}b");
        assert_eq!(shown(false, false, Some("x\ny"), "a"), "x\\ny | a");
        assert_eq!(
            shown(false, true, Some("algo-1"), "a\nb"),
            "algo-1 | 2023-11-14T22:13:20.001Z a\nalgo-1 | 2023-11-14T22:13:20.001Z b"
        );
    }
}
