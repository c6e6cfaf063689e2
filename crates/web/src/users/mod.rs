//! Settings > Users: list, invite, change, delete, and the link for a new password.

mod change;
mod delete;
mod invite;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use leadlatch_domain::matrix::{ManageUsers, ReadUsers};
use leadlatch_domain::person::PersonRole;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::Page as Rows;
use leadlatch_store::users::{self, SignsIn, User};

use crate::Web;
use crate::components::When;
use crate::components::words::count;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// Where the list is.
pub(crate) const LIST: &str = "/settings/users";

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    let at = |path: &str| format!("{LIST}{path}");
    Router::new()
        .route(LIST, get(list))
        .route(&at("/new"), get(invite::show).post(invite::invite))
        .route(&at("/{id}"), get(change::show).post(change::change))
        .route(&at("/{id}/delete"), get(delete::show).post(delete::delete))
        .route(&at("/{id}/link"), get(change::back).post(change::link))
        .route(&at("/{id}/authenticator"), get(change::back).post(change::remove_authenticator))
}

/// Where a user is.
pub(crate) fn path_of(id: i64) -> String {
    format!("{LIST}/{id}")
}

/// A user with how the person signs in.
struct Row {
    user: User,
    signs_in: SignsIn,
    seen: Option<When>,
    /// Whether it is whoever looks.
    is_me: bool,
}

impl Row {
    /// The address of the user's page, or of one below it.
    fn href(&self, page: &str) -> String {
        path_of(self.user.id) + page
    }

    /// What the list says of the user's state.
    fn state(&self) -> &'static str {
        match (self.user.active, self.signs_in.has_password) {
            (false, _) => "Inactive",
            (true, false) => "Invited",
            (true, true) => "Active",
        }
    }

    fn is_admin(&self) -> bool {
        self.user.role == PersonRole::Admin.as_str()
    }
}

#[derive(Template)]
#[template(path = "users/list.html")]
struct List {
    frame: Frame,
    lead: String,
    rows: Vec<Row>,
}

async fn rows(web: &Web, signed: &Signed<ManageUsers>) -> Result<Vec<Row>, Refusal> {
    let (read, me) = (signed.permit::<ReadUsers>()?, signed.me()?.id.get());
    let users = web.store().read(async |db| users::list(db, &read, &Rows::ALL).await).await?.rows;
    let sign_ins = web.store().read(async |db| users::sign_ins(db, &signed.grant).await).await?;
    let now = web.store().clock().now();
    let row = |user: User| {
        let signs_in = sign_ins.iter().find(|signs_in| signs_in.id == user.id)?.clone();
        let seen = signs_in.seen_at.map(|at: Timestamp| When::ago(at, now));
        Some(Row { is_me: user.id == me, user, signs_in, seen })
    };
    Ok(users.into_iter().filter_map(|user| row(user.into_inner())).collect())
}

async fn one(web: &Web, signed: &Signed<ManageUsers>, id: i64) -> Result<Row, Refusal> {
    let all = rows(web, signed).await?;
    all.into_iter().find(|row| row.user.id == id).ok_or_else(Refusal::not_found)
}

/// The list.
async fn list(State(web): State<Web>, signed: Signed<ManageUsers>) -> Answer {
    let rows = rows(&web, &signed).await?;
    let admins = rows.iter().filter(|row| row.is_admin() && row.user.active).count();
    let active = rows.iter().filter(|row| row.user.active).count();
    let lead = format!("{active} active, {} among them", count(admins as i64, "admin"));
    page(&List { frame: signed.frame, lead, rows })
}
