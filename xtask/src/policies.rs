//! The lists in the templates of `infra/` that follow from the table of kinds.

use sagebell_monitor::id_form::IdPart;
use sagebell_monitor::kind::KindSpec;

use crate::blocks::Block;

const TEMPLATE: &str = "infra/template.yaml";
const DEPLOYER: &str = "infra/iam/deployer.yaml";

/// Every block of the templates.
pub(crate) fn blocks(kinds: &[KindSpec]) -> Vec<Block> {
    let all: Vec<_> = kinds.iter().collect();
    let stopped_by_tag: Vec<_> = stopped(kinds).filter(|row| row.has_tags).collect();
    let stopped_by_name: Vec<_> = stopped(kinds).filter(|row| !row.has_tags).collect();
    let any_name = |row: &KindSpec| format!("{}/{}", row.resource, row.policy_pattern);
    let of = |path, name, lines| Block { path, name, lines };
    vec![
        of(TEMPLATE, "detail-types", detail_types(kinds)),
        of(TEMPLATE, "describe", actions(&all, describe)),
        of(TEMPLATE, "described", arns(&with_arns(&all), any_name)),
        of(TEMPLATE, "stop", actions(&stopped_by_tag, stop)),
        of(TEMPLATE, "stopped", arns(&stopped_by_tag, with_prefix)),
        of(TEMPLATE, "stop-by-name", actions(&stopped_by_name, stop)),
        of(TEMPLATE, "stopped-by-name", arns(&stopped_by_name, with_prefix)),
        of(DEPLOYER, "describe", actions(&all, describe)),
        of(DEPLOYER, "stop", actions(&stopped_by_tag, stop)),
        of(DEPLOYER, "stop-by-name", actions(&stopped_by_name, stop)),
        of(DEPLOYER, "stopped-by-name", arns(&stopped_by_name, any_name)),
    ]
}

/// What an event rule takes: words, and the beginnings of those whose end tells a state.
fn detail_types(kinds: &[KindSpec]) -> Vec<String> {
    let words = kinds.iter().filter(|row| row.state_after.is_none());
    let words = words.flat_map(|row| row.detail_types).map(|word| format!("- {word}"));
    let beginnings = kinds.iter().filter_map(|row| row.state_after);
    words.chain(beginnings.map(|beginning| format!("- prefix: \"{beginning}\""))).collect()
}

fn stopped(kinds: &[KindSpec]) -> impl Iterator<Item = &KindSpec> {
    kinds.iter().filter(|row| stop(row).is_some())
}

/// Those that have an ARN of SageMaker's: one without a Describe of its own is a part of
/// another.
fn with_arns<'a>(rows: &[&'a KindSpec]) -> Vec<&'a KindSpec> {
    let has_one = |row: &&KindSpec| row.operations.is_some_and(|one| one.are_its_own());
    rows.iter().copied().filter(has_one).collect()
}

fn describe(row: &KindSpec) -> Option<&'static str> {
    Some(row.operations?.describe)
}

fn stop(row: &KindSpec) -> Option<&'static str> {
    row.operations?.stop
}

/// What stands between the resource type and the name is any: of a job, its category.
fn with_prefix(row: &KindSpec) -> String {
    let is_name = |part: &IdPart| matches!(part, IdPart::Name | IdPart::CasedName);
    let before = row.id.parts.iter().take_while(|part| !is_name(part)).map(|_| "*/");
    format!("{}/{}${{JobNamePrefix}}*", row.resource, before.collect::<String>())
}

/// IAM has the actions of all of SageMaker's services under one prefix ("Actions, resources,
/// and condition keys for Amazon SageMaker", Service Authorization Reference).
fn actions(rows: &[&KindSpec], of: impl Fn(&KindSpec) -> Option<&'static str>) -> Vec<String> {
    each_once(rows.iter().filter_map(|row| Some(format!("- sagemaker:{}", of(row)?))))
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
        let patterns = [Kind::Training, Kind::Job, Kind::PipelineExecution];
        assert_eq!(
            patterns.map(|kind| with_prefix(kind.spec())),
            [
                "training-job/${JobNamePrefix}*",
                "job/*/${JobNamePrefix}*",
                "pipeline/${JobNamePrefix}*",
            ]
        );
    }
}
