//! A bounded memory of the latest items. It forgets the oldest first.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// The last `capacity` distinct values inserted.
pub(crate) struct Recent<T> {
    order: VecDeque<T>,
    seen: HashSet<T>,
    capacity: usize,
}

impl<T: Clone + Eq + Hash> Recent<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { order: VecDeque::new(), seen: HashSet::new(), capacity }
    }

    pub(crate) fn contains(&self, value: &T) -> bool {
        self.seen.contains(value)
    }

    pub(crate) fn insert(&mut self, value: T) {
        if !self.seen.insert(value.clone()) {
            return;
        }
        self.order.push_back(value);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_last_ones_and_forgets_the_oldest() {
        let mut recent = Recent::new(2);
        for value in [1, 2, 2, 3] {
            recent.insert(value);
        }
        assert!(!recent.contains(&1));
        assert!(recent.contains(&2));
        assert!(recent.contains(&3));
        assert_eq!(recent.order.len(), 2);
        assert_eq!(recent.seen.len(), 2);
    }
}
