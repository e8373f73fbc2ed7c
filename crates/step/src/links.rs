//! Links about a job: the pages of the console, its logs, its files.
//!
//! Promise: that of [`sagebell_monitor::links`], which makes the addresses.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::facts::{self, File, FileKind};
use sagebell_monitor::links;
use sagebell_monitor::phase::Phase;
use serde_json::Value;

use crate::subject::Subject;

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// What it leads to.
    pub(crate) what: What,
    /// What it is called: a log group, a place in S3.
    pub(crate) text: String,
    /// The URL.
    pub(crate) url: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The job's page of the console.
    Console,
    /// Its logs.
    Logs,
    /// Something in S3.
    Files(FileKind),
}

impl What {
    /// One word, for the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Logs => "logs",
            Self::Files(kind) => kind.as_str(),
        }
    }

    /// A caption, for a page.
    pub(crate) fn caption(self) -> String {
        match self {
            Self::Console => "SageMaker console".to_owned(),
            Self::Logs => "CloudWatch logs".to_owned(),
            Self::Files(kind) => format!("{} in S3", kind.as_str()),
        }
    }
}

/// The links about a job. None if the ARN is not that of a job.
#[must_use]
pub(crate) fn of(subject: &Subject<'_>) -> Vec<Link> {
    let Some(arn) = &subject.job else { return Vec::new() };
    let own = [console(arn, subject.name), logs(arn, subject)].into_iter().flatten();
    own.chain(files(arn, subject)).collect()
}

fn console(arn: &JobArn, name: &str) -> Option<Link> {
    let url = links::console(arn, name)?;
    Some(Link { what: What::Console, text: name.to_owned(), url })
}

fn logs(arn: &JobArn, subject: &Subject<'_>) -> Option<Link> {
    let group = log_group(arn, subject.name, subject.answer)?;
    let url = links::log_streams(arn, subject.name, &group);
    Some(Link { what: What::Logs, text: group, url })
}

/// The CloudWatch log group that a job of this name writes to, by its description where
/// its ARN and its name do not say enough.
#[must_use]
pub(crate) fn log_group(arn: &JobArn, name: &str, answer: &Value) -> Option<String> {
    let cluster = answer.get("ClusterName").and_then(Value::as_str);
    links::log_group(arn, name, cluster)
}

fn files<'a>(arn: &'a JobArn, subject: &'a Subject<'_>) -> impl Iterator<Item = Link> + use<'a> {
    // Where a model was to go is told of a job that failed too: there is none.
    let failed = subject.last.is_some_and(|last| last.phase == Phase::Failed);
    let files =
        facts::files(subject.answer).filter(move |file| !(failed && file.what == FileKind::Model));
    files.filter_map(|file| in_s3(arn, file))
}

fn in_s3(arn: &JobArn, file: File) -> Option<Link> {
    let url = links::in_s3(arn, &file.uri)?;
    Some(Link { what: What::Files(file.what), text: file.uri, url })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::progress::History;

    fn urls(arn: &str, name: &str, answer: &Value) -> Vec<String> {
        let subject = Subject {
            name,
            noun: "job".to_owned(),
            arn: Some(arn),
            job: JobArn::parse(arn).ok(),
            last: None,
            answer,
            history: &History::default(),
        };
        of(&subject).into_iter().map(|link| link.url).collect()
    }

    #[test]
    fn a_training_job_has_a_page_logs_and_a_model() {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x";
        let answer =
            json!({"ModelArtifacts": {"S3ModelArtifacts": "s3://b/x/output/model.tar.gz"}});
        assert_eq!(
            urls(arn, "X", &answer),
            [
                "https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/X",
                "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logStream:group=/aws/sagemaker/TrainingJobs;prefix=X/;streamFilter=typeLogStreamPrefix",
                "https://us-east-1.console.aws.amazon.com/s3/buckets/b?prefix=x/output/model.tar.gz&region=us-east-1",
            ]
        );
    }

    #[test]
    fn every_output_of_a_processing_job_is_linked() {
        let arn = "arn:aws-cn:sagemaker:cn-north-1:123456789012:processing-job/x";
        let output = |uri| json!({"OutputName": "o", "S3Output": {"S3Uri": uri}});
        let answer = json!({"ProcessingOutputConfig": {"Outputs":
            [output("s3://b"), output("s3://b/two"), {"FeatureStoreOutput": {}}]}});
        assert_eq!(
            urls(arn, "x", &answer).split_off(2),
            [
                "https://cn-north-1.console.amazonaws.cn/s3/buckets/b?prefix=&region=cn-north-1",
                "https://cn-north-1.console.amazonaws.cn/s3/buckets/b?prefix=two&region=cn-north-1",
            ]
        );
    }

    #[test]
    fn what_is_no_job_of_sagemakers_has_none() {
        assert!(urls("", "x", &json!({})).is_empty());
    }

    proptest! {
        #[test]
        fn kfps_log_viewer_takes_the_whole_address(name in ".{1,20}", key in ".{0,20}") {
            let answer = json!({
                "ModelArtifacts": {"S3ModelArtifacts": format!("s3://bucket/{key}")},
            });
            let arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x";
            // Its own pattern's letters, in and at the end of an address.
            let is_taken = |c: char| c.is_ascii_alphanumeric() || "-+&@#/%?=~_|!:,.;".contains(c);
            let is_end = |c: char| c.is_ascii_alphanumeric() || "-+&@#/%=~_|".contains(c);
            for url in urls(arn, &name, &answer) {
                prop_assert!(url.chars().all(is_taken), "{url}");
                prop_assert!(!url.contains("s3/") || url.ends_with(is_end), "{url}");
            }
        }
    }
}
