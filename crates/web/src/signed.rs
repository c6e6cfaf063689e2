//! The permission as a type in the handler's signature: [`Signed<A>`] lets a person in who is signed in and may do `A`;
//! [`Fresh<A>`] asks for the password again when it was last given over 15 minutes ago.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leadlatch_domain::matrix::Action;
use leadlatch_store::sessions::Person;
use leadlatch_store::{Access, Error, Grant};

use crate::Web;
use crate::frame::Frame;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// A person who may do `A`, with the proof of it.
#[derive(Debug)]
pub(crate) struct Signed<A> {
    /// The proof. A write takes it away: `signed.grant`.
    pub(crate) grant: Grant<A>,
    /// What the layout shows.
    pub(crate) frame: Frame,
    /// What the request says by itself.
    pub(crate) visitor: Visitor,
    access: Access,
}

impl<A: Action> Signed<A> {
    /// The proof of another action that the page needs, or the refusal.
    pub(crate) fn permit<B: Action>(&self) -> Result<Grant<B>, Refusal> {
        Ok(self.access.clone().permit()?)
    }

    /// Who is signed in.
    pub(crate) fn me(&self) -> Result<&Person, Refusal> {
        self.access.person().ok_or(Refusal::SignedOut)
    }
}

impl<A: Action> FromRequestParts<Web> for Signed<A> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refusal> {
        let Ok(visitor) = Visitor::from_request_parts(parts, web).await;
        let session = visitor.session.as_ref().ok_or(Refusal::SignedOut)?;
        let access = web.store().authenticate_session(session.digest(), visitor.address).await?;
        let person = access.person().ok_or(Error::SignedOut)?;
        let frame = Frame::of(person, &visitor);
        // Set once a request, for the page of a refusal.
        let _ = visitor.frame.set(frame.clone());
        Ok(Self { grant: access.clone().permit()?, frame, visitor, access })
    }
}

/// As [`Signed`], of a person who gave the password a short while ago. A page that asks for it within its own form uses
/// [`crate::confirm::given`] instead.
#[derive(Debug)]
pub(crate) struct Fresh<A>(pub(crate) Signed<A>);

impl<A: Action> FromRequestParts<Web> for Fresh<A> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refusal> {
        let signed = Signed::from_request_parts(parts, web).await?;
        if signed.me()?.fresh { Ok(Self(signed)) } else { Err(Refusal::Stale) }
    }
}
