//! Which sample event of each kind fake SageMaker takes as a pattern.

use sagebell_monitor::kind::KindSpec;

use crate::blocks::Block;

/// Where the samples are listed.
pub(crate) const LIST: &str = "events/README.md";

/// The list in fake SageMaker: of each kind that it can have and that sends events, the first
/// sample of a success, or else the first.
///
/// # Errors
/// Names the kind that has no sample.
pub(crate) fn block(list: &str, kinds: &[KindSpec]) -> Result<Block, String> {
    let rows: Vec<_> = list.lines().filter_map(row).collect();
    let sends = |row: &&KindSpec| row.operations.is_some() && !row.detail_types.is_empty();
    let lines = kinds.iter().filter(sends).map(|kind| {
        let of_kind = || rows.iter().filter(|row| row.kind == kind.wire);
        let sample = of_kind().find(|row| row.phase == "succeeded").or_else(|| of_kind().next());
        let sample = sample.ok_or(format!("{LIST}: no sample of the kind `{}`", kind.wire))?;
        Ok(format!("(Kind::{:?}, sample!(\"{}\")),", kind.kind, sample.name))
    });
    let lines = lines.collect::<Result<_, String>>()?;
    Ok(Block { path: "tests/fake-sagemaker/src/events.rs", name: "samples".to_owned(), lines })
}

struct Row<'a> {
    name: &'a str,
    kind: &'a str,
    phase: &'a str,
}

/// A line of the table: file, kind, status, phase, form.
fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.strip_prefix('|')?.split('|').map(|cell| cell.trim().trim_matches('`'));
    let name = cells.next()?.strip_suffix(".json")?;
    let (kind, _status, phase) = (cells.next()?, cells.next()?, cells.next()?);
    Some(Row { name, kind, phase })
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::kind::Kind;

    use super::*;

    #[test]
    fn a_kind_that_sends_events_without_a_sample_is_named() {
        let kinds = [*Kind::Training.spec(), *Kind::Compilation.spec()];
        let list = "| `a.json` | `training` | `Failed` | `failed` | |\n\
                    | `b.json` | `training` | `Completed` | `succeeded` | |\n";
        let block = block(list, &kinds).unwrap();
        assert_eq!(block.lines, ["(Kind::Training, sample!(\"b\")),"]);
        let error = super::block("", &kinds).err().unwrap();
        assert_eq!(error, "events/README.md: no sample of the kind `training`");
    }
}
