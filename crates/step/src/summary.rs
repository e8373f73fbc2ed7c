//! The summary for people: the last lines of the log, and the same as a Markdown artifact.
//!
//! If a step fails, KFP keeps only its log, and no output or artifact
//! (`backend/src/v2/component/launcher_v2.go`, `Execute`). So the last lines of the log say what
//! ended and how, the reason in SageMaker's words, what to do, and links, one line each. KFP's log
//! view turns URLs into links, colours lines that mention failure, and does not wrap lines
//! (`frontend/src/components/LogViewer.tsx`). Links in Markdown open in a new tab. Links in an HTML
//! artifact do not open.

use std::fmt::Write as _;

use jiff::SignedDuration;
use sagebell_monitor::inert;
use sagebell_monitor::phase::Phase;
use sagebell_system::say;

use crate::links::{self, Link, What};
use crate::progress::duration;
use crate::run::StepError;
use crate::subject::Subject;

/// The artifact's name.
pub const NAME: &str = "summary";

/// How wide a line of a reason gets at most in the log, unless a word is wider, in
/// characters.
const WIDTH: usize = 110;
/// The same of a code block, which KFP's page does not wrap. No word is wider there.
const PAGE_WIDTH: usize = 72;
/// Before each line of a reason but the first, which others wrote.
const MARK: &str = "  | ";

/// How one step's work ended.
#[derive(Debug)]
pub(crate) struct Summary {
    name: String,
    noun: String,
    arn: Option<String>,
    /// What it came to, in one word of ours.
    verdict: &'static str,
    /// What it came to, in SageMaker's word.
    status: Option<String>,
    took: Option<SignedDuration>,
    problem: Option<FailureNote>,
    links: Vec<Link>,
}

/// What went wrong.
#[derive(Debug)]
struct FailureNote {
    what: String,
    advice: Option<String>,
}

impl Summary {
    /// The summary of `subject`. `error` is why the step fails, if it does.
    #[must_use]
    pub(crate) fn of(subject: &Subject<'_>, error: Option<&StepError>) -> Self {
        Self {
            name: subject.name.to_owned(),
            noun: subject.noun.clone(),
            arn: subject.arn.map(str::to_owned),
            verdict: verdict(subject.last.map(|last| last.phase), error.is_some()),
            status: subject.last.map(|last| last.status.clone()),
            took: subject.history.took(),
            problem: error
                .map(|error| FailureNote { what: error.to_string(), advice: error.advice() }),
            links: links::of(subject),
        }
    }

    /// Says it: a failure on standard error, as the step's last words; a success briefly.
    pub(crate) fn say(&self) {
        match &self.problem {
            Some(problem) => say::err(self.failure(problem)),
            None => say::out(self.success()),
        }
    }

    fn failure(&self, problem: &FailureNote) -> String {
        let mut text = String::from("sagebell-step: ");
        text.push_str(&wrapped(&problem.what, WIDTH).join(&format!("\n{MARK}")));
        if let Some(advice) = &problem.advice {
            row(&mut text, "to do", advice);
        }
        if let Some(took) = self.took {
            row(&mut text, "took", &duration(took));
        }
        if let Some(arn) = &self.arn {
            row(&mut text, "arn", arn);
        }
        self.links.iter().for_each(|link| link_rows(&mut text, link));
        text
    }

    fn success(&self) -> String {
        let mut text = inert::one_line(&self.ended()).into_owned();
        let links = self.links.iter().filter(|link| link.what != What::Logs);
        links.for_each(|link| link_rows(&mut text, link));
        text
    }

    /// `training job x: Completed after 4m 12s`.
    fn ended(&self) -> String {
        let status = self.status.as_deref().unwrap_or("done");
        let took = self.took.map(|took| format!(" after {}", duration(took))).unwrap_or_default();
        format!("{} {}: {status}{took}", self.noun, self.name)
    }

    /// The artifact. What others wrote stands in indented code blocks, which no text can
    /// end, and in addresses, where it is encoded.
    #[must_use]
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}: {}\n\n", capitalized(&self.noun), self.verdict);
        code(&mut text, &self.ended());
        // Only in a line of text does an ARN wrap and stay one.
        if let Some(arn) = self.arn.as_deref().filter(|arn| is_plain(arn)) {
            push(&mut text, format_args!("\n`{arn}`\n"));
        }
        if let Some(problem) = &self.problem {
            text.push_str("\n**What happened**\n\n");
            code(&mut text, &problem.what);
            if let Some(advice) = &problem.advice {
                push(&mut text, format_args!("\n**What to do:** {advice}\n"));
            }
        }
        if !self.links.is_empty() {
            text.push('\n');
        }
        for link in &self.links {
            let caption = capitalized(&link.what.caption());
            push(&mut text, format_args!("- [{caption}]({})\n", link.url));
        }
        text
    }
}

fn verdict(phase: Option<Phase>, failed: bool) -> &'static str {
    match phase {
        Some(Phase::Failed) => "failed",
        Some(Phase::Stopped) => "stopped",
        Some(Phase::TimedOut) => "ran out of time",
        Some(Phase::Stopping) => "stopping",
        Some(Phase::Succeeded) if failed => "done, but not as requested",
        None if !failed => "done",
        Some(Phase::Succeeded) => "succeeded",
        Some(Phase::Pending | Phase::Running | Phase::Unknown) | None => "not waited for",
    }
}

/// The lines of others' text, broken between words where they are wide.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    inert::lines(text).flat_map(|line| broken(&line, width)).collect()
}

fn broken(line: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in line.split(' ') {
        let wide = word.chars().count();
        if width > 0 && width + 1 + wide > most {
            lines.push(String::new());
            width = 0;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(if last.is_empty() && width == 0 { "" } else { " " });
            last.push_str(word);
        }
        width += wide + 1;
    }
    lines
}

/// A label and a text of one line, which may be others'.
fn row(text: &mut String, label: &str, what: &str) {
    push(text, format_args!("\n  {label:<8} {}", inert::one_line(what)));
}

fn link_rows(text: &mut String, link: &Link) {
    match link.what {
        What::Files(kind) => {
            row(text, kind.as_str(), &link.text);
            row(text, "", &link.url);
        }
        what => row(text, what.word(), &link.url),
    }
}

/// Others' text as an indented code block, which is never empty.
fn code(text: &mut String, of_others: &str) {
    for line in wrapped(of_others, PAGE_WIDTH) {
        let letters: Vec<char> = line.chars().collect();
        for part in letters.chunks(PAGE_WIDTH) {
            let part: String = part.iter().collect();
            if !part.trim().is_empty() {
                push(text, format_args!("    {part}\n"));
            }
        }
    }
}

/// Whether a text contains only characters of ARNs, and so means nothing in Markdown.
fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.:/+=@".contains(letter))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = text.write_fmt(part);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use sagebell_monitor::arn::JobArn;
    use sagebell_monitor::kind::Kind;
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::Watch;
    use crate::progress::{History, Seen};

    const ARN: &str = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/iris";

    fn summary(answer: &Value, error: Option<&StepError>) -> Summary {
        let begun = Timestamp::from_second(1_700_000_000).unwrap();
        let ended = begun.checked_add(SignedDuration::from_secs(252)).unwrap();
        let last = Seen::in_answer(&Watch::Job(Kind::Training), answer, ended).unwrap();
        let mut history = History::since(begun);
        history.note(last.clone(), ended);
        let subject = Subject {
            name: "Iris",
            noun: "training job".to_owned(),
            arn: Some(ARN),
            job: JobArn::parse(ARN).ok(),
            last: Some(&last),
            answer,
            history: &history,
        };
        Summary::of(&subject, error)
    }

    fn failed(reason: &str) -> Summary {
        let answer = json!({"TrainingJobStatus": "Failed", "FailureReason": reason,
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/iris"}});
        summary(&answer, Some(&StepError::Failed(format!("Iris is Failed: {reason}"))))
    }

    fn said(summary: &Summary) -> String {
        match &summary.problem {
            Some(problem) => summary.failure(problem),
            None => summary.success(),
        }
    }

    #[test]
    fn a_failure_says_what_why_what_to_do_and_where_to_read_on() {
        let summary = failed("AlgorithmError: ExitCode 1\nTraceback:\r\n  KeyError: 'größe'");
        insta::assert_snapshot!("failure", said(&summary));
        insta::assert_snapshot!("failure_markdown", summary.markdown());
    }

    #[test]
    fn a_success_is_short() {
        let answer = json!({"TrainingJobStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/iris/output/model.tar.gz"}});
        let summary = summary(&answer, None);
        insta::assert_snapshot!("success", said(&summary));
        insta::assert_snapshot!("success_markdown", summary.markdown());
    }

    #[test]
    fn a_long_reason_is_broken_between_words() {
        let summary = failed(&"word ".repeat(60));
        let text = said(&summary);
        let reason: Vec<_> = text.lines().take_while(|line| !line.contains("  took")).collect();
        assert!(reason.len() > 2, "{text}");
        assert!(reason.iter().all(|line| line.chars().count() <= WIDTH + MARK.len() + 15));
        assert_eq!(text.matches("word").count(), 60);
    }

    /// What could pass for a line of ours, or end what stands around it.
    fn hostile() -> impl Strategy<Value = String> {
        let parts = [
            "\n",
            "\r",
            "\n\n",
            "\n  console  https://evil",
            "\nsagebell-step: evil",
            "\n- [evil](y)",
            "\n```\n",
            "`",
            "\n## evil",
            "<b>",
            "\u{1b}[31m",
            " ",
        ];
        let part = prop_oneof![
            prop::sample::select(parts.to_vec()).prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_line_of_others_can_be_taken_for_one_of_ours(reason in hostile()) {
            let summary = failed(&format!("begins {reason} ends"));
            let said = said(&summary);
            let mut ours = said.lines().filter(|line| !line.starts_with(MARK));
            prop_assert!(ours.next().is_some_and(|line| line.starts_with("sagebell-step: Iris is")));
            let labels: Vec<_> = ours.map(|line| line.get(2..11).unwrap_or_default().trim()).collect();
            prop_assert_eq!(labels, ["took", "arn", "console", "logs", "output", ""]);
            let markdown = summary.markdown();
            let theirs = markdown.lines().filter(|line| !line.starts_with("    "));
            prop_assert!(theirs.clone().all(|line| !line.contains("evil")), "{markdown}");
            prop_assert_eq!(theirs.filter(|line| !line.is_empty()).count(), 6, "{}", markdown);
            let widest = markdown.lines().filter(|line| line.starts_with("    "));
            prop_assert!(widest.map(|line| line.chars().count()).max() <= Some(4 + PAGE_WIDTH));
        }
    }
}
