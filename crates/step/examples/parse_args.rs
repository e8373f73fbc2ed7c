//! Reads command lines as the step does, for a comparison with Python's argparse.
//!
//! A line of input is a JSON object with a `component` and its `words`; a line of
//! output is `{"inputs": …}`, or `{"exit": 2, "report": …}`.

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use sagebell_step::component::Component;
use sagebell_step::{args, registry};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Line {
    component: String,
    words: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let component = registry::find(&line.component).ok_or("no such component")?;
        writeln!(std::io::stdout(), "{}", report(component.as_ref(), &line.words))?;
    }
    Ok(())
}

fn report(component: &dyn Component, words: &[String]) -> Value {
    let definition = component.definition();
    match args::parse(definition, &[], words) {
        Ok(parsed) => {
            let names = definition.inputs.iter().map(|input| input.name.as_str());
            let value = |name: &str| (name.to_owned(), parsed.inputs.value(name).clone());
            json!({ "inputs": names.map(value).collect::<Map<_, _>>() })
        }
        Err(error) => json!({ "exit": error.exit_code(), "error": error.to_string() }),
    }
}
