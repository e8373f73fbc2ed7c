//! Puts the lines of several streams in order of time, a page of each at once.

use std::collections::VecDeque;

use crate::logs::Event;

/// Streams that are being read.
#[derive(Debug, Default)]
pub(super) struct Merge(Vec<Open>);

/// A stream that is being read.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) stream: String,
    pub(super) events: VecDeque<Event>,
    /// Nothing comes after these events for now.
    pub(super) is_at_its_end: bool,
    /// Its pages so far.
    pub(super) pages: u32,
}

impl Merge {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, stream: &str) -> bool {
        self.0.iter().any(|open| open.stream == stream)
    }

    pub(super) fn open(&mut self, stream: String) {
        let open = Open { stream, events: VecDeque::new(), is_at_its_end: false, pages: 0 };
        self.0.push(open);
    }

    /// A new reading begins: what was at its end may go on.
    pub(super) fn begin(&mut self) {
        for open in &mut self.0 {
            (open.is_at_its_end, open.pages) = (false, 0);
        }
    }

    /// A stream whose next page must be read before the next line is known.
    pub(super) fn hungry(&mut self) -> Option<&mut Open> {
        self.0.iter_mut().find(|open| open.events.is_empty() && !open.is_at_its_end)
    }

    /// Closes the streams that have told everything.
    pub(super) fn close_ended(&mut self) {
        self.0.retain(|open| !open.events.is_empty() || !open.is_at_its_end);
    }

    /// The earliest line, with its stream, while no stream is hungry.
    pub(super) fn next(&mut self) -> Option<(&str, Event)> {
        if self.hungry().is_some() {
            return None;
        }
        let first = |open: &&mut Open| open.events.front().map(|event| event.at);
        let open = self.0.iter_mut().filter(|open| !open.events.is_empty()).min_by_key(first)?;
        open.events.pop_front().map(|event| (&*open.stream, event))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    /// Streams of lines, each in order of time, in pages of a few lines, of which some are empty.
    fn streams() -> impl Strategy<Value = Vec<Vec<Vec<i64>>>> {
        let pages = prop::collection::vec(prop::collection::vec(0_i64..50, 0..4), 0..5);
        let in_order = pages.prop_map(|pages: Vec<Vec<i64>>| {
            let mut times: Vec<_> = pages.concat();
            times.sort_unstable();
            let mut times = times.into_iter();
            pages.iter().map(|page| times.by_ref().take(page.len()).collect()).collect()
        });
        prop::collection::vec(in_order, 0..6)
    }

    proptest! {
        #[test]
        fn every_line_comes_once_in_order_of_time_however_the_pages_are_cut(told in streams()) {
            let mut merge = Merge::default();
            for number in 0..told.len() {
                merge.open(number.to_string());
            }
            let mut said = Vec::new();
            while !merge.is_empty() {
                while let Some(open) = merge.hungry() {
                    let number: usize = open.stream.parse().unwrap();
                    let page = told[number].get(usize::try_from(open.pages).unwrap());
                    open.is_at_its_end = page.is_none();
                    open.pages += 1;
                    open.events.extend(page.into_iter().flatten().map(|at| Event {
                        at: Timestamp::from_second(*at).unwrap(),
                        text: number.to_string(),
                    }));
                }
                merge.close_ended();
                while let Some((stream, event)) = merge.next() {
                    prop_assert_eq!(stream, &event.text);
                    said.push((event.at.as_second(), stream.to_owned()));
                }
            }
            prop_assert!(said.is_sorted_by_key(|(at, _)| *at), "{said:?}");
            for (number, pages) in told.iter().enumerate() {
                let of_it = said.iter().filter(|(_, stream)| *stream == number.to_string());
                prop_assert_eq!(of_it.map(|(at, _)| *at).collect::<Vec<_>>(), pages.concat());
            }
        }
    }
}
