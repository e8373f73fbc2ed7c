//! The files that other programs write: from botocore's model, and from runs.

use std::path::Path;
use std::process::Command;

/// One program that writes files of the repository.
struct Writer {
    /// What it writes, for people.
    writes: &'static str,
    /// A line of the shell, run in the root of the repository.
    line: &'static str,
}

/// In this order: what is taken from botocore needs the table of kinds, the components need
/// what is taken, and the runs need all of it built.
const WRITERS: [Writer; 6] = [
    Writer { writes: "target/venv", line: "scripts/venv" },
    Writer {
        writes: "tests/fake-sagemaker/model/operations.json",
        line: "target/venv/bin/python tests/fake-sagemaker/model/extract.py > target/operations.json \
               && mv target/operations.json tests/fake-sagemaker/model/operations.json",
    },
    Writer {
        writes: "crates/step/table/sagemaker.json and shapes.txt",
        line: "target/venv/bin/python crates/step/table/extract.py",
    },
    // This program is then compiled again: it has the tables in it.
    Writer { writes: "the components", line: "cargo --locked xtask generate" },
    Writer {
        writes: "the tables of docs/cost.md",
        line: "cargo build --workspace --features sagebell/aws --locked \
               && UPDATE_COST=1 target/venv/bin/python -m pytest -q tests/e2e/test_calls_per_job.py",
    },
    Writer { writes: "docs/demo.svg", line: "scripts/record-demo" },
];

/// Runs all of them.
///
/// # Errors
/// What the first one that fails was to write, and its line.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    WRITERS.iter().try_for_each(|writer| run(root, writer))
}

fn run(root: &Path, writer: &Writer) -> Result<(), String> {
    let Writer { writes, line } = writer;
    let status = Command::new("bash").args(["-c", line]).current_dir(root).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{writes} not written: {status} from `{line}`")),
        Err(error) => Err(format!("{writes} not written: cannot run bash: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_told_with_what_it_was_to_write() {
        let root = tempfile::tempdir().unwrap();
        run(root.path(), &Writer { writes: "a", line: "echo text > a" }).unwrap();
        assert!(root.path().join("a").exists());
        let error = run(root.path(), &Writer { writes: "b", line: "exit 3" }).unwrap_err();
        assert_eq!(error, "b not written: exit status: 3 from `exit 3`");
    }

    #[test]
    fn every_program_of_the_repository_is_there() {
        let root = Path::new(crate::ROOT);
        let words = WRITERS.iter().flat_map(|writer| writer.line.split_whitespace());
        let ours = ["scripts/", "crates/", "tests/e2e/"];
        let paths: Vec<_> =
            words.filter(|word| ours.iter().any(|folder| word.starts_with(folder))).collect();
        assert_eq!(paths.len(), 4);
        assert!(paths.iter().all(|path| root.join(path).is_file()), "{paths:?}");
    }
}
