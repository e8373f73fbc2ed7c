//! Checks requests for a test that compares with botocore: reads a line
//! `{"operation", "input"}` for each and writes a line with its problems.

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use sagebell_step::model::check;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let operation = request.get("operation").and_then(Value::as_str).unwrap_or_default();
        let input = request.get("input").unwrap_or(&Value::Null);
        let problems = check(operation, input).err().unwrap_or_default();
        let report: Vec<_> = problems.iter().map(ToString::to_string).collect();
        writeln!(std::io::stdout(), "{}", json!(report))?;
    }
    Ok(())
}
