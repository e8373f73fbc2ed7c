//! What a job wrote to CloudWatch Logs: its streams, merged in order of time.
//!
//! Promises: it holds a page of each stream that it reads, and no more. It reads page by page, with
//! a pause between two calls. After an error the next reading goes on where this one stopped.

mod merge;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::call::Account;
use crate::error::AskError;
use crate::logs::{Page, Place};
use merge::{Merge, Open};

/// Streams that are read at once, whose pages have 1 MB each at most. Of more streams, the oldest
/// are read first.
const OPEN: usize = 50;
/// Pages of a stream in one reading at most. A job may write faster than it is read.
const PAGES: u32 = 1_000;
/// The pause between two calls: the quotas of calls a second are shared by the whole account
/// ("CloudWatch Logs quotas", CloudWatch Logs user guide).
const PAUSE: Duration = Duration::from_millis(100);

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhichLines {
    /// None that is older.
    pub since: Option<Timestamp>,
    /// Of each stream, no more than this number of its last lines.
    pub tail: Option<u32>,
}

/// What was written at once, which may have several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// When it was written.
    pub at: Timestamp,
    /// The stream.
    pub stream: &'a str,
    /// What the name of the stream adds to what all names of the job's streams begin with, if the
    /// job has several streams.
    pub instance: Option<&'a str>,
    /// The text.
    pub text: &'a str,
}

/// What a reading found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogsRead {
    /// The number of the job's streams.
    pub streams: usize,
    /// Whether more was written than one reading reads.
    pub has_more: bool,
}

/// The logs of a job, and how far they were read.
pub struct JobLogs<'a> {
    account: &'a Account,
    group: String,
    prefix: String,
    which: WhichLines,
    /// Where each stream goes on.
    places: HashMap<String, Place>,
    merge: Merge,
    has_begun: bool,
}

impl<'a> JobLogs<'a> {
    /// The logs in the streams of `group` that begin with `prefix`.
    #[must_use]
    pub fn new(account: &'a Account, group: String, prefix: String, which: WhichLines) -> Self {
        let (places, merge) = (HashMap::new(), Merge::default());
        Self { account, group, prefix, which, places, merge, has_begun: false }
    }

    /// Reads what was written since the last reading, and hands each line to `each`. A group that
    /// does not exist has no streams.
    ///
    /// # Errors
    /// [`AskError`], or the error of `each`, which ends the reading.
    pub async fn read<E: From<AskError>>(
        &mut self,
        mut each: impl FnMut(LogLine<'_>) -> Result<(), E>,
    ) -> Result<LogsRead, E> {
        self.merge.begin();
        let mut unread = self.streams().await?.into_iter();
        let several = self.places.len() > 1;
        let mut found = LogsRead { streams: self.places.len(), has_more: false };
        loop {
            while self.merge.len() < OPEN
                && let Some(stream) = unread.next()
            {
                self.merge.open(stream);
            }
            while let Some(open) = self.merge.hungry() {
                let place = self.places.entry(open.stream.clone()).or_insert(Place::Head);
                let page = page(self.account, &self.group, &open.stream, place, self.which);
                found.has_more |= take(page.await?, open, place);
            }
            self.merge.close_ended();
            if self.merge.is_empty() {
                return Ok(found);
            }
            while let Some((stream, event)) = self.merge.next() {
                let instance = stream.strip_prefix(&self.prefix).unwrap_or(stream);
                let instance = several.then_some(instance);
                each(LogLine { at: event.at, stream, instance, text: &event.text })?;
            }
        }
    }

    /// The names of the streams that are not open, the oldest first.
    async fn streams(&mut self) -> Result<Vec<String>, AskError> {
        let found = match self.account.log_streams(&self.group, &self.prefix).await {
            Err(AskError::NotFound(_)) => Vec::new(),
            found => found?,
        };
        // All of a stream that comes later is new.
        let tail = self.which.tail.filter(|_| !self.has_begun);
        self.has_begun = true;
        let mut names: Vec<_> = found.into_iter().map(|stream| stream.name).collect();
        for name in &names {
            let begin = || tail.map_or(Place::Head, Place::Tail);
            self.places.entry(name.clone()).or_insert_with(begin);
        }
        names.retain(|name| !self.merge.has(name));
        Ok(names)
    }
}

/// The next page of a stream. One that was deleted meanwhile has no more.
async fn page(
    account: &Account,
    group: &str,
    stream: &str,
    place: &Place,
    which: WhichLines,
) -> Result<Page, AskError> {
    tokio::time::sleep(PAUSE).await;
    match account.log_page((group, stream), place, which.since).await {
        Err(AskError::NotFound(_)) => Ok(Page::default()),
        page => page,
    }
}

/// Takes a page. Whether more was written than one reading reads.
fn take(page: Page, open: &mut Open, place: &mut Place) -> bool {
    open.pages += 1;
    open.events = page.events;
    let next = page.next.map(Place::Page).filter(|next| next != place);
    let has_more = next.is_some() && open.pages >= PAGES;
    open.is_at_its_end = next.is_none() || has_more;
    if let Some(next) = next {
        *place = next;
    }
    has_more
}
