//! Generates the files that follow from the code. This needs no network and runs no test.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use sagebell_monitor::kind::KindSpec;
use serde::Serialize;

use crate::blocks::{self, Block};
use crate::facts::facts;
use crate::{kinds_page, policies, python, reference, samples};

/// A file of the repository: its path below the root, and its text.
pub(crate) type File = (String, String);

/// Every generated file, and every file with generated blocks, for this table of kinds.
///
/// # Errors
/// The path of a file with blocks that cannot be read, and why; or which of its markers is
/// wrong.
pub(crate) fn files(root: &Path, kinds: &[KindSpec]) -> Result<Vec<File>, String> {
    let components = sagebell_step::component_yaml::files().into_iter();
    let components = components.map(|(path, text)| (format!("components/{path}"), text));
    let openapi = ("docs/openapi.json".to_owned(), sagebell_http_api::openapi_json());
    let called = as_json(&sagebell_step::operations::operations());
    let called = ("crates/step/operations.json".to_owned(), called);
    let facts = ("infra/facts.json".to_owned(), as_json(&facts()));
    let mut files: Vec<_> = components.chain([openapi, called, facts]).collect();
    files.extend(of_kinds(root, kinds)?);
    files.extend(python::files(root)?);
    files.extend(reference::files()?);
    files.extend(with_blocks(root, &reference::tables::blocks())?);
    Ok(files)
}

/// What follows from the table of kinds alone.
pub(crate) fn of_kinds(root: &Path, kinds: &[KindSpec]) -> Result<Vec<File>, String> {
    let mut blocks = policies::blocks(kinds);
    blocks.push(kinds_page::block(kinds));
    blocks.push(samples::block(&read(root, samples::LIST)?, kinds)?);
    let mut files = vec![("crates/monitor/kinds.json".to_owned(), as_json(&kinds))];
    files.extend(with_blocks(root, &blocks)?);
    Ok(files)
}

/// The files that people write, with these blocks filled in.
fn with_blocks(root: &Path, blocks: &[Block]) -> Result<Vec<File>, String> {
    let mut by_path = BTreeMap::<_, Vec<&Block>>::new();
    for block in blocks {
        by_path.entry(block.path).or_default().push(block);
    }
    let fill = |(path, blocks): (&str, Vec<&Block>)| {
        Ok((path.to_owned(), blocks::filled(path, &read(root, path)?, &blocks)?))
    };
    by_path.into_iter().map(fill).collect()
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    let text = fs::read_to_string(root.join(path));
    text.map_err(|error| format!("cannot read {path}: {error}"))
}

/// A table for what is not written in Rust.
fn as_json(table: &impl Serialize) -> String {
    // Plain data: serializing it cannot fail.
    serde_json::to_string_pretty(table).unwrap_or_default() + "\n"
}

/// Writes the files that differ, and the folders that they need.
///
/// # Errors
/// The path of the first file that cannot be read or written, and why.
pub(crate) fn write(root: &Path, files: &[File]) -> Result<(), String> {
    for (path, text) in files {
        if differs(root, path, text)? {
            let place = root.join(path);
            let folder = place.parent().unwrap_or(root);
            let written = fs::create_dir_all(folder).and_then(|()| fs::write(&place, text));
            written.map_err(|error| format!("cannot write {path}: {error}"))?;
        }
    }
    Ok(())
}

/// The paths of the files that are missing or have another text.
///
/// # Errors
/// The path of the first file that cannot be read, and why.
pub(crate) fn differing(root: &Path, files: &[File]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for (path, text) in files {
        if differs(root, path, text)? {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn differs(root: &Path, path: &str, text: &str) -> Result<bool, String> {
    match fs::read(root.join(path)) {
        Ok(there) => Ok(there != text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(format!("cannot read {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sagebell_monitor::kind::table;

    use super::*;
    use crate::ROOT;

    fn three() -> [File; 3] {
        [("same", "1"), ("changed", "2"), ("new/missing", "3")]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
    }

    #[test]
    fn a_check_names_each_file_that_is_missing_or_changed_and_writes_none() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("same"), "1").unwrap();
        fs::write(root.path().join("changed"), "old").unwrap();
        assert_eq!(differing(root.path(), &three()).unwrap(), ["changed", "new/missing"]);
        assert_eq!(fs::read_to_string(root.path().join("changed")).unwrap(), "old");
        assert!(!root.path().join("new").exists());
    }

    #[test]
    fn what_was_written_is_up_to_date() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &three()).unwrap();
        assert!(differing(root.path(), &three()).unwrap().is_empty());
        assert_eq!(fs::read_to_string(root.path().join("new/missing")).unwrap(), "3");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("same")).unwrap();
        let error = differing(root.path(), &three()).unwrap_err();
        assert!(error.starts_with("cannot read same: "), "{error}");
    }

    #[test]
    fn each_file_is_generated_once() {
        let files = files(Path::new(ROOT), table()).unwrap();
        let paths: BTreeSet<_> = files.iter().map(|(path, _)| path).collect();
        assert_eq!(paths.len(), files.len());
        let one_of_each = [
            "components/sagemaker/create-training-job/component.yaml",
            "crates/monitor/kinds.json",
            "crates/step/operations.json",
            "docs/api.md",
            "docs/command-line.md",
            "docs/components.md",
            "docs/configuration.md",
            "docs/errors.md",
            "docs/kinds.md",
            "docs/openapi.json",
            "infra/facts.json",
            "infra/iam/deployer.yaml",
            "infra/iam/member.yaml",
            "infra/iam/pipeline-pod.yaml",
            "infra/template.yaml",
            "python/src/sagebell/__init__.py",
            "python/src/sagebell/_v1/train.py",
        ];
        assert!(one_of_each.iter().all(|path| paths.contains(&(*path).to_owned())), "{paths:?}");
    }
}
