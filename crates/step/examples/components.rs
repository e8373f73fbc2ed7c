//! Writes every `component.yaml`: `cargo run -p sagebell-step --example components`.

use std::error::Error;
use std::path::Path;

use sagebell_step::component_yaml::files;

fn main() -> Result<(), Box<dyn Error>> {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components");
    for (path, text) in files() {
        let path = components.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&components))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
