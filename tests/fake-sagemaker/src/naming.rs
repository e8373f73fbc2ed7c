//! Names and ARNs: what a request calls a resource.

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::partition::Partition;
use serde_json::{Map, Value, json};

use crate::family::Family;
use crate::resource::Resource;
use crate::state::SageMakerState;

/// What a new resource is called.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Its name, by which it is found.
    pub(crate) name: String,
    /// What stands after the resource type in its ARN.
    pub(crate) id: String,
    /// Members that the naming settles.
    pub(crate) fixed: Map<String, Value>,
}

/// A text member of a request; empty if it is missing.
pub(crate) fn text<'a>(input: &'a Map<String, Value>, member: &str) -> &'a str {
    input.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The ARN of a family's resource.
pub(crate) fn arn(family: &Family, region: &str, account: &str, id: &str) -> String {
    let (partition, resource) = (Partition::of_region(region).id, family.resource);
    let id = match family.kind {
        Some(Kind::Endpoint) => id.to_ascii_lowercase(),
        _ => id.to_owned(),
    };
    format!("arn:{partition}:sagemaker:{region}:{account}:{resource}/{id}")
}

/// Twelve letters and digits, as SageMaker gives executions and clusters.
fn generated(number: u64, at: Timestamp) -> String {
    let digits = |mut left: u64, len: usize| {
        let mut text = String::new();
        for _ in 0..len {
            text.extend(char::from_digit((left % 36) as u32, 36));
            left /= 36;
        }
        text
    };
    digits(at.as_millisecond().unsigned_abs(), 8) + &digits(number, 4)
}

/// What a Create request's resource is to be called.
pub(crate) fn identify(
    state: &SageMakerState,
    family: &'static Family,
    region: &str,
    input: &Map<String, Value>,
    (number, at): (u64, Timestamp),
) -> Identity {
    let name = text(input, family.key).to_owned();
    let version_of = |parent: &str| {
        let of_parent = |of: &&Resource| of.name.rsplit_once('/').is_some_and(|(p, _)| p == parent);
        let versions =
            state.all_of(family, region).into_iter().filter(of_parent).filter_map(version);
        versions.max().unwrap_or(0) + 1
    };
    match family.kind {
        Some(Kind::PipelineExecution) => {
            let (name, pipeline) = (generated(number, at), text(input, "PipelineName"));
            let id = format!("{pipeline}/execution/{name}");
            Identity { name, id, fixed: Map::new() }
        }
        Some(Kind::Cluster) => Identity { name, id: generated(number, at), fixed: Map::new() },
        Some(Kind::ImageVersion) => {
            let version = version_of(&name);
            let name = format!("{name}/{version}");
            Identity { id: name.clone(), name, fixed: members(json!({ "Version": version })) }
        }
        Some(Kind::ModelPackage) if input.contains_key("ModelPackageGroupName") => {
            let group = text(input, "ModelPackageGroupName");
            let version = version_of(group);
            let fixed =
                members(json!({ "ModelPackageVersion": version, "ModelPackageName": group }));
            let name = format!("{group}/{version}");
            Identity { id: name.clone(), name, fixed }
        }
        Some(Kind::Job) => {
            let id = format!("{}/{name}", text(input, "JobCategory"));
            Identity { name, id, fixed: Map::new() }
        }
        Some(Kind::ModelCardExport) => {
            let name = text(input, "ModelCardExportJobName").to_owned();
            let id = format!("{}/export-job/{name}", text(input, "ModelCardName"));
            Identity { name, id, fixed: members(json!({ "ModelCardVersion": 1 })) }
        }
        _ => Identity { id: name.clone(), name, fixed: Map::new() },
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn version(resource: &Resource) -> Option<u64> {
    resource.name.rsplit_once('/')?.1.parse().ok()
}

/// The resource that a request names, by name or ARN.
pub(crate) fn find<'a>(
    state: &'a SageMakerState,
    family: &'static Family,
    region: &str,
    input: &Map<String, Value>,
) -> Option<&'a Resource> {
    let name = text(input, family.key);
    if name.starts_with("arn:") {
        return state.by_arn(name).filter(|of| of.family.word == family.word);
    }
    if family.kind == Some(Kind::ImageVersion) {
        let wanted = input.get("Version").and_then(Value::as_u64);
        let of_image = |of: &&Resource| text(&of.request, family.key) == name;
        let fits = |of: &&Resource| wanted.is_none_or(|wanted| version(of) == Some(wanted));
        return state
            .all_of(family, region)
            .into_iter()
            .filter(of_image)
            .filter(fits)
            .max_by_key(|of| version(of));
    }
    // A job that is asked for under another category is not there.
    let is_of = |of: &&Resource| {
        family.kind != Some(Kind::Job)
            || text(&of.request, "JobCategory") == text(input, "JobCategory")
    };
    state.by_name(family, region, name).filter(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::of_kind;

    #[test]
    fn arns_follow_the_region() {
        let endpoint = of_kind(Kind::Endpoint).unwrap();
        assert_eq!(
            arn(endpoint, "cn-north-1", "123456789012", "Mine"),
            "arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/mine"
        );
    }

    #[test]
    fn generated_ids_differ() {
        let at = Timestamp::UNIX_EPOCH;
        assert_ne!(generated(1, at), generated(2, at));
        assert_eq!(generated(7, at).len(), 12);
    }
}
