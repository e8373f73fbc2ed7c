//! The images of AWS's own algorithms.
//!
//! `images.json` contains what version 2.237.3 of the `sagemaker` package resolves, which the old
//! components used: registries (accounts by region), and the image of each algorithm and of each
//! reinforcement learning toolkit.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sagebell_monitor::partition::Partition;
use serde::Deserialize;

use crate::component::ComponentError;

/// The algorithm that can't be named without its version.
const VERSIONED: &str = "xgboost";

#[derive(Debug, Default, Deserialize)]
struct Images {
    registries: Vec<BTreeMap<String, String>>,
    aliases: BTreeMap<String, String>,
    algorithms: BTreeMap<String, Image>,
    reinforcement: BTreeMap<String, Image>,
}

#[derive(Debug, Deserialize)]
struct Image {
    registry: usize,
    image: String,
}

static IMAGES: LazyLock<Images> =
    LazyLock::new(|| serde_json::from_str(include_str!("images.json")).unwrap_or_default());

/// The image of a built-in algorithm. None if there is no such algorithm: then it is the name of an
/// algorithm resource.
pub(super) fn of_algorithm(name: &str, region: &str) -> Result<Option<String>, ComponentError> {
    let lower = name.to_lowercase();
    let lower = lower.trim();
    let built_in = IMAGES.aliases.get(lower).map_or(lower, String::as_str);
    if built_in == VERSIONED {
        let problem =
            format!("`{name}` has several versions. Give the image of one of them in `image`");
        return Err(ComponentError::input("algorithm_name", problem));
    }
    let Some(image) = IMAGES.algorithms.get(built_in) else { return Ok(None) };
    located(image, region).map(Some).ok_or_else(|| {
        let problem = format!("there is no `{built_in}` in `{region}`. Give an image in `image`");
        ComponentError::input("algorithm_name", problem)
    })
}

/// A reinforcement learning toolkit, as it is asked for.
pub(super) struct Toolkit<'a> {
    pub(super) toolkit: &'a str,
    pub(super) version: &'a str,
    pub(super) framework: &'a str,
}

/// The image of a toolkit, for the processors of an instance type.
pub(super) fn of_toolkit(
    asked: &Toolkit<'_>,
    region: &str,
    instance_type: &str,
) -> Result<String, ComponentError> {
    let Toolkit { toolkit, version, framework } = asked;
    let Some(image) = IMAGES.reinforcement.get(&format!("{toolkit}-{framework}-{version}")) else {
        let problem = format!("there is no image for `{version}` of {toolkit} with {framework}");
        return Err(ComponentError::input("toolkit_version", problem));
    };
    let Some(located) = located(image, region) else {
        let problem = format!("there is no image for {toolkit} in `{region}`. Give one in `image`");
        return Err(ComponentError::input("toolkit", problem));
    };
    Ok(located.replace("-cpu-", &format!("-{}-", processor(instance_type)?)))
}

/// What an instance type computes with, by the first letter of its family.
fn processor(instance_type: &str) -> Result<&'static str, ComponentError> {
    let family = instance_type.strip_prefix("ml.").and_then(|rest| rest.split_once('.'));
    let family = family.map(|(family, _)| family).unwrap_or_default();
    if family.is_empty() || family.starts_with("inf") || family.starts_with("trn") {
        let problem =
            format!("there is no toolkit image for `{instance_type}`. Give one in `image`");
        return Err(ComponentError::input("instance_type", problem));
    }
    Ok(if family.starts_with(['g', 'p']) { "gpu" } else { "cpu" })
}

fn located(image: &Image, region: &str) -> Option<String> {
    let account = IMAGES.registries.get(image.registry)?.get(region)?;
    let host = Partition::of_region(region).service_host("dkr.ecr", region);
    Some(format!("{account}.{host}/{}", image.image))
}
