//! The screen of the demo: a progress bar per job, then the summary.

use std::net::SocketAddr;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sagebell_api_types::SignalBody;
use sagebell_monitor::inert::one_line;
use sagebell_system::say;

use super::lives::Life;
use super::{Line, Summary};
use crate::jobs::{colored, status};
use crate::output::Output;

const TICK: Duration = Duration::from_millis(100);

/// The terminal, or a plain log where there is none.
pub(super) struct Screen {
    bars: MultiProgress,
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bars,
    Lines,
    Silent,
}

impl Screen {
    pub(super) fn new(output: Output, address: SocketAddr) -> Self {
        let mode = match output {
            Output::Json | Output::Yaml => Mode::Silent,
            Output::Table if console::user_attended() => Mode::Bars,
            Output::Table => Mode::Lines,
        };
        if mode != Mode::Silent {
            say::out(format_args!(
                "Sagebell runs on http://{address}: API, queue, sweep and event bus in one process."
            ));
            say::show("Jobs' events go in, out of order and twice; signals come out.\n");
        }
        Self { bars: MultiProgress::new(), mode }
    }

    pub(super) fn bar(&self, life: &Life) -> Bar {
        let bar = match self.mode {
            Mode::Bars => self.bars.add(ProgressBar::new(life.steps.len() as u64)),
            Mode::Lines | Mode::Silent => ProgressBar::hidden(),
        };
        // The template is checked by every run of the demo.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix:26} {bar:24.cyan/dim} {msg}")
        {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(life.title);
        bar.set_message("waiting");
        bar.enable_steady_tick(TICK);
        Bar { bar, title: life.title, lines: self.mode == Mode::Lines }
    }

    #[expect(clippy::unused_self, reason = "what is shown belongs to the screen")]
    pub(super) fn summarize(&self, summary: &Summary) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["WAIT", "OUTCOME", "SIGNALS", "EVENT → SIGNAL", ""]);
        for line in &summary.waits {
            table.add_row([
                line.wait.clone(),
                line.outcome.map_or_else(|| "-".to_owned(), colored),
                line.signals.to_string(),
                line.latency_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms")),
                verdict(line),
            ]);
        }
        say::show(format_args!("\n{table}\n"));
        say::out(format_args!(
            "event → signal: mean {:.1} ms, longest {:.1} ms. A 30 s poll: mean {:.0} s, longest {:.0} s.",
            summary.mean_latency_ms,
            summary.max_latency_ms,
            summary.poll_mean_ms / 1_000.0,
            summary.poll_max_ms / 1_000.0,
        ));
    }
}

fn verdict(line: &Line) -> String {
    match &line.problem {
        None => style("as it should be").green().to_string(),
        Some(problem) => style(format!("WRONG: {}", one_line(problem))).red().to_string(),
    }
}

/// One job's line.
pub(super) struct Bar {
    bar: ProgressBar,
    title: &'static str,
    lines: bool,
}

impl Bar {
    pub(super) fn sent(&self) {
        self.bar.inc(1);
    }

    pub(super) fn received(&self, signal: &SignalBody) {
        let job = &signal.data.job;
        let text = format!("{} {}", colored(job.phase), status(job));
        if self.lines {
            say::show(format_args!("{:26} #{} {text}", self.title, signal.data.seq));
        }
        self.bar.set_message(text);
    }

    pub(super) fn finish(&self, ended: bool) {
        if !ended {
            self.bar.set_message("received no settled signal");
        }
        self.bar.finish();
    }
}
