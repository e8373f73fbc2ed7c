//! The lists in the templates of `infra/` that follow from the table of kinds.

use sagebell_monitor::id_form::IdPart;
use sagebell_monitor::kind::{KindSpec, PodPolicy};

use crate::blocks::Block;

const TEMPLATE: &str = "infra/template.yaml";
const DEPLOYER: &str = "infra/iam/deployer.yaml";
const MEMBER: &str = "infra/iam/member.yaml";
const PODS: &str = "infra/iam/pipeline-pod.yaml";

/// Every block of the templates.
pub(crate) fn blocks(kinds: &[KindSpec]) -> Vec<Block> {
    let all: Vec<_> = kinds.iter().collect();
    let (by_tag, by_name): (Vec<_>, Vec<_>) = stoppable(&all).iter().partition(|row| row.has_tags);
    // What the monitor takes and calls is the same in its own account and in others.
    let of_monitor = [TEMPLATE, MEMBER].into_iter().flat_map(|path| {
        [
            block(path, "detail-types", detail_types(kinds)),
            block(path, "describe", actions(&all, &[describe])),
            block(path, "described", arns(&with_arns(&all), of_any_name)),
            block(path, "list", actions(&all, &[list_changes])),
            block(path, "stop", actions(&by_tag, &[stop])),
            block(path, "stopped", arns(&by_tag, with_prefix)),
            block(path, "stop-by-name", actions(&by_name, &[stop])),
            block(path, "stopped-by-name", arns(&by_name, with_prefix)),
        ]
    });
    let of_deployer = [
        block(DEPLOYER, "describe", actions(&all, &[describe])),
        block(DEPLOYER, "list", actions(&all, &[list_changes])),
        block(DEPLOYER, "stop", actions(&by_tag, &[stop])),
        block(DEPLOYER, "stop-by-name", actions(&by_name, &[stop])),
        block(DEPLOYER, "stopped-by-name", arns(&by_name, of_any_name)),
    ];
    let policies = [
        ("jobs", PodPolicy::Jobs),
        ("newer-jobs", PodPolicy::NewerJobs),
        ("hosting", PodPolicy::Hosting),
        ("others", PodPolicy::OtherKinds),
    ];
    let of_pods = policies.into_iter().flat_map(|(name, policy)| pods(kinds, name, policy));
    of_monitor.chain(of_deployer).chain(of_pods).collect()
}

fn block(path: &'static str, name: impl Into<String>, lines: Vec<String>) -> Block {
    Block { path, name: name.into(), lines }
}

/// The blocks of one policy of the pods that have lines; with tags, a statement each creates,
/// tags, reads and stops; without, one does all.
fn pods(kinds: &[KindSpec], name: &str, policy: PodPolicy) -> Vec<Block> {
    let rows = kinds.iter().filter(|row| row.pod_policy == Some(policy));
    let (by_tag, by_name): (Vec<_>, Vec<_>) = rows.partition(|row| row.has_tags);
    let stoppable = stoppable(&by_tag);
    let blocks = [
        ("create", actions(&by_tag, &[create])),
        ("created", arns(&by_tag, with_prefix)),
        ("tagged", arns(&by_tag, with_prefix)),
        ("describe", actions(&by_tag, &[describe])),
        ("described", arns(&by_tag, with_prefix)),
        ("stop", actions(&stoppable, &[stop])),
        ("stopped", arns(&stoppable, with_prefix)),
        ("by-name", actions(&by_name, &[create, describe, stop])),
        ("named", arns(&by_name, with_prefix)),
    ];
    let filled = blocks.into_iter().filter(|(_, lines)| !lines.is_empty());
    filled.map(|(what, lines)| block(PODS, format!("{name}-{what}"), lines)).collect()
}

/// What an event rule takes: words, and the beginnings of those whose end tells a state.
fn detail_types(kinds: &[KindSpec]) -> Vec<String> {
    let words = kinds.iter().filter(|row| row.state_after.is_none());
    let words = words.flat_map(|row| row.detail_types).map(|word| format!("- {word}"));
    let beginnings = kinds.iter().filter_map(|row| row.state_after);
    words.chain(beginnings.map(|beginning| format!("- prefix: \"{beginning}\""))).collect()
}

fn stoppable<'a>(rows: &[&'a KindSpec]) -> Vec<&'a KindSpec> {
    rows.iter().copied().filter(|row| stop(row).is_some()).collect()
}

/// Those that have an ARN of SageMaker's: one without a Describe of its own is a part of
/// another.
fn with_arns<'a>(rows: &[&'a KindSpec]) -> Vec<&'a KindSpec> {
    let has_one = |row: &&KindSpec| row.operations.is_some_and(|one| one.are_its_own());
    rows.iter().copied().filter(has_one).collect()
}

fn create(row: &KindSpec) -> Option<&'static str> {
    Some(row.operations?.create)
}

fn describe(row: &KindSpec) -> Option<&'static str> {
    Some(row.operations?.describe)
}

fn list_changes(row: &KindSpec) -> Option<&'static str> {
    row.sagemaker_operations().filter(|one| one.changes.is_some()).map(|one| one.list)
}

fn stop(row: &KindSpec) -> Option<&'static str> {
    row.operations?.stop
}

fn of_any_name(row: &KindSpec) -> String {
    format!("{}/{}", row.resource, row.policy_pattern)
}

/// The names are bounded, where the ARN has them. What stands before one is any: of a job,
/// its category.
fn with_prefix(row: &KindSpec) -> String {
    let mut pattern = row.resource.to_owned();
    for part in row.id.parts {
        match part {
            IdPart::Name | IdPart::CasedName => return pattern + "/${JobNamePrefix}*",
            IdPart::Id => return pattern + "/*",
            IdPart::Word(_) | IdPart::OneOf(_) | IdPart::Version => pattern.push_str("/*"),
        }
    }
    pattern
}

/// Which operation on a kind.
type Verb = fn(&KindSpec) -> Option<&'static str>;

/// IAM has the actions of all of SageMaker's services under one prefix ("Actions, resources,
/// and condition keys for Amazon SageMaker", Service Authorization Reference).
fn actions(rows: &[&KindSpec], verbs: &[Verb]) -> Vec<String> {
    let all = rows.iter().flat_map(|row| verbs.iter().filter_map(move |verb| verb(row)));
    each_once(all.map(|operation| format!("- sagemaker:{operation}")))
}

fn arns(rows: &[&KindSpec], pattern: impl Fn(&KindSpec) -> String) -> Vec<String> {
    let here = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}";
    each_once(rows.iter().map(|row| format!("- !Sub {here}:{}", pattern(row))))
}

fn each_once(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines {
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::kind::Kind;

    use super::*;

    #[test]
    fn a_stop_is_bounded_by_the_beginning_of_the_name() {
        let patterns = [Kind::Training, Kind::Job, Kind::PipelineExecution, Kind::Cluster];
        assert_eq!(
            patterns.map(|kind| with_prefix(kind.spec())),
            [
                "training-job/${JobNamePrefix}*",
                "job/*/${JobNamePrefix}*",
                "pipeline/${JobNamePrefix}*",
                "cluster/*",
            ]
        );
    }
}
