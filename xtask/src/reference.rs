//! The pages of reference in `docs/`: the API, the command line, and the components. Whole pages, because
//! people write nothing in them. And the tables in the pages of errors and of the configuration.

mod api;
mod command_line;
mod components;
pub(crate) mod markdown;
pub(crate) mod tables;

use clap::CommandFactory as _;
use sagebell_step::definition::{Family, definitions};

use crate::generate::File;

/// Every page.
///
/// # Errors
/// The OpenAPI document cannot be read.
pub(crate) fn files() -> Result<Vec<File>, String> {
    let document = serde_json::from_str(&sagebell_http_api::openapi_json());
    let document = document.map_err(|error| format!("the OpenAPI document: {error}"))?;
    let families = Family::ALL.map(|family| (family, definitions(family)));
    let pages = [
        ("api", api::page(&document)),
        ("command-line", command_line::page(sagebell::args::Cli::command())),
        ("components", components::page(&families)),
    ];
    Ok(pages.map(|(name, text)| (format!("docs/{name}.md"), text)).into())
}
