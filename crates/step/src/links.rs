//! Where to read on about a job: the console's pages, its logs, its files.

use monitor::arn::JobArn;
use monitor::kind::Kind;
use monitor::partition::Partition;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// A place to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// What is there.
    pub(crate) title: &'static str,
    /// What it is called.
    pub(crate) text: String,
    /// Where it is.
    pub(crate) url: String,
}

/// What a job reads and writes in S3, in the descriptions of the kinds that do.
const ARTIFACTS: [(&str, &str); 4] = [
    ("model", "/ModelArtifacts/S3ModelArtifacts"),
    ("output", "/TransformOutput/S3OutputPath"),
    ("output", "/OutputDataConfig/S3OutputPath"),
    ("labels", "/LabelingJobOutput/OutputDatasetS3Uri"),
];

/// A cluster's name in its log group: its ARN has its id alone.
const CLUSTER: &str = "{ClusterName}";

/// The links of one job.
#[must_use]
pub(crate) fn links(arn: &str, answer: &Value) -> Vec<Link> {
    let job = JobArn::parse(arn).ok();
    let of_job = job.iter().flat_map(|arn| [console(arn), logs(arn, answer)]).flatten();
    of_job.chain(artifacts(job.as_ref(), answer)).collect()
}

/// The console's page of a kind (the console's own addresses; AWS documents none).
fn console(arn: &JobArn) -> Option<Link> {
    let page = match arn.kind() {
        Kind::Training => "jobs",
        Kind::Tuning => "hyper-tuning-jobs",
        Kind::Processing => "processing-jobs",
        Kind::Transform => "transform-jobs",
        Kind::Labeling => "labeling-jobs",
        Kind::Endpoint => "endpoints",
        Kind::Model => "models",
        Kind::Compilation => "compilation-jobs",
        _ => return None,
    };
    let (host, region) = (host(arn), arn.region());
    let url = format!("https://{host}/sagemaker/home?region={region}#/{page}/{}", arn.name());
    Some(Link { title: "console", text: arn.name().to_owned(), url })
}

fn logs(arn: &JobArn, answer: &Value) -> Option<Link> {
    let group = log_group(arn, answer)?;
    let (host, region) = (host(arn), arn.region());
    // The console wants the group encoded twice, with `$` for the second `%`.
    let encoded = utf8_percent_encode(&group, NON_ALPHANUMERIC).to_string().replace('%', "$25");
    let url = format!(
        "https://{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{encoded}$3FlogStreamNameFilter$3D{}",
        arn.name()
    );
    Some(Link { title: "logs", text: group, url })
}

/// The CloudWatch log group that a job writes to, by its description where its ARN
/// does not say enough.
#[must_use]
pub(crate) fn log_group(arn: &JobArn, answer: &Value) -> Option<String> {
    let group = arn.kind().spec().log_group?.replace("{name}", arn.name());
    if !group.contains(CLUSTER) {
        return Some(group);
    }
    Some(group.replace(CLUSTER, answer.get("ClusterName")?.as_str()?))
}

fn artifacts<'a>(
    arn: Option<&'a JobArn>,
    answer: &'a Value,
) -> impl Iterator<Item = Link> + use<'a> {
    ARTIFACTS.iter().filter_map(move |(title, pointer)| {
        let uri = answer.pointer(pointer)?.as_str()?;
        let (bucket, prefix) = uri.strip_prefix("s3://")?.split_once('/')?;
        let host = host(arn?);
        let prefix = utf8_percent_encode(prefix, NON_ALPHANUMERIC);
        let url = format!("https://{host}/s3/buckets/{bucket}?prefix={prefix}");
        Some(Link { title, text: uri.to_owned(), url })
    })
}

fn host(arn: &JobArn) -> String {
    Partition::of_region(arn.region()).console_host(arn.region())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_training_job_has_a_page_logs_and_a_model() {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x";
        let answer =
            json!({"ModelArtifacts": {"S3ModelArtifacts": "s3://b/x/output/model.tar.gz"}});
        let urls: Vec<_> = links(arn, &answer).into_iter().map(|link| link.url).collect();
        assert_eq!(
            urls,
            [
                "https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/x",
                "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FTrainingJobs$3FlogStreamNameFilter$3Dx",
                "https://us-east-1.console.aws.amazon.com/s3/buckets/b?prefix=x%2Foutput%2Fmodel%2Etar%2Egz",
            ]
        );
    }

    #[test]
    fn a_clusters_logs_go_by_its_name_and_its_id() {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:cluster/ab12cd34ef56";
        let group = |answer| log_group(&JobArn::parse(arn).unwrap(), &answer);
        let named = group(json!({"ClusterName": "mine"}));
        assert_eq!(named.as_deref(), Some("/aws/sagemaker/Clusters/mine/ab12cd34ef56"));
        assert_eq!(group(json!({})), None);
    }

    #[test]
    fn what_is_no_job_of_sagemakers_has_none() {
        assert_eq!(links("", &json!({})), []);
    }
}
