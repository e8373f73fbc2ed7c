//! What surrounds every page.

use maud::{DOCTYPE, Markup, html};

use super::assets::addresses;

/// The rooms of the house, in the order of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Jobs,
    Health,
    /// A page that is not in the menu.
    Other,
}

const MENU: [(Room, &str, &str); 2] =
    [(Room::Jobs, "./", "Jobs"), (Room::Health, "health", "Health")];

/// A bell, as the page's sign.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E\
    %3Cpath fill='%232f6fde' d='M12 2a2 2 0 0 0-2 2v.6A6 6 0 0 0 6 10v5l-2 3h16l-2-3v-5a6 6 0 0 0-4-5.4V4a2 2 0 \
    0 0-2-2zm-2.5 17a2.5 2.5 0 0 0 5 0z'/%3E%3C/svg%3E";
const BELL: &str = "M12 2a2 2 0 0 0-2 2v.6A6 6 0 0 0 6 10v5l-2 3h16l-2-3v-5a6 6 0 0 0-4-5.4V4a2 2 0 0 0-2-2zm-2.5 \
    17a2.5 2.5 0 0 0 5 0z";

/// How often a page asks for news while somebody looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Something runs.
    Brisk,
    /// Nothing on the page is expected to change.
    Calm,
}

impl Pace {
    const fn seconds(self) -> u8 {
        match self {
            Self::Brisk => 2,
            Self::Calm => 15,
        }
    }
}

/// A page. Without a pace it is not kept up to date.
pub(crate) fn layout(title: &str, room: Room, pace: Option<Pace>, body: &Markup) -> Markup {
    let (style, scripts) = addresses();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Sagebell" }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href={ "assets/" (style) };
                @for script in scripts { script defer src={ "assets/" (script) } {} }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="./" {
                        svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" { path d=(BELL) {} }
                        "Sagebell"
                    }
                    nav aria-label="Pages" {
                        @for (there, address, name) in MENU {
                            a href=(address) aria-current=[(there == room).then_some("page")] { (name) }
                        }
                    }
                    // The script says here whether the page is up to date.
                    p #live role="status" {}
                }
                main #main tabindex="-1" data-every=[pace.map(Pace::seconds)] { (body) }
            }
        }
    }
}
