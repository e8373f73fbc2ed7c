//! Numbers and truths as Python reads them from text.

/// What `int(text)` is, if it is within 64 bits.
pub(super) fn int(text: &str) -> Option<i64> {
    let number = without_underscores(text.trim())?;
    number.parse().ok()
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
