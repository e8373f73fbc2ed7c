//! The style sheet and the scripts. Their addresses change with their content, so that a browser
//! may keep them for ever.

use std::hash::Hasher as _;
use std::sync::LazyLock;

use axum::response::IntoResponse;
use http::{Uri, header};

use crate::problem::Problem;
use sagebell_api_types::ErrorCode;

/// A file, as it is in the program.
#[derive(Debug)]
pub(crate) struct File {
    name: &'static str,
    kind: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const FILES: [File; 3] = [
    File {
        name: "style.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../../assets/style.css"),
    },
    File {
        name: "idiomorph.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../../assets/idiomorph.min.js"),
    },
    File {
        name: "live.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../../assets/live.js"),
    },
];

/// The names by which the files are served, in the same order.
static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| {
    FILES.each_ref().map(|file| format!("{:016x}-{}", digest(file.text), file.name))
});

/// The addresses of the style sheet and of the scripts, in the order in which they run.
pub(crate) fn addresses() -> (&'static str, [&'static str; 2]) {
    let [style, morph, live] = &*NAMES;
    (style, [morph, live])
}

/// Tells two versions of a text apart.
pub(crate) fn digest(text: &str) -> u64 {
    // `new` has fixed keys: every process of a version has the same.
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Serves one of them.
pub(crate) async fn serve(uri: Uri) -> Result<impl IntoResponse, Problem> {
    let (_, name) = uri.path().rsplit_once('/').unwrap_or_default();
    let found = NAMES.iter().zip(&FILES).find(|(known, _)| known.as_str() == name);
    let missing = || Problem::new(ErrorCode::NotFound, "no such file; reload the page");
    let (_, file) = found.ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, file.kind),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    Ok((headers, file.text))
}
