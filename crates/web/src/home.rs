//! Home: what is set up, and the way to what is not.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::{ManageSettings, UseAccount};
use leadlatch_store::set_up::{self, SetUp};

use crate::Web;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// One step of setting an account up.
struct Step {
    done: bool,
    title: &'static str,
    why: &'static str,
    href: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    frame: Frame,
    lead: String,
    /// None for a member, who sets nothing up.
    steps: Vec<Step>,
}

impl Page {
    /// The first step that is to do: the one that comes next.
    fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.done)
    }

    fn is_next(&self, step: &Step) -> bool {
        self.next().is_some_and(|next| next.title == step.title)
    }
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<UseAccount>) -> Answer {
    let mut steps = Vec::new();
    if signed.frame.is_admin() {
        let grant = signed.permit::<ManageSettings>()?;
        let found = web.store().read(async |db| set_up::read(db, &grant).await).await?;
        steps = list(&signed.frame, found, signed.me()?.has_authenticator);
    }
    page(&Page { frame: signed.frame, lead: lead(&steps), steps })
}

/// `4 of 6 steps of setting up are done.`
fn lead(steps: &[Step]) -> String {
    match (steps.iter().filter(|step| step.done).count(), steps.len()) {
        (_, 0) => "The pages that you have a use for.".into(),
        (done, all) if done == all => "Everything is set up.".into(),
        (done, all) => format!("{done} of {all} steps of setting up are done."),
    }
}

fn list(frame: &Frame, found: SetUp, has_authenticator: bool) -> Vec<Step> {
    let step = |done, title, why, place| Step { done, title, why, href: frame.href(place) };
    vec![
        step(found.partner, "Add a partner", "An introducer sends leads in, a partner receives them.", "Partners"),
        step(found.key, "Make an access key", "It lets one outside system send or read leads.", "Access Keys"),
        step(found.key_used, "Use the key", "Help says how to send it, with a line to try.", "Help"),
        step(found.lead, "Receive a lead", "The first one shows that everything is connected.", "Leads"),
        step(
            found.second_admin,
            "Invite a second admin",
            "With one alone, a lost password locks everybody out.",
            "Users",
        ),
        Step {
            done: has_authenticator,
            title: "Set up your authenticator app",
            why: "With it, whoever has your password alone cannot sign in.",
            href: Some("/account/authenticator"),
        },
    ]
}
