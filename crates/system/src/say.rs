//! Output for people: lines on standard output and standard error.
//!
//! Promises: output never fails. If nobody reads it (`… | head`) or the disk is full, the line is
//! lost and the program continues, while `println!` would panic. All output is inert
//! ([`sagebell_monitor::inert`]), whatever text it contains.

use std::fmt::Display;
use std::io::{self, Write};

use sagebell_monitor::inert::hanging;

/// Says something on standard output. The lines after its first are indented.
pub fn out(line: impl Display) {
    write_line(io::stdout().lock(), hanging(&line.to_string()));
}

/// Says something on standard error. The lines after its first are indented.
pub fn err(line: impl Display) {
    write_line(io::stderr().lock(), hanging(&line.to_string()));
}

/// Prints a text of Sagebell on standard output unchanged: a table, a help, a document, colours.
/// The caller must make texts from others inert.
pub fn show(text: impl Display) {
    write_line(io::stdout().lock(), text);
}

/// As [`show`], for a command whose only work is to print.
///
/// # Errors
/// If nobody reads it any more, or it cannot be written.
pub fn try_show(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn write_line(mut to: impl Write, line: impl Display) {
    // A line that can't be said is lost: nothing that depends on it is.
    let _ = writeln!(to, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_line_that_nobody_reads_is_lost_and_costs_nothing_else() {
        write_line(Closed, "lost");
        let mut read = Vec::new();
        write_line(&mut read, format_args!("{} of {}", 1, 2));
        assert_eq!(read, b"1 of 2\n");
    }
}
