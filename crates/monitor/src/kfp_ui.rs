//! The user interface of Kubeflow Pipelines, and its page of a run.
//!
//! Promise: a label that is not the id of a run becomes no part of an address.

use url::Url;

/// Where KFP's user interface is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KfpUi(Url);

/// A text is not the address of KFP's user interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", KfpUi::TAKES)]
pub struct NoKfpUi;

impl KfpUi {
    /// What is expected.
    pub const TAKES: &'static str = "an http or https URL without a password and without `#`, for example https://kubeflow.example.com/pipeline/";

    /// Reads the address.
    ///
    /// # Errors
    /// [`NoKfpUi`].
    pub fn parse(text: &str) -> Result<Self, NoKfpUi> {
        let url = Url::parse(text).map_err(|_| NoKfpUi)?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let has_secret = !url.username().is_empty() || url.password().is_some();
        (is_web && !has_secret && url.fragment().is_none()).then_some(Self(url)).ok_or(NoKfpUi)
    }

    /// The page of a run, if this label of a wait is the id of one.
    ///
    /// The interface reads the page from the fragment of its address (`HashRouter` in
    /// `frontend/src/index.tsx` of kubeflow/pipelines), and that of a run is `/runs/details/:runId`
    /// (`RoutePage.RUN_DETAILS` in `frontend/src/components/Router.tsx`).
    #[must_use]
    pub fn run(&self, label: &str) -> Option<String> {
        let mut page = self.0.clone();
        page.set_fragment(Some(&format!("/runs/details/{}", run_id(label)?)));
        Some(page.into())
    }
}

/// The label, if it has the form of a run's id: a UUID, as KFP's API server makes them
/// (`backend/src/common/util/uuid.go`).
fn run_id(label: &str) -> Option<&str> {
    let groups: Vec<_> = label.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths = groups.iter().map(|group| group.len());
    (lengths.eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex)).then_some(label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUN: &str = "0f8a2c1e-5b7d-4e9a-8c3f-1a2b3c4d5e6f";

    #[test]
    fn a_run_has_a_page_wherever_the_interface_is() {
        for (ui, page) in [
            ("https://kfp.example.com", "https://kfp.example.com/#/runs/details/"),
            ("http://127.0.0.1:8080/pipeline/", "http://127.0.0.1:8080/pipeline/#/runs/details/"),
            (
                "https://kubeflow.example.com/_/pipeline/?ns=team-a",
                "https://kubeflow.example.com/_/pipeline/?ns=team-a#/runs/details/",
            ),
        ] {
            assert_eq!(KfpUi::parse(ui).unwrap().run(RUN), Some(format!("{page}{RUN}")));
        }
    }

    #[test]
    fn what_is_no_address_of_a_page_is_refused() {
        for wrong in [
            "",
            "kfp.example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://kfp.example.com",
            "https://",
            "https://kfp.example.com/#/runs",
            "https://someone:secret@kfp.example.com",
        ] {
            assert_eq!(KfpUi::parse(wrong), Err(NoKfpUi), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn only_the_id_of_a_run_becomes_part_of_an_address(
            label in prop_oneof!["\\PC{0,40}", "[0-9a-g-]{36}", "[0-9A-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"],
        ) {
            let is_id = label.len() == 36
                && label.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                });
            let page = KfpUi::parse("https://kfp.example.com/").unwrap().run(&label);
            let wanted = is_id.then(|| format!("https://kfp.example.com/#/runs/details/{label}"));
            prop_assert_eq!(page, wanted);
        }
    }
}
