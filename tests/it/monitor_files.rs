//! The files of the domain: none needs itself by way of others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Modules by their paths below the crate, as in `sweep::plan`, and their texts.
type Modules = BTreeMap<String, String>;

fn read(folder: &Path, path: &[String], modules: &mut Modules) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let path = [path, &[name]].concat();
        // What the tests of all stores and senders share is built on all of the domain.
        if path == ["lib"] || path == ["testing"] {
            continue;
        }
        if file.is_dir() {
            read(&file, &path, modules);
        } else {
            modules.insert(path.join("::"), std::fs::read_to_string(&file).unwrap());
        }
    }
}

/// The module that holds what this path names.
fn holder<'a>(modules: &'a Modules, path: &str) -> Option<&'a str> {
    let mut path = path.trim_end_matches(':');
    loop {
        if let Some((name, _)) = modules.get_key_value(path) {
            return Some(name);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// The path that a text begins with.
fn leading_path(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    text.split_once(|c| !is_part(c)).map_or(text, |(path, _)| path)
}

/// The other modules that a module names outside of its tests.
fn needs<'a>(modules: &'a Modules, module: &str) -> BTreeSet<&'a str> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let text = modules.get(module).unwrap().split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let from_root = line.split("crate::").skip(1).map(|rest| leading_path(rest).to_owned());
        let from_parent = line.split("super::").skip(1);
        let from_parent = from_parent.map(|rest| format!("{parent}::{}", leading_path(rest)));
        let used = line.strip_prefix("pub use ").or_else(|| line.strip_prefix("use "));
        let from_here = used.map(|rest| format!("{module}::{}", leading_path(rest)));
        let paths = from_root.chain(from_parent).chain(from_here);
        found.extend(paths.filter_map(|path| holder(modules, &path)));
    }
    found.remove(module);
    found
}

#[test]
fn no_file_of_the_domain_needs_itself_by_way_of_others() {
    let mut modules = Modules::new();
    let folder = format!("{}/../crates/monitor/src", env!("CARGO_MANIFEST_DIR"));
    read(Path::new(&folder), &[], &mut modules);
    let mut left: BTreeMap<_, _> =
        modules.keys().map(|module| (module.as_str(), needs(&modules, module))).collect();
    assert!(left["record"].contains("job"), "the imports are found: {:?}", left["record"]);
    loop {
        let free: Vec<_> =
            left.iter().filter(|(_, needs)| needs.is_empty()).map(|(name, _)| *name).collect();
        if free.is_empty() {
            break;
        }
        left.retain(|name, _| !free.contains(name));
        left.values_mut().for_each(|needs| needs.retain(|name| !free.contains(name)));
    }
    assert!(left.is_empty(), "these need each other, or one of a circle: {left:#?}");
}
