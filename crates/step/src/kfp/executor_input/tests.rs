use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::definition::{self, Family, definitions};

const ROOT: &str = "s3://bucket/v2/pipe/run-1/train/salt";

fn input() -> ExecutorInput {
    let artifact =
        |name: &str| json!({"artifacts": [{"name": name, "uri": format!("{ROOT}/{name}")}]});
    let text = json!({
        "inputs": {"parameterValues": {"region": "r", "count": 3.0, "task": "t", "none": null}},
        "outputs": {
            "parameters": {"status": {"outputFile": "/tmp/kfp/outputs/status"}},
            "artifacts": {"executor-logs": artifact("executor-logs"), "metrics": artifact("metrics")},
            "outputFile": "/s3/bucket/v2/pipe/run-1/train/salt/output_metadata.json",
        },
    });
    ExecutorInput::parse(&text.to_string()).unwrap()
}

#[test]
fn it_tells_inputs_outputs_artifacts_and_the_place() {
    let input = input();
    assert_eq!(input.input("region"), Some(&json!("r")));
    assert_eq!((input.input("task_"), input.input("none")), (Some(&json!("t")), None));
    assert_eq!(input.output("status"), Some(Path::new("/tmp/kfp/outputs/status")));
    let metrics = PathBuf::from("/s3/bucket/v2/pipe/run-1/train/salt/metrics");
    assert_eq!(input.artifact_file("metrics"), Some(metrics));
    assert_eq!(input.place().unwrap(), format!("{ROOT}/metrics"));
    assert_eq!((input.output("x"), input.artifact_file("x")), (None, None));
}

#[test]
fn what_is_left_out_is_empty_and_a_task_without_artifacts_has_its_file_for_a_place() {
    let empty = ExecutorInput::parse("{}").unwrap();
    assert_eq!((empty.input("region"), empty.place(), empty.output_file()), (None, None, None));
    let input = r#"{"outputs": {"outputFile": "/gcs/b/p/run/task/salt/output_metadata.json"}}"#;
    let input = ExecutorInput::parse(input).unwrap();
    assert_eq!(crate::kfp::identity("", &input.place().unwrap()).0, "run");
}

#[test]
fn a_uri_is_kept_where_the_launcher_keeps_it() {
    for (uri, path) in [
        ("gs://b/k", Some("/gcs/b/k")),
        ("minio://b/k", Some("/minio/b/k")),
        ("s3://b/k", Some("/s3/b/k")),
        ("/outputs/k", Some("/outputs/k")),
        ("oci://b/k", None),
    ] {
        assert_eq!(local_path(uri), path.map(PathBuf::from));
    }
}

#[test]
fn what_is_no_json_says_what_does_this() {
    let pasted = r#"{"inputs": {"parameterValues": {"note": "say "hi""}}}"#;
    let over = r#"{"inputs": {"parameterValues": {"a": "x", "b": "1", "a": "y"}}}"#;
    for text in [pasted, over, "", r#"{"inputs": []"#] {
        let error = ExecutorInput::parse(text).unwrap_err().to_string();
        assert!(error.contains("quotes") && error.contains("f\"…{parameter}…\""), "{error}");
    }
}

#[test]
fn a_part_that_was_pasted_as_it_is_is_noticed_and_one_that_came_through_is_taken() {
    let with = |note: &str, part: &str| {
        let values = json!({"tags": {"note": note}, "pipelinechannel--note": part});
        ExecutorInput::parse(&json!({"inputs": {"parameterValues": values}}).to_string())
    };
    for (note, part) in [("a x", r#"x","image":"theirs"#), ("a back\name", r"back\name")] {
        let error = with(note, part).unwrap_err().to_string();
        assert!(error.contains("`pipelinechannel--note` is not in it"), "{error}");
    }
    for part in ["plain", r#"say "hi""#, "two\nlines", r"back\slash"] {
        assert!(with(&format!("a {part}"), part).is_ok(), "{part}");
    }
}

#[test]
fn the_tables_names_are_those_of_kfp() {
    let rows = Family::ALL.map(definitions).concat();
    let options = definition::common().options.iter().map(|option| &option.input);
    let own = rows.iter().flat_map(|row| row.inputs.iter());
    for input in own.chain(options) {
        let kept = |letter: char| "_0123456789".contains(letter) || letter.is_ascii_lowercase();
        assert!(input.name.chars().all(kept), "{}", input.name);
    }
}

proptest! {
    #[test]
    fn no_text_brings_it_down(text in ".{0,40}", part in ".{0,20}", note in ".{0,20}") {
        let _ = ExecutorInput::parse(&text);
        // As KFP makes it of a text that was put together, pasted as it is.
        let pasted = format!(
            r#"{{"inputs": {{"parameterValues": {{"pipelinechannel--a": {}, "note": "{note}{part}"}}}}}}"#,
            json!(part)
        );
        let wanted = json!(format!("{note}{part}"));
        if let Ok(read) = ExecutorInput::parse(&pasted)
            && note.is_empty()
        {
            prop_assert_eq!(read.input("note"), Some(&wanted));
        }
    }
}
