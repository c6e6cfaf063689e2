//! Settings > Users: list, invite, role, activate and deactivate, and the link for a new password.

mod change;
mod invite;

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::{ManageUsers, ReadUsers};
use leadlatch_store::users::{self, SignsIn, User};
use leadlatch_store::{Grant, Page as Rows};

pub(crate) use self::change::{back, change, link, remove_authenticator, show as show_one};
pub(crate) use self::invite::{invite, show as show_invite};
use crate::Web;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

const LIST: &str = "/settings/users";

/// A user with how the person signs in.
pub(crate) struct Row {
    pub(crate) user: User,
    pub(crate) signs_in: SignsIn,
}

impl Row {
    /// What the list says of the user's state.
    fn state(&self) -> &'static str {
        match (self.user.active, self.signs_in.has_password) {
            (false, _) => "Inactive",
            (true, false) => "Invited",
            (true, true) => "Active",
        }
    }
}

#[derive(Template)]
#[template(path = "users/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

async fn rows(web: &Web, read: &Grant<ReadUsers>, manage: &Grant<ManageUsers>) -> Result<Vec<Row>, Refusal> {
    let users = web.store().read(async |db| users::list(db, read, &Rows::ALL).await).await?.rows;
    let sign_ins = web.store().read(async |db| users::sign_ins(db, manage).await).await?;
    let row = |user: User| {
        let signs_in = sign_ins.iter().find(|signs_in| signs_in.id == user.id)?.clone();
        Some(Row { user, signs_in })
    };
    Ok(users.into_iter().filter_map(|user| row(user.into_inner())).collect())
}

/// The list.
pub(crate) async fn list(State(web): State<Web>, signed: Signed<ManageUsers>) -> Answer {
    let read = signed.permit::<ReadUsers>()?;
    let rows = rows(&web, &read, &signed.grant).await?;
    page(&List { frame: signed.frame, rows })
}
