//! The architecture's invariants, as far as the dependency graph tells them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The adapters: each depends on `monitor`, none on another.
const ADAPTERS: [&str; 7] =
    ["account", "store-sqlite", "store-dynamodb", "sagemaker", "messaging", "webhook", "http-api"];

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

/// The workspace's packages and what each needs outside its tests.
fn dependencies() -> Graph {
    let metadata = MetadataCommand::new().exec().unwrap();
    let normal = |package: &&cargo_metadata::Package| {
        let kinds = package.dependencies.iter();
        kinds
            .filter(|dependency| dependency.kind == DependencyKind::Normal && !dependency.optional)
            .map(|dependency| dependency.name.clone())
            .collect()
    };
    let packages = metadata.workspace_packages();
    packages.iter().map(|package| (package.name.to_string(), normal(package))).collect()
}

#[test]
fn the_domain_knows_no_adapter_no_io_and_no_aws() {
    let graph = dependencies();
    for dependency in graph.get("monitor").unwrap() {
        assert!(!graph.contains_key(dependency), "monitor depends on {dependency}");
        assert!(!IO.contains(&dependency.as_str()), "monitor does I/O through {dependency}");
        assert!(!dependency.starts_with("aws"), "monitor knows AWS through {dependency}");
    }
}

#[test]
fn adapters_depend_on_the_domain_and_never_on_each_other() {
    let graph = dependencies();
    for adapter in ADAPTERS {
        let ours: Vec<_> = graph[adapter].iter().filter(|name| graph.contains_key(*name)).collect();
        assert_eq!(ours, ["monitor"], "{adapter}");
    }
}

#[test]
fn functions_and_the_command_line_meet_adapters_only_through_bootstrap() {
    let graph = dependencies();
    for function in ["job-events", "signals", "api", "sweep"] {
        let direct = &graph[function];
        assert!(direct.contains("bootstrap"), "{function}");
        for adapter in ["store-sqlite", "store-dynamodb", "messaging", "webhook"] {
            assert!(!direct.contains(adapter), "{function} depends on {adapter}");
        }
    }
}

#[test]
fn only_programs_that_ask_sagemaker_compile_it() {
    let graph = dependencies();
    let users = graph.iter().filter(|(_, needs)| needs.contains("sagemaker"));
    let users: Vec<_> = users.map(|(name, _)| name.as_str()).collect();
    assert_eq!(users, ["api", "step", "sweep"]);
}

#[test]
fn what_is_deployed_keeps_unwinding_and_has_no_laptops_store() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let build = &metadata.workspace_metadata["lambda"]["build"];
    assert_eq!(build["no_default_features"], true);
    // Other packages would bring their features along.
    let packages = build["packages"].as_array().unwrap();
    assert_eq!(packages, &["api", "job-events", "signals", "sweep"]);
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
    let allowed = ["crates/bootstrap/src/adapters.rs"];
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
