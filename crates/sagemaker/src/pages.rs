//! Lists, page by page.

use serde_json::Value;

use crate::api::Api;
use crate::error::{CallError, Class};

/// Most pages of one list: at 100 items a page (the most that SageMaker gives),
/// ten thousand.
const MOST_PAGES: u32 = 100;

/// A list that is read page by page: each page is one call, and costs the
/// [`Budget`](crate::Budget) as such.
#[derive(Debug)]
pub struct Pages<'a> {
    api: &'a Api,
    operation: &'a str,
    input: Value,
    items: &'a str,
    left: u32,
    ended: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(api: &'a Api, operation: &'a str, input: Value, items: &'a str) -> Self {
        Self { api, operation, input, items, left: MOST_PAGES, ended: false }
    }

    /// The next page's items, none of them on an empty page; `None` after the last
    /// page.
    ///
    /// # Errors
    /// [`CallError`]. [`Class::Other`] if the list has more than 100 pages or the answer has no
    /// such items. The same page can be requested again.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, CallError> {
        if self.ended {
            return Ok(None);
        }
        let other = |problem| CallError::new(Class::Other, self.operation, problem);
        if self.left == 0 {
            return Err(other(format!("the list has more than {MOST_PAGES} pages")));
        }
        let mut answer = self.api.call(self.operation, &self.input).await?;
        let Some(Value::Array(items)) = answer.get_mut(self.items).map(Value::take) else {
            return Err(other(format!("the answer has no list of {}", self.items)));
        };
        self.left -= 1;
        self.turn_to(answer.get_mut("NextToken").map(Value::take));
        Ok(Some(items))
    }

    /// The items of all pages.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<Value>, CallError> {
        let mut all = Vec::new();
        while let Some(items) = self.next().await? {
            all.extend(items);
        }
        Ok(all)
    }

    fn turn_to(&mut self, token: Option<Value>) {
        let token = token.filter(|token| token.as_str().is_some_and(|token| !token.is_empty()));
        match (token, &mut self.input) {
            (Some(token), Value::Object(input)) => {
                input.insert("NextToken".to_owned(), token);
            }
            _ => self.ended = true,
        }
    }
}
