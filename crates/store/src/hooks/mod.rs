//! Hooks: who is told of what, the outbox that changes write into, and what became of each delivery.

mod attempt;
mod claim;
mod deliveries;
mod end;
mod manage;
mod message;
mod order;
mod outbox;
mod outcome;
mod own;
#[cfg(test)]
mod plans;
mod queue;
mod rights;
mod subscription;

pub use attempt::{Begun, begin, is_told, settle};
pub use claim::claim;
pub use deliveries::{
    Attempt, DELIVERY_DAYS, Delivery, WholeDelivery, deliveries, delivery, purge, replay, stored_due,
};
pub use end::MovedHooks;
pub use manage::{
    SubscriptionFilter, all, create_by_form, create_for_account, delete_any, enable, get_any, new_secret_of,
};
pub use message::Message;
pub use outcome::{Ended, Outcome, record};
pub use own::{MOST, create, create_once, delete, get, list, new_secret};
pub use queue::{Claimed, Waiting, drop_rest, waiting};
pub use rights::{read_filter, refuse_events};
pub use subscription::{Hook, HookState, LastDelivery, NewHook, Subscription};

pub(crate) use end::{end_of_key, move_to};
pub(crate) use order::call_up;
pub(crate) use outbox::{Audience, Occasion, emit, is_anybody_told};
