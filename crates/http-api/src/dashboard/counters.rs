//! The counters of a monitor that keeps them itself.

/// A counter that people look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counter {
    /// What it counts.
    pub(crate) name: &'static str,
    /// What that means.
    pub(crate) about: &'static str,
    /// How much it counted, over all labels.
    pub(crate) value: f64,
}

/// The counters that the page shows, and how the monitor calls them.
const SHOWN: [(&str, &str, &str); 6] = [
    ("sagebell_events_total", "Events", "that told of a job"),
    ("sagebell_events_missed_total", "Missed events", "changes that no event told"),
    ("sagebell_sweep_found_total", "Found by sweeps", "changes in SageMaker's lists"),
    ("sagebell_signal_requests_total", "Signal requests", "handled"),
    ("sagebell_sweep_overdue_total", "Overdue", "waits that were handled late"),
    ("sagebell_sagemaker_calls_total", "SageMaker calls", "out of the monitor's budget"),
];

/// Reads these from Prometheus's text format
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>). One that is not in it is zero.
pub(crate) fn read(text: &str) -> Vec<Counter> {
    let total = |name: &str| -> f64 {
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        // What follows is a set of labels or the value: else this is a longer name.
        let lines = lines.filter(|rest| rest.starts_with(['{', ' ']));
        let values = lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
        // The sum of no numbers is -0.
        values.fold(0.0, |sum, value| sum + value)
    };
    SHOWN.map(|(name, shown, about)| Counter { name: shown, about, value: total(name) }).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_the_sum_over_its_labels() {
        let text = "# TYPE sagebell_events_total counter\nsagebell_events_total 3\n\n\
                    sagebell_sagemaker_calls_total{call=\"list\"} 2\n\
                    sagebell_sagemaker_calls_total{call=\"stop a\"} 5\n\
                    sagebell_events_total_of_others 9\n";
        let counters = read(text);
        let value = |name| counters.iter().find(|one| one.name == name).unwrap().value;
        assert_eq!(value("Events"), 3.0);
        assert_eq!(value("SageMaker calls"), 7.0);
        assert_eq!(value("Missed events"), 0.0);
    }
}
