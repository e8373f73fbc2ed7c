//! The operations of SageMaker's API that components call.

use std::collections::BTreeSet;

use crate::sagemaker;

/// What components call beside the operations of the kinds that they make: on what is no kind
/// of job, on tags, and to change what is there.
const BESIDE: [&str; 16] = [
    "AddTags",
    "CreateDataQualityJobDefinition",
    "CreateModelBiasJobDefinition",
    "CreateModelExplainabilityJobDefinition",
    "CreateModelQualityJobDefinition",
    "CreateWorkteam",
    "DeleteEndpointConfig",
    "DescribeDataQualityJobDefinition",
    "DescribeModelBiasJobDefinition",
    "DescribeModelExplainabilityJobDefinition",
    "DescribeModelQualityJobDefinition",
    "DescribeWorkteam",
    "ListPipelineExecutionSteps",
    "ListTags",
    "UpdateEndpoint",
    "UpdateMonitoringSchedule",
];

/// Every operation that some component may call, sorted: `crates/step/operations.json` is
/// this, for what is not written in Rust.
#[must_use]
pub fn operations() -> BTreeSet<&'static str> {
    let of_kinds = sagemaker::kinds().filter_map(|kind| kind.spec().operations);
    let of_kinds = of_kinds.flat_map(|of| [Some(of.create), Some(of.describe), of.stop]);
    of_kinds.flatten().chain(BESIDE).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    const VERBS: [&str; 8] =
        ["Add", "Create", "Delete", "Describe", "List", "Start", "Stop", "Update"];
    /// Members of answers whose names begin as operations do.
    const NO_OPERATIONS: [&str; 1] = ["StartTime"];

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_of_tests = path.file_stem().is_some_and(|stem| stem == "tests");
            if path.is_dir() && !is_of_tests {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|ending| ending == "rs") && !is_of_tests {
                found.push(path);
            }
        }
        found
    }

    fn is_named_like_one(text: &str) -> bool {
        let noun = VERBS.iter().find_map(|verb| text.strip_prefix(verb));
        let is_noun = |noun: &str| {
            noun.starts_with(|first: char| first.is_ascii_uppercase())
                && noun.chars().all(|letter| letter.is_ascii_alphanumeric())
        };
        noun.is_some_and(is_noun) && !NO_OPERATIONS.contains(&text)
    }

    /// The operations that the code outside of tests spells out.
    fn spelled_out() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            if path.ends_with("operations.rs") {
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let literals = code.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
            found.extend(literals.filter(|text| is_named_like_one(text)).map(str::to_owned));
        }
        found
    }

    #[test]
    fn whatever_the_code_calls_is_listed() {
        let (listed, called) = (operations(), spelled_out());
        assert!(called.len() > BESIDE.len());
        let unlisted: Vec<_> =
            called.iter().filter(|operation| !listed.contains(operation.as_str())).collect();
        assert!(unlisted.is_empty(), "put into BESIDE what no kind has: {unlisted:?}");
    }

    #[test]
    fn whatever_is_listed_is_called() {
        let called = spelled_out();
        let idle: Vec<_> =
            BESIDE.iter().filter(|operation| !called.contains(**operation)).collect();
        assert!(idle.is_empty(), "nothing calls {idle:?}");
        let of_kinds: BTreeSet<_> =
            sagemaker::kinds().filter_map(|kind| Some(kind.spec().operations?.describe)).collect();
        assert!(BESIDE.iter().all(|operation| !of_kinds.contains(operation)));
    }
}
