//! What keys did: the report, the request log, and one key's use.

use std::time::Duration;

use leadlatch_domain::key_review::Warning;
use leadlatch_domain::matrix::{ManageHooks, ManageKeys};
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::hooks::{self, Subscription, SubscriptionFilter};
use leadlatch_store::usage::log::{self, LogEntry, LogFilter, RequestLog};
use leadlatch_store::usage::report::{self, KeyReport, LastRequest, Report};
use leadlatch_store::{Connection, Visible};
use serde::Serialize;

use super::Shell;
use crate::cli::{KeyLog as LogArgs, KeyReport as ReportArgs, Selections};
use crate::output::{Failure, Outcome, Table, line, minute};

/// One key and its use.
pub(crate) async fn show(shell: &Shell, account: &str, id: i64, places: u32) -> Outcome {
    let (grant, hooks_grant) = (shell.grant::<ManageKeys>(account).await?, shell.grant::<ManageHooks>(account).await?);
    let job = async move |db: &mut Connection<'_>| {
        let shown = report::show(db, &grant, id, places).await?;
        let of_key = SubscriptionFilter { key: Some(id), ended: false };
        Ok(WithHooks { shown, hooks: hooks::all(db, &hooks_grant, of_key).await? })
    };
    shell.output.show(&shell.opened.store.read_together(job).await?)
}

/// A key and its use, with what it subscribed to.
#[derive(Serialize)]
struct WithHooks<T> {
    #[serde(flatten)]
    shown: T,
    hooks: Vec<Visible<Subscription>>,
}

/// The live keys that the selections leave.
pub(crate) async fn report(shell: &Shell, asked: ReportArgs) -> Outcome {
    let grant = shell.grant::<ManageKeys>(&asked.of.account).await?;
    let days = Days::parse(&asked.days)?;
    let job = async move |db: &mut Connection<'_>| report::report(db, &grant, days).await;
    let mut report = shell.opened.store.read_together(job).await?.into_inner();
    let wanted = wanted(&asked.selections);
    report.keys.retain(|key| wanted.iter().all(|warning| key.warnings.contains(warning)));
    if asked.ids {
        let ids: Vec<i64> = report.keys.iter().map(|key| key.key.id).collect();
        if shell.output.json {
            return shell.output.show(&ids);
        }
        // Nothing but ids, so that a list of none makes a loop of none.
        for id in ids {
            line(&id.to_string());
        }
        return Ok(());
    }
    if shell.output.json {
        return shell.output.show(&report);
    }
    print_report(&report);
    Ok(())
}

fn wanted(asked: &Selections) -> Vec<Warning> {
    let flags = [
        (asked.unused, Warning::Unused),
        (asked.idle, Warning::Idle),
        (asked.never_expires, Warning::NeverExpires),
        (asked.over_broad, Warning::OverBroad),
    ];
    flags.into_iter().filter(|(asked, _)| *asked).map(|(_, warning)| warning).collect()
}

fn print_report(report: &Report) {
    if report.keys.is_empty() {
        return line("none");
    }
    let mut table = Table::new([
        "id",
        "name",
        "kind",
        "partner",
        "state",
        "scopes",
        "never_used",
        "accepted",
        "refused",
        "invalid",
        "failed",
        "rows",
        "last_accepted",
        "last_refused",
        "addresses",
        "programs",
        "warnings",
    ]);
    for key in &report.keys {
        table.row(row(key));
    }
    line(&table.to_string());
    line(&format!("Requests and rows of the last {} days, in UTC. See --json for scopes and statuses.", report.days));
    if report.keys.iter().any(|key| key.log_dropped > 0) {
        line("log_incomplete: the request log had no room for some requests; the counts here are whole.");
    }
}

fn row(report: &KeyReport) -> [String; 17] {
    let (key, requests) = (&report.key, &report.requests);
    let words = |scopes: ScopeSet| scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    let last = |request: &Option<LastRequest>| request.as_ref().map_or("never".into(), |last| minute(last.at));
    [
        key.id.to_string(),
        key.name.clone(),
        key.kind.clone(),
        report.partner_company.clone().unwrap_or_default(),
        key.state.to_string(),
        words(key.scopes),
        words(report.scopes_never_used),
        requests.accepted.to_string(),
        requests.refused.to_string(),
        requests.invalid.to_string(),
        requests.failed.to_string(),
        requests.rows.to_string(),
        last(&report.last_accepted),
        last(&report.last_refused),
        report.addresses.to_string(),
        report.user_agents.to_string(),
        report.warnings.iter().map(|warning| warning.as_str()).collect::<Vec<_>>().join(" "),
    ]
}

/// The requests that the filters leave.
pub(crate) async fn log(shell: &Shell, asked: LogArgs) -> Outcome {
    let grant = shell.grant::<ManageKeys>(&asked.of.account).await?;
    let filter = LogFilter {
        key: asked.id,
        status: asked.status.as_deref().map(statuses).transpose()?,
        route: asked.route,
        method: asked.method.map(|method| method.to_ascii_uppercase()),
        since: asked.since.as_deref().map(Timestamp::parse).transpose()?,
        until: asked.until.as_deref().map(Timestamp::parse).transpose()?,
        before: asked.before,
        limit: asked.limit,
    };
    let job = async move |db: &mut Connection<'_>| log::list(db, &grant, &filter).await;
    let found = shell.opened.store.read_apart(job).await;
    let found = found.map_err(|error| Failure::from(error).naming("key", asked.id.unwrap_or_default()))?;
    if shell.output.json {
        return shell.output.show(&found);
    }
    print_log(&found);
    Ok(())
}

/// The lowest and the highest status of `403` or `4xx`.
fn statuses(text: &str) -> Outcome<(u16, u16)> {
    let range = match text.as_bytes() {
        [class @ b'1'..=b'5', b'x', b'x'] => Some((u16::from(class - b'0') * 100, u16::from(class - b'0') * 100 + 99)),
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => text.parse().ok().map(|status| (status, status)),
        _ => None,
    };
    range.ok_or_else(|| Failure::new("--status is a status such as 403, or a class such as 4xx"))
}

fn print_log(found: &RequestLog) {
    if found.entries.is_empty() {
        line("none");
    }
    for entry in &found.entries {
        line(&in_a_line(entry));
    }
    if let Some(before) = found.next_before {
        line(&format!("There are more: --before {before}"));
    }
    if found.dropped > 0 {
        line(&format!("The log had no room for {} requests of these days; the report counts them.", found.dropped));
    }
}

fn in_a_line(entry: &LogEntry) -> String {
    let took = Duration::from_micros(entry.duration.unsigned_abs());
    format!(
        "{}  key {}  {} {} {}  {}  {} rows  {took:?}  {}  {}  {}",
        entry.at,
        entry.key_id,
        entry.status,
        entry.method,
        entry.route,
        entry.scope.as_deref().unwrap_or("any key"),
        entry.rows,
        entry.address,
        entry.request_id,
        entry.user_agent,
    )
}

#[cfg(test)]
mod tests {
    use super::statuses;

    #[test]
    fn a_status_is_one_or_a_class() {
        assert_eq!(statuses("403").unwrap(), (403, 403));
        assert_eq!(statuses("4xx").unwrap(), (400, 499));
        for wrong in ["", "xx", "9xx", "0xx", "65535xx", "99", "600", "4x", "+44", "ok"] {
            assert!(statuses(wrong).is_err(), "{wrong}");
        }
    }
}
