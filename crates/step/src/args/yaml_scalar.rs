//! The meaning of plain words in YAML 1.1, as `PyYAML` resolves them. For example, `yes` is true,
//! `0o17` is text, and `017` and `1:30` are numbers.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Number, Value};

/// What a plain word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Value(Value),
    /// The key that merges another mapping into its own.
    Merge,
}

/// One rule: the words it is about, and what they mean.
struct Rule {
    pattern: Regex,
    meaning: Meaning,
}

type Meaning = fn(&str) -> Result<Plain, String>;

/// The resolvers of `PyYAML`'s `SafeLoader`; the first that fits counts, else it is text.
const RULES: [(&str, Meaning); 7] = [
    ("^(~|null|Null|NULL|)$", |_| Ok(Plain::Value(Value::Null))),
    ("^(yes|Yes|YES|true|True|TRUE|on|On|ON)$", |_| Ok(Plain::Value(true.into()))),
    ("^(no|No|NO|false|False|FALSE|off|Off|OFF)$", |_| Ok(Plain::Value(false.into()))),
    (
        "^([-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+\
         |[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$",
        |text| integer(text).map(|number| Plain::Value(number.into())),
    ),
    (
        "^([-+]?[0-9][0-9_]*[.][0-9_]*([eE][-+][0-9]+)?|[.][0-9][0-9_]*([eE][-+][0-9]+)?\
         |[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+[.][0-9_]*|[-+]?[.](inf|Inf|INF)|[.](nan|NaN|NAN))$",
        |text| float(text).map(|number| Plain::Value(Value::Number(number))),
    ),
    (
        "^([0-9]{4}-[0-9]{2}-[0-9]{2}\
         |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.][0-9]*)?\
         ([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)$",
        |text| Err(format!("`{text}` is a time. Put it in quotes")),
    ),
    ("^(=)$", |_| Err("`=` has no meaning. Put it in quotes".to_owned())),
];

static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compiled = RULES.iter().filter_map(|(pattern, meaning)| {
        let pattern = Regex::new(pattern).ok()?;
        Some(Rule { pattern, meaning: *meaning })
    });
    compiled.collect()
});

/// What a word without quotes and without a tag means.
pub(super) fn plain(text: &str) -> Result<Plain, String> {
    if text == "<<" {
        return Ok(Plain::Merge);
    }
    let rule = COMPILED.iter().find(|rule| rule.pattern.is_match(text));
    rule.map_or_else(|| Ok(Plain::Value(text.into())), |rule| (rule.meaning)(text))
}

/// The value of a word with one of YAML's own tags.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not a `{tag}`");
    match tag {
        "str" => Ok(text.into()),
        "null" => Ok(Value::Null),
        "int" => integer(text).map(Value::from),
        "float" => float(text).map(Value::Number),
        "bool" => match plain(&text.to_lowercase()) {
            Ok(Plain::Value(truth @ Value::Bool(_))) => Ok(truth),
            _ => Err(wrong()),
        },
        _ => Err(format!("the tag `!!{tag}` has no JSON equivalent")),
    }
}

fn integer(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a 64-bit integer");
    let digits = text.replace('_', "");
    let (sign, digits) = signed(&digits);
    let number = if let Some(binary) = digits.strip_prefix("0b") {
        i64::from_str_radix(binary, 2)
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        i64::from_str_radix(hexadecimal, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        return sexagesimal(digits).and_then(|number| number.checked_mul(sign)).ok_or_else(wrong);
    };
    number.map(|number| number * sign).map_err(|_| wrong())
}

fn float(text: &str) -> Result<Number, String> {
    let wrong = || format!("`{text}` is not a finite number");
    let digits = text.replace('_', "").to_lowercase();
    let (sign, digits) = signed(&digits);
    let number = match digits.rsplit_once(':') {
        None => digits.parse().ok(),
        Some((minutes, seconds)) => sexagesimal(minutes)
            .zip(seconds.parse::<f64>().ok())
            .map(|(minutes, seconds)| to_float(minutes) * 60.0 + seconds),
    };
    let number = number.map(|number| number * to_float(sign));
    number.and_then(Number::from_f64).ok_or_else(wrong)
}

/// `1:30` is 90: the base is 60.
fn sexagesimal(digits: &str) -> Option<i64> {
    digits
        .split(':')
        .try_fold(0_i64, |number, digit| number.checked_mul(60)?.checked_add(digit.parse().ok()?))
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "as Python does in this sum")]
fn to_float(number: i64) -> f64 {
    number as f64
}
