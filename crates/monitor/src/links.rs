//! Addresses of AWS's console: a job's page, its logs, its files.
//!
//! Promise: all text from others in an address is percent-encoded. An address contains only
//! characters that KFP's log viewer accepts as part of a link, so that people can open it from
//! there (`frontend/src/components/LogViewer.tsx`, `parseLine`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use crate::arn::JobArn;
use crate::kind::Kind;
use crate::partition::Partition;

/// A cluster's name in its log group: its ARN has its id alone.
const CLUSTER: &str = "{ClusterName}";

/// What stays as it is in a part of an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// The console's page of the job, where its kind has one.
#[must_use]
pub fn console(arn: &JobArn, name: &str) -> Option<String> {
    let page = arn.kind().spec().console_page?;
    let (host, region, name) = (host(arn), arn.region(), encoded(name));
    Some(format!("https://{host}/sagemaker/home?region={region}#/{page}/{name}"))
}

/// The CloudWatch log group that a job of this name writes to. `cluster` is the name of the
/// cluster that the job is, which its ARN does not tell.
#[must_use]
pub fn log_group(arn: &JobArn, name: &str, cluster: Option<&str>) -> Option<String> {
    let group = arn.kind().spec().log_group?;
    if !group.contains(CLUSTER) {
        return Some(group.replace("{name}", name));
    }
    Some(group.replace("{id}", arn.id()).replace(CLUSTER, cluster?))
}

/// How the streams of a job begin. A group of one resource's own is its alone; in a
/// shared one, its streams begin with its name. A tuning job's are its training jobs'.
#[must_use]
pub fn stream_prefix(kind: Kind, name: &str) -> String {
    kind.spec().log_stream_prefix.replace("{name}", name)
}

/// The console's list of the job's streams in this log group. The console's newer URLs contain
/// `$`, where KFP's log viewer ends a link. These older URLs redirect to them. KFP's own SageMaker
/// components printed them too (`components/aws/sagemaker/TrainingJob/src/`).
#[must_use]
pub fn log_streams(arn: &JobArn, name: &str, group: &str) -> String {
    let (host, region) = (host(arn), arn.region());
    let prefix = stream_prefix(arn.kind(), name);
    format!(
        "https://{host}/cloudwatch/home?region={region}#logStream:group={};prefix={};streamFilter=typeLogStreamPrefix",
        encoded(group),
        encoded(&prefix),
    )
}

/// The console's list of the alarms in a region.
#[must_use]
pub fn alarms(region: &str) -> String {
    let host = Partition::of_region(region).console_host(region);
    format!("https://{host}/cloudwatch/home?region={region}#alarmsV2:")
}

/// The console's page of an `s3://` address.
#[must_use]
pub fn in_s3(arn: &JobArn, uri: &str) -> Option<String> {
    let place = uri.strip_prefix("s3://")?;
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let (host, region) = (host(arn), arn.region());
    let (bucket, prefix) = (encoded(bucket), encoded(prefix));
    Some(format!("https://{host}/s3/buckets/{bucket}?prefix={prefix}&region={region}"))
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, KEPT)
}

fn host(arn: &JobArn) -> String {
    Partition::of_region(arn.region()).console_host(arn.region())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clusters_logs_go_by_its_name_and_its_id() {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:cluster/ab12cd34ef56";
        let group = |cluster| log_group(&JobArn::parse(arn).unwrap(), "Mine", cluster);
        assert_eq!(
            group(Some("Mine")).as_deref(),
            Some("/aws/sagemaker/Clusters/Mine/ab12cd34ef56")
        );
        assert_eq!(group(None), None);
    }
}
