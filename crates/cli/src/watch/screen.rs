//! The screen of `sagebell watch`.

use std::io::{self, Stdout, Write as _, stdout};

use console::{style, truncate_str};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};
use jiff::Timestamp;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;

use crate::jobs::jobs_table;

/// Lines that are no job: the head, a blank one, the table's head, and the foot.
const AROUND: usize = 4;
/// Jobs that are asked for at most, on however large a terminal.
const MOST: usize = 200;

/// What is shown.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Where the monitor is.
    pub(super) monitor: String,
    /// The jobs, in their order.
    pub(super) jobs: Vec<Job>,
    /// Why they could not be read just now.
    pub(super) trouble: Option<String>,
}

/// The terminal, until it is dropped.
pub(super) struct Screen {
    out: Stdout,
}

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        // From here on, dropping it restores the terminal.
        let mut screen = Self { out: stdout() };
        enable_raw_mode()?;
        execute!(screen.out, EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// The number of jobs that fit.
    #[expect(clippy::unused_self, reason = "the size belongs to the screen")]
    pub(super) fn rows(&self) -> usize {
        let rows = size().map_or(24, |(_, rows)| usize::from(rows));
        rows.saturating_sub(AROUND).clamp(1, MOST)
    }

    pub(super) fn draw(&mut self, view: &View, now: Timestamp) -> io::Result<()> {
        let (columns, rows) = size()?;
        queue!(self.out, MoveTo(0, 0))?;
        for line in lines(view, now, columns.into(), rows.into()) {
            // The cursor is on the edge after a full line, which must stay.
            write!(self.out, "\x1b[2K{line}\r\n")?;
        }
        let foot = truncate_str("q ends", columns.into(), "…").into_owned();
        write!(self.out, "{}", style(foot).dim())?;
        queue!(self.out, Clear(ClearType::FromCursorDown))?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = execute!(self.out, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// The lines above the foot, none wider than the terminal, and no more than it has.
fn lines(view: &View, now: Timestamp, columns: usize, rows: usize) -> Vec<String> {
    let going = view.jobs.iter().filter(|job| !job.phase.is_settled()).count();
    let head = match &view.trouble {
        None => format!(
            "{} {} · still running: {going}",
            style("Sagebell").bold(),
            one_line(&view.monitor)
        ),
        Some(trouble) => style(one_line(trouble)).red().to_string(),
    };
    let table = jobs_table(&view.jobs, now, Some(columns)).to_string();
    let empty = "No such jobs. A job is known after its first event.".to_owned();
    let table = if view.jobs.is_empty() { empty } else { table };
    let lines = [head, String::new()].into_iter().chain(table.lines().map(str::to_owned));
    let fits = |line: String| truncate_str(&line, columns, "…").into_owned();
    lines.map(fits).take(rows.saturating_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;
    use sagebell_monitor::arn::JobArn;
    use sagebell_monitor::job::JobRecord;

    use super::*;

    #[test]
    fn nothing_leaves_the_screen() {
        let now = Timestamp::UNIX_EPOCH;
        let job = |number: u32| {
            let name = format!("{}-{number}", "n".repeat(60));
            let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}");
            let arn = JobArn::parse(&arn).unwrap();
            JobRecord::unseen(&arn, now, now).job
        };
        let jobs = (0..100).map(job).collect();
        let trouble = Some("\u{1b}[2J\n".repeat(90));
        let view = View { monitor: "http://127.0.0.1:7070/".to_owned(), jobs, trouble };
        for (columns, rows) in [(80, 24), (200, 50), (20, 3)] {
            let lines = lines(&view, now, columns, rows);
            assert!(lines.len() < rows, "{columns}x{rows}: {}", lines.len());
            assert!(lines.iter().all(|line| measure_text_width(line) <= columns), "{lines:?}");
            assert!(!lines.concat().contains("\u{1b}[2J"));
        }
    }
}
