//! The sample events: what they are, and that their table says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use sagebell_monitor::event::{Parsed, parse};
use sagebell_monitor::kind::Kind;

/// A sample's kind and phase, as the parser sees it, or that it names no state; `None`:
/// about no job.
type Seen = Option<(String, String)>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn samples() -> BTreeMap<String, Seen> {
    let mut samples = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let event = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let seen = match parse(&event, Timestamp::UNIX_EPOCH) {
            Ok(Parsed::Job(seen)) => Some((seen.kind().to_string(), seen.phase.to_string())),
            Ok(Parsed::NoState { arn, .. }) => {
                Some((arn.kind().to_string(), "no state".to_owned()))
            }
            Ok(Parsed::Ignored(_)) => None,
            Err(refused) => panic!("{}: {refused}", path.display()),
        };
        samples.insert(path.file_name().unwrap().to_string_lossy().into_owned(), seen);
    }
    samples
}

/// The rows of the table in `events/README.md`: file → its other cells.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let cells = |line: &str| {
        line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    };
    let rows = text.lines().filter(|line| line.starts_with('|') && line.contains(".json"));
    rows.map(cells).map(|row| (row[1].clone(), row[2..].to_vec())).collect()
}

#[test]
fn the_table_tells_every_sample_and_its_phase() {
    let (samples, table) = (samples(), table());
    let (shown, listed): (Vec<_>, Vec<_>) = (samples.keys().collect(), table.keys().collect());
    assert_eq!(shown, listed);
    for (file, seen) in samples {
        let row = table[&file].join(" | ");
        match seen {
            Some((_, phase)) => assert!(table[&file].contains(&phase), "{file} is {phase}: {row}"),
            None => assert!(file.starts_with("ignored-"), "{file} is about no job"),
        }
    }
}

#[test]
fn every_kind_that_has_events_has_a_sample() {
    let shown: BTreeSet<_> = samples().into_values().flatten().map(|(kind, _)| kind).collect();
    let listed = Kind::all().filter(|kind| !kind.spec().detail_types.is_empty());
    for kind in listed {
        assert!(shown.contains(kind.as_str()), "no sample of {kind}");
    }
}
