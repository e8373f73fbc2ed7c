//! The architecture's invariants, as far as the dependency graph tells them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Of our own packages, what each may need outside its tests, optional or not: the floors
/// of the house, the lowest first. No package may be missing.
const FLOORS: &[(&str, &[&str])] = &[
    // The domain.
    ("sagebell-monitor", &[]),
    // The wire.
    ("sagebell-api-types", &["monitor"]),
    // The machine.
    ("sagebell-system", &["monitor"]),
    // The adapters: none knows another.
    ("sagebell-aws-reads", &["monitor"]),
    ("sagebell-connections", &["api-types", "monitor"]),
    ("sagebell-http-api", &["api-types", "monitor"]),
    ("sagebell-messaging", &["monitor"]),
    ("sagebell-sagemaker", &["monitor"]),
    ("sagebell-store-dynamodb", &["monitor"]),
    ("sagebell-store-sqlite", &["monitor"]),
    ("sagebell-webhook", &["api-types", "monitor"]),
    // The wiring.
    (
        "sagebell-runtime",
        &[
            "connections",
            "messaging",
            "monitor",
            "store-dynamodb",
            "store-sqlite",
            "system",
            "webhook",
        ],
    ),
    // The waiter's side.
    ("sagebell-client", &["api-types", "aws-reads", "monitor", "system", "webhook"]),
    // The stack of one machine.
    (
        "sagebell-local",
        &["api-types", "http-api", "monitor", "runtime", "store-sqlite", "system", "webhook"],
    ),
    // What people and AWS start.
    (
        "sagebell",
        &["api-types", "aws-reads", "client", "local", "messaging", "monitor", "system", "webhook"],
    ),
    ("sagebell-step", &["aws-reads", "client", "monitor", "sagemaker", "system"]),
    ("sagebell-api", &["api-types", "http-api", "monitor", "runtime", "sagemaker", "system"]),
    ("sagebell-job-events", &["monitor", "runtime", "system"]),
    ("sagebell-signals", &["monitor", "runtime", "system"]),
    ("sagebell-sweep", &["runtime", "sagemaker", "system"]),
    ("sagebell-bundle", &["fake-sagemaker", "sagebell", "step", "system"]),
    // The tools of the tests.
    ("sagebell-fake-sagemaker", &["api-types", "monitor", "system"]),
    ("sagebell-simulation", &["monitor", "system"]),
    ("sagebell-hello", &[]),
    ("sagebell-tests", &["api-types", "client", "monitor", "webhook"]),
    (
        "sagebell-xtask",
        &[
            "api-types",
            "http-api",
            "monitor",
            "runtime",
            "sagebell",
            "step",
            "store-dynamodb",
            "system",
        ],
    ),
];

/// What does I/O, or waits for it: nothing the domain may touch.
const IO: [&str; 9] = [
    "axum",
    "hyper",
    "lambda_http",
    "lambda_runtime",
    "mio",
    "reqwest",
    "rusqlite",
    "socket2",
    "tokio",
];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The workspace's packages and what each needs outside its tests, always or by a feature.
fn dependencies() -> Graph {
    let metadata = MetadataCommand::new().exec().unwrap();
    let needs = |package: &&cargo_metadata::Package| {
        let outside_tests =
            package.dependencies.iter().filter(|one| one.kind != DependencyKind::Development);
        outside_tests.map(|dependency| dependency.name.clone()).collect()
    };
    let packages = metadata.workspace_packages();
    packages.iter().map(|package| (package.name.to_string(), needs(package))).collect()
}

/// The packages of our own among these.
fn ours<'a>(graph: &Graph, needs: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    let ours = needs.iter().filter(|name| graph.contains_key(*name));
    ours.map(|name| name.strip_prefix("sagebell-").unwrap_or(name)).collect()
}

#[test]
fn every_package_depends_on_the_floors_below_it_alone() {
    let graph = dependencies();
    let floors: BTreeMap<&str, &[&str]> = FLOORS.iter().copied().collect();
    for (package, needs) in &graph {
        let may = floors.get(package.as_str());
        let may = may.unwrap_or_else(|| panic!("{package} has no floor: add it to FLOORS"));
        assert_eq!(ours(&graph, needs), may.iter().copied().collect(), "{package}");
    }
    assert_eq!(graph.len(), floors.len(), "a floor without its package");
}

#[test]
fn the_domain_does_no_io_and_knows_no_aws() {
    // Tokio is there for its tests' paused time alone: by a feature that no program turns on.
    let of_its_tests = ["tokio"];
    for dependency in dependencies().get("sagebell-monitor").unwrap() {
        let dependency = dependency.as_str();
        let does_io = IO.contains(&dependency) && !of_its_tests.contains(&dependency);
        assert!(!does_io, "monitor does I/O through {dependency}");
        assert!(!dependency.starts_with("aws"), "monitor knows AWS through {dependency}");
    }
}

#[test]
fn only_programs_that_ask_sagemaker_compile_it() {
    let graph = dependencies();
    let users = graph.iter().filter(|(_, needs)| needs.contains("sagebell-sagemaker"));
    let users: Vec<_> = users.map(|(name, _)| name.as_str()).collect();
    assert_eq!(users, ["sagebell-api", "sagebell-step", "sagebell-sweep"]);
}

#[test]
fn what_is_deployed_keeps_unwinding_and_has_no_laptops_store() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let build = &metadata.workspace_metadata["lambda"]["build"];
    assert_eq!(build["no_default_features"], true);
    // Other packages would bring their features along.
    let packages = build["packages"].as_array().unwrap();
    let functions = ["sagebell-api", "sagebell-job-events", "sagebell-signals", "sagebell-sweep"];
    assert_eq!(packages, &functions);
    // Where the profile says nothing of panics, `cargo lambda build` aborts.
    let manifest = std::fs::read_to_string(metadata.workspace_root.join("Cargo.toml")).unwrap();
    let (_, profile) = manifest.split_once("[profile.release]").unwrap();
    assert!(profile.contains("panic = \"unwind\""), "{profile}");
}

#[test]
fn a_functions_main_is_short() {
    for function in ["job-events", "signals", "api", "sweep"] {
        let path = format!("{}/../functions/{function}/src/main.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 60, "{path} has {lines} lines");
    }
}

#[test]
fn nobody_reaches_into_the_system_for_time() {
    // Clippy bans the calls; this holds that only adapters lift the ban.
    let allowed = ["crates/system/src/clock.rs"];
    let root = format!("{}/..", env!("CARGO_MANIFEST_DIR"));
    let mut lifted = Vec::new();
    let mut folders = vec![format!("{root}/crates"), format!("{root}/functions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.display().to_string());
            } else if std::fs::read_to_string(&path)
                .is_ok_and(|t| t.contains("clippy::disallowed_methods"))
            {
                lifted.push(path.display().to_string());
            }
        }
    }
    let stray = |path: &&String| !allowed.iter().any(|end| path.ends_with(end));
    let strays: Vec<_> = lifted.iter().filter(stray).collect();
    assert!(strays.is_empty(), "{strays:?}");
}
