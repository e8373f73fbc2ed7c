//! Whether waiters can reach the API, asked at most once in a sweep.

use futures::lock::Mutex;
use metrics::counter;

use crate::ports::Reachability;

/// What one sweep knows of it.
#[derive(Default)]
pub(super) struct Entrance(Mutex<Option<bool>>);

impl Entrance {
    pub(super) async fn is_open(&self, reachability: &dyn Reachability) -> bool {
        let mut known = self.0.lock().await;
        if let Some(is_open) = *known {
            return is_open;
        }
        let checked = reachability.check().await;
        if let Err(failure) = &checked {
            tracing::error!(
                reason = failure.reason,
                "waiters cannot reach the API: none is judged"
            );
            counter!("sagebell_api_unreachable_total").increment(1);
        }
        *known.insert(checked.is_ok())
    }
}
