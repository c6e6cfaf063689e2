//! One sentence that answers "may I delete this?".

use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::AccessKey;
use leadlatch_store::usage::by_day::Client;

use crate::components::words::{ago, count, exact, lower};

/// The answer: two words that stand out, and what deleting would stop.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) title: String,
    pub(super) words: String,
}

/// What is said of a key.
pub(super) fn verdict(key: &AccessKey, clients: &[Client], now: Timestamp) -> Verdict {
    let said = |title: &str, words: String| Verdict { title: title.to_owned(), words };
    if let Some(at) = key.deleted_at {
        let by = key.deleted_by.as_deref().unwrap_or("somebody");
        let why = key.delete_reason.as_ref().map(|why| format!(" Reason: {why}.")).unwrap_or_default();
        return said("Deleted.", format!("{}, by {by}. Nothing opens with it any more.{why}", exact(at)));
    }
    match key.state {
        KeyState::Expired => {
            return said("Expired.", "Nothing opens with it any more. Deleting it stops nothing.".into());
        }
        KeyState::Rotated => {
            return said("Rotated out.", "Its successor took its place. Deleting it stops nothing.".into());
        }
        KeyState::Idle => {
            return said(
                "Disabled.",
                "It was idle for as long as its limit allows, and gets 401 until it is enabled.".into(),
            );
        }
        _ => {}
    }
    match (clients, key.last_used_at) {
        ([newest, ..], _) => {
            let called = lower(&ago(newest.last_used_at, now));
            let (who, stops) = in_use(clients.len());
            said(
                "In use.",
                format!(
                    "{who} called in the last 24 hours, most recently {called}. Deleting it stops {stops} from the next request."
                ),
            )
        }
        (_, Some(used)) => idle(key, used, now),
        (_, None) => {
            let made = lower(&ago(key.created_at, now));
            said("Never used.", format!("Made {made}. Deleting it stops nothing that works today."))
        }
    }
}

/// Whose log says nothing of today, but which was used: today with a log that had no room, or earlier.
fn idle(key: &AccessKey, used: Timestamp, now: Timestamp) -> Verdict {
    let days = now.day() - used.day();
    let from =
        key.last_used_address.as_ref().map(|from| format!(" Its last request came from {from}.")).unwrap_or_default();
    if days < 1 {
        let words = format!(
            "Last used {}.{from} Deleting it stops whoever uses it from the next request.",
            lower(&ago(used, now))
        );
        return Verdict { title: "In use.".into(), words };
    }
    let words = format!("{} Deleting it stops nothing that called since.", from.trim_start());
    Verdict { title: format!("Idle for {}.", count(days, "day")), words: words.trim_start().to_owned() }
}

fn in_use(clients: usize) -> (String, &'static str) {
    match clients {
        1 => ("1 client".into(), "it"),
        2 => ("2 clients".into(), "both"),
        many => (format!("{many} clients"), "all of them"),
    }
}
