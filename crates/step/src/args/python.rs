//! Parses numbers and booleans as Python does.

/// Up to here a double can represent every integer: 2^53.
const COUNTED: f64 = 9_007_199_254_740_992.0;

/// What `int(text)` is, if it is within 64 bits.
pub(super) fn int(text: &str) -> Option<i64> {
    let number = without_underscores(text.trim())?;
    number.parse().ok()
}

/// What `int(text)` is, or `float(text)` where that is whole: to KFP every number is a
/// double, and some of its ways write it so (`8.64e+04`, `86400.0`).
pub(super) fn whole(text: &str) -> Option<i64> {
    int(text).or_else(|| float(text).and_then(exactly))
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and within what a double counts")]
fn exactly(number: f64) -> Option<i64> {
    let is_exact = number.fract() == 0.0 && number.abs() <= COUNTED;
    is_exact.then_some(number as i64)
}

/// What `float(text)` is.
pub(super) fn float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// What `distutils.util.strtobool(text)` is.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Without the underscores, which stand between two digits or else are wrong.
fn without_underscores(text: &str) -> Option<String> {
    let mut number = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '_' {
            number.push(letter);
            continue;
        }
        let between_digits = number.ends_with(|before: char| before.is_ascii_digit())
            && letters.peek().is_some_and(char::is_ascii_digit);
        if !between_digits {
            return None;
        }
    }
    Some(number)
}
