use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const OWN: &[&str] = &["wait", "max-wait"];

fn definition() -> Definition {
    let input = |name: &str, kind: &str, more: Value| {
        let mut input = json!({"name": name, "type": kind, "description": format!("the {name}")});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    serde_json::from_value(json!({
        "name": "train",
        "family": "v1",
        "title": "Train",
        "description": "Trains.",
        "inputs": [
            input("region", "String", json!({"required": true})),
            input("role", "String", json!({})),
            input("role_name", "String", json!({})),
            input("url", "String", json!({"nullable": true})),
            input("count", "Integer", json!({"default": "1"})),
            input("price", "String", json!({"parsed_as": "Float", "default": "0.000"})),
            input("spot", "Bool", json!({"default": "False"})),
            input("tags", "JsonObject", json!({"default": "{}"})),
            input("channels", "JsonArray", json!({"default": "[]"})),
            input("mode", "String", json!({"choices": ["File", "Pipe"], "default": "File"})),
        ],
        "outputs": [{"name": "job_name", "type": "String", "description": "the job"}],
    }))
    .unwrap()
}

fn read(words: &[&str]) -> Result<Parsed, UsageError> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    parse(&definition(), OWN, &words)
}

/// With what is required, the value of an input after it was given so.
fn value(input: &str, text: &str) -> Result<Value, UsageError> {
    let parsed = read(&["--region=r", &format!("--{input}={text}")])?;
    Ok(parsed.inputs.value(input).clone())
}

fn problem(words: &[&str]) -> String {
    match read(words) {
        Err(UsageError::Wrong { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_given_has_its_default() {
    let parsed = read(&["--region", "r"]).unwrap();
    assert_eq!(parsed.inputs.text("region"), "r");
    assert_eq!(*parsed.inputs.value("role"), Value::Null);
    assert_eq!(*parsed.inputs.value("count"), json!(1));
    assert_eq!(*parsed.inputs.value("price"), json!(0.0));
    assert_eq!(*parsed.inputs.value("spot"), json!(false));
    assert_eq!(*parsed.inputs.value("tags"), json!({}));
    assert_eq!(parsed.output_paths["job_name"], PathBuf::from("/tmp/job_name"));
    assert!(parsed.own.is_empty());
}

#[test]
fn the_last_of_several_counts_and_a_flag_may_be_shortened() {
    let parsed = read(&["--reg", "a", "--region=b=c", "--job_name_out=/o"]).unwrap();
    assert_eq!(parsed.inputs.text("region"), "b=c");
    assert_eq!(parsed.output_paths["job_name"], PathBuf::from("/o"));
    assert_eq!(read(&["--role", "x", "--region="]).unwrap().inputs.text("role"), "x");
}

#[test]
fn own_options_are_never_shortened() {
    let parsed = read(&["--region=r", "--wait", "poll", "--max-wait=1h"]).unwrap();
    assert_eq!(parsed.own["wait"], "poll");
    assert_eq!(parsed.own["max-wait"], "1h");
    assert!(problem(&["--region=r", "--wai", "poll"]).contains("--wai"));
}

#[test]
fn a_value_may_begin_with_a_hyphen_if_it_is_a_number_or_has_a_blank() {
    assert_eq!(read(&["--region=r", "--count", "-5"]).unwrap().inputs.integer("count"), -5);
    let list = read(&["--region=r", "--channels", "- a: 1\n- b"]).unwrap();
    assert_eq!(*list.inputs.value("channels"), json!([{"a": 1}, "b"]));
    assert_eq!(problem(&["--region", "-x"]), "argument --region: expected one argument");
    assert_eq!(problem(&["--region"]), "argument --region: expected one argument");
    assert_eq!(problem(&["--region", "--", "r"]), "argument --region: expected one argument");
    assert_eq!(read(&["--region", "-"]).unwrap().inputs.text("region"), "-");
}

#[test]
fn what_is_wrong_is_said() {
    assert_eq!(problem(&[]), "the following arguments are required: --region");
    assert_eq!(problem(&["--region=r", "x", "--y"]), "unrecognized arguments: x --y");
    assert_eq!(problem(&["--region=r", "--count=x"]), "argument --count: invalid int value: 'x'");
    assert_eq!(
        problem(&["--region=r", "--mode=file"]),
        "argument --mode: invalid choice: 'file' (choose from 'File', 'Pipe')"
    );
    let ambiguous = problem(&["--r=x"]);
    assert_eq!(ambiguous, "ambiguous option: --r=x could match --region, --role, --role_name");
    assert!(problem(&["--region=r", "--tags=[]"]).contains("--tags"));
    assert!(problem(&["--region=r", "--tags={a"]).contains("neither JSON"));
    for tags in [r#"{\"a\":\"b\"}"#, r#" [ \"a\"]"#] {
        assert!(problem(&["--region=r", "--tags", tags]).contains("quotes are escaped"));
    }
}

#[test]
fn help_tells_everything_and_is_no_failure() {
    for word in ["-h", "--help", "--he"] {
        let help = read(&["--region=r", word]).unwrap_err();
        assert_eq!(help.exit_code(), 0);
        let text = help.to_string();
        for error in [
            "--region TEXT (required)",
            "--count INTEGER (default: '1')",
            "one of: 'File', 'Pipe'",
            "the price",
            "--job_name_output_path PATH (default: /tmp/job_name)",
            "--max-wait VALUE\n      How long to wait at most",
        ] {
            assert!(text.contains(error), "{error}: {text}");
        }
    }
    assert!(problem(&["--help=x"]).contains("ignored explicit argument"));
    assert_eq!(read(&["--count=x", "-h"]).unwrap_err().exit_code(), 2);
}

#[test]
fn numbers_and_truths_are_pythons() {
    let right = [
        ("count", " 4 ", json!(4)),
        ("count", "1_0", json!(10)),
        ("count", "+007", json!(7)),
        ("count", "8.64e+04", json!(86_400)),
        ("count", "86400.0", json!(86_400)),
        ("count", "-1.", json!(-1)),
        ("count", "9007199254740993", json!(9_007_199_254_740_993_i64)),
        ("price", "2e-1", json!(0.2)),
        ("price", " .5", json!(0.5)),
        ("price", "1_0.", json!(10.0)),
        ("spot", "YES", json!(true)),
        ("spot", "0", json!(false)),
        ("url", "  ", Value::Null),
        ("url", " u ", json!("u")),
    ];
    for (input, text, wanted) in right {
        assert_eq!(value(input, text).unwrap(), wanted, "{input} {text:?}");
    }
    let wrong = [
        ("count", ""),
        ("count", "1__0"),
        ("count", "_1"),
        ("count", "1.5"),
        ("count", "1e30"),
        ("count", "inf"),
        ("count", "0x1"),
        ("count", "99999999999999999999"),
        ("price", "nan"),
        ("price", "inf"),
        ("price", "1,5"),
        ("spot", ""),
        ("spot", " true"),
        ("spot", "2"),
    ];
    for (input, text) in wrong {
        assert_eq!(value(input, text).unwrap_err().exit_code(), 2, "{input} {text:?}");
    }
}

#[test]
fn plain_words_are_yaml_1_1() {
    let meanings = [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!("y")),
        ("~", Value::Null),
        ("", Value::Null),
        ("017", json!(15)),
        ("0o17", json!("0o17")),
        ("0x1F", json!(31)),
        ("-0b11", json!(-3)),
        ("1_000", json!(1000)),
        ("1:30", json!(90)),
        ("-1:30.5", json!(-90.5)),
        ("08", json!("08")),
        ("1e3", json!("1e3")),
        ("1.e+3", json!(1000.0)),
        ("1.5", json!(1.5)),
        ("'yes'", json!("yes")),
        ("!!str yes", json!("yes")),
        ("!!float 1", json!(1.0)),
        ("! 12", json!(12)),
        (".5", json!(0.5)),
        ("|\n  a\n  b", json!("a\nb")),
        ("|\n  a\n", json!("a\n")),
    ];
    for (text, wanted) in meanings {
        let tags = value("tags", &format!("key: {text}")).unwrap();
        assert_eq!(tags["key"], wanted, "{text:?}");
    }
}

#[test]
fn what_json_cannot_say_is_refused() {
    let texts = [
        "a: 2001-01-01",
        "a: 2001-1-1 0:00:00",
        "a: =",
        "a: .inf",
        "a: <<",
        "a: 99999999999999999999",
        "1: a",
        "yes: a",
        "? [a]\n: b",
        "a: !!binary YQ==",
        "a: !own x",
        "a: *unknown",
        "a: &x [*x]",
        "a: 1\n---\nb: 2",
        "<<: 1",
        "a: [",
    ];
    for text in texts {
        assert_eq!(value("tags", text).unwrap_err().exit_code(), 2, "{text}");
    }
}

#[test]
fn aliases_and_merges_are_followed() {
    let text = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall: {<<: [*b, *m], x: 5}\nsame: *b";
    let tags = value("tags", text).unwrap();
    assert_eq!(tags["all"], json!({"x": 5, "y": 2, "z": 4}));
    assert_eq!(tags["same"], json!({"x": 1, "y": 2}));
}

#[test]
fn an_empty_text_is_an_empty_collection() {
    for text in ["", " ", "null", "~", "# nothing"] {
        assert_eq!(value("tags", text).unwrap(), json!({}), "{text:?}");
        assert_eq!(value("channels", text).unwrap(), json!([]), "{text:?}");
    }
}

/// 77 kB that would become 1.7 GB: a long text that is named once and stands for itself
/// thousands of times.
#[test]
fn a_document_is_bounded_by_the_bytes_that_it_expands_to() {
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(50_000), vec!["*a"; 9_000].join(", "));
    let problem = value("tags", &text).unwrap_err().to_string();
    assert!(problem.contains("more than 8 MiB"));
    let nested = (0..120).fold("x".repeat(80_000), |inner, n| format!("[&a{n} {inner}]"));
    let problem = value("channels", &nested).unwrap_err().to_string();
    assert!(problem.contains("more than 8 MiB"));
    let few = format!("a: &a {}\nb: [{}]", "x".repeat(50_000), vec!["*a"; 100].join(", "));
    assert_eq!(value("tags", &few).unwrap()["b"].as_array().unwrap().len(), 100);
}

#[test]
fn documents_are_bounded() {
    let deep = format!("a: {}{}", "[".repeat(2000), "]".repeat(2000));
    assert_eq!(value("tags", &deep).unwrap_err().exit_code(), 2);
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    assert_eq!(value("tags", &laughs).unwrap_err().exit_code(), 2);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn executor(inputs: &Value) -> String {
    let output = json!({"outputFile": "/tmp/kfp/outputs/job_name"});
    json!({"inputs": {"parameterValues": inputs}, "outputs": {"parameters": {"job_name": output}}})
        .to_string()
}

fn from_kfp(inputs: &Value) -> Result<Parsed, UsageError> {
    let words = ["--executor-input".to_owned(), executor(inputs)];
    parse(&definition(), &["executor-input", "wait", "max-wait", "api"], &words)
}

fn refused(inputs: &Value) -> String {
    match from_kfp(inputs) {
        Err(UsageError::Wrong { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_executor_input_alone_is_enough() {
    let given = json!({"region": "r", "count": 3.0, "spot": true, "price": 0.5, "tags": {"a": 1},
        "channels": [1.0], "sagebell_api": "http://m/", "wait": "", "pipelinechannel--x": "part"});
    let parsed = from_kfp(&given).unwrap();
    let value = |name: &str| parsed.inputs.value(name).clone();
    assert_eq!(
        [value("count"), value("spot"), value("price")],
        [json!(3), json!(true), json!(0.5)]
    );
    assert_eq!([value("tags"), value("channels")], [json!({"a": 1}), json!([1.0])]);
    assert_eq!([value("mode"), value("role")], [json!("File"), Value::Null]);
    assert_eq!(parsed.own["api"], "http://m/");
    assert_eq!(parsed.output_paths["job_name"], PathBuf::from("/tmp/kfp/outputs/job_name"));
    let missing = refused(&json!({"count": 1, "region": null}));
    assert_eq!(missing, "the following arguments are required: --region");
}

#[test]
fn a_flag_wins_over_the_executor_input() {
    let given = executor(&json!({"region": "r", "count": 3, "wait": "poll"}));
    let words = ["--count=4", "--wait=callback", "--job_name_output_path=/o", "--executor-input"];
    let words: Vec<String> = words.iter().map(ToString::to_string).chain([given]).collect();
    let parsed = parse(&definition(), &["executor-input", "wait"], &words).unwrap();
    assert_eq!((parsed.inputs.text("region"), parsed.inputs.integer("count")), ("r", 4));
    assert_eq!(parsed.own["wait"], "callback");
    assert_eq!(parsed.output_paths["job_name"], PathBuf::from("/o"));
}

#[test]
fn a_typed_value_means_what_its_text_means() {
    for (input, typed, text) in [
        ("count", json!(86_400.0), "86400"),
        ("count", json!(1.5), "1.5"),
        ("count", json!("4"), "4"),
        ("spot", json!(false), "false"),
        ("price", json!("0.2"), "0.2"),
        ("role", json!(1e21), "1000000000000000000000"),
        ("role", json!({"a": [true]}), r#"{"a":[true]}"#),
        ("tags", json!({"a": 1.0}), r#"{"a":1.0}"#),
        ("tags", json!("a: yes"), "a: yes"),
        ("tags", json!([]), "[]"),
        ("url", json!(" "), " "),
        ("mode", json!("File"), "File"),
        ("mode", json!("file"), "file"),
    ] {
        let got = from_kfp(&json!({"region": "r", input: typed}));
        let got = got.map(|parsed| parsed.inputs.value(input).clone()).ok();
        assert_eq!(got, value(input, text).ok(), "{input} {text}");
    }
}

#[test]
fn what_kfp_left_unfilled_is_refused_by_name_wherever_it_stands() {
    let hole = "{{$.inputs.parameters['pipelinechannel--x']}}";
    let channel = "{{channel:task=;name=g;type=String;}}";
    for value in [
        json!(hole),
        json!(format!("s3://{hole}/x")),
        json!(channel),
        json!("{{$.pipeline_job_create_time_utc}}"),
        json!("{{$}}"),
    ] {
        for (input, given) in [
            ("role", value.clone()),
            ("tags", json!({"a": [{"b": value}]})),
            ("channels", json!([value])),
            ("wait", value.clone()),
        ] {
            let error = refused(&json!({"region": "r", input: given}));
            assert!(
                error.starts_with(&format!("input `{input}`: KFP did not fill in `{{{{")),
                "{error}"
            );
        }
    }
    let error = refused(&json!({"region": "r", "tags": {hole: 1}}));
    assert!(error.contains(hole), "{error}");
    let escaped = r#"{"a": "\u007b{$.x}}"}"#;
    assert!(problem(&["--region=r", "--tags", escaped]).contains("did not fill in"));
}

#[test]
fn an_input_without_a_value_has_its_default_and_a_required_one_is_named() {
    let hole = |name: &str| format!("{{{{$.inputs.parameters['{name}']}}}}");
    let parsed = read(&["--region=r", "--count", &hole("count"), "--max-wait", &hole("max_wait")]);
    let parsed = parsed.unwrap();
    assert_eq!(parsed.inputs.integer("count"), 1);
    assert!(parsed.own.is_empty());
    let error = problem(&["--region", &hole("region")]);
    assert!(error.starts_with("argument --region: KFP did not fill in"), "{error}");
}

#[test]
fn an_input_of_another_version_is_refused_unless_it_says_nothing() {
    assert!(from_kfp(&json!({"region": "r", "newer": "", "newest": {}})).is_ok());
    let error = refused(&json!({"region": "r", "newer": 1}));
    assert!(error.contains("input `newer`") && error.contains("one version"), "{error}");
}

proptest! {
    #[test]
    fn json_means_itself(members in proptest::collection::btree_map(any::<String>(), any_json(), 0..4)) {
        let object = Value::Object(members.into_iter().collect());
        prop_assert_eq!(value("tags", &object.to_string()).unwrap(), object);
    }

    #[test]
    fn a_value_may_follow_its_flag_or_stand_in_the_same_word(text in "[^-]*") {
        let joined = read(&[&format!("--region={text}")]);
        prop_assert_eq!(joined, read(&["--region", &text]));
    }

    #[test]
    fn any_object_means_the_same_in_the_executor_input(members in proptest::collection::btree_map("[a-z]{0,4}", any_json(), 0..4)) {
        let object = Value::Object(members.into_iter().collect());
        let parsed = from_kfp(&json!({"region": "r", "tags": object})).unwrap();
        prop_assert_eq!(parsed.inputs.value("tags"), &object);
    }

    #[test]
    fn no_words_bring_it_down(words in proptest::collection::vec("(--?)?(r|region|tags|wait|count)?=?.{0,12}", 0..6)) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = read(&words);
    }
}
