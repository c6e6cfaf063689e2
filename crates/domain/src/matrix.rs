//! The access matrix: what each action needs, stated once. It feeds the check, the OpenAPI document, the permission
//! table, the settings page and the help.

use crate::scope::Scope;

/// What an action needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Any live key.
    AnyKey,
    /// A key that carries the scope.
    Scope(Scope),
    /// A person who is signed in, whatever the role, never a key.
    Person,
    /// A person who runs the account, never a key: an admin, or the command line.
    Admin,
    /// The operator of the server, never a key and never one account's admin.
    Operator,
    /// Work that the server does by itself, under a role named for it.
    Role(Role),
}

/// Work without a caller: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Removes what has been kept as long as the settings say: leads, the bin, the request log, details of audit entries.
    Retention,
    /// Deletes again what was deleted before and what a restore brought back.
    Deletions,
    /// Ends a key whose successor is used, and marks a key that stood in a URL.
    KeyKeeper,
    /// Takes in what a form on a web page posts, for one lead group whose admin let it.
    WebForm,
    /// Tells subscriptions of events.
    Courier,
}

impl Role {
    /// The name in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Deletions => "deletions",
            Self::KeyKeeper => "key_keeper",
            Self::WebForm => "web_form",
            Self::Courier => "courier",
        }
    }
}

/// What a Partner key gets of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerReach {
    /// 403, whatever its scopes.
    Never,
    /// That partner's own leads alone.
    Own,
    /// Those linked to the partner.
    Linked,
    /// The linked record alone.
    Record,
    /// The full list.
    Full,
    /// The key itself.
    Itself,
    /// What the key may read of each list, and an empty one instead of a 403.
    Readable,
    /// The same static example for every Partner key.
    Example,
    /// What the key made.
    Made,
}

impl PartnerReach {
    /// The words of the permission table.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Never => "No access, 403",
            Self::Own => "Own leads alone",
            Self::Linked => "Only those linked to the partner",
            Self::Record => "Only the linked record",
            Self::Full => "Full list",
            Self::Itself => "The key itself",
            Self::Readable => "What it may read, else []",
            Self::Example => "A static example",
            Self::Made => "Only what the key made",
        }
    }
}

/// One line of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable name, such as `leads.read`.
    pub action: &'static str,
    /// The data and the action in words, such as "read leads".
    pub words: &'static str,
    /// What the caller needs.
    pub needs: Needs,
    /// What of it a Partner key gets.
    pub partner: PartnerReach,
}

impl Rule {
    /// The scope that a key needs, if any.
    pub const fn scope(&self) -> Option<Scope> {
        match self.needs {
            Needs::Scope(scope) => Some(scope),
            _ => None,
        }
    }

    /// Whether a member of the account may do it: leads and the lists that they need, no configuration.
    pub fn open_to_members(&self) -> bool {
        match self.needs {
            Needs::AnyKey | Needs::Person => true,
            Needs::Scope(scope) => scope.member_may_use(),
            Needs::Admin | Needs::Operator | Needs::Role(_) => false,
        }
    }

    /// Whether a key can ever do it.
    pub const fn open_to_keys(&self) -> bool {
        matches!(self.needs, Needs::AnyKey | Needs::Scope(_))
    }
}

/// An action as a type, so that a proof of one cannot serve for another.
pub trait Action: Send + Sync + 'static {
    /// Its line of the matrix.
    const RULE: Rule;
}

macro_rules! matrix {
    ($($name:ident $action:literal $words:literal: $needs:expr, $partner:ident;)+) => {
        $(
            #[doc = concat!("The action to ", $words, ".")]
            #[derive(Debug)]
            pub struct $name;

            impl Action for $name {
                const RULE: Rule =
                    Rule { action: $action, words: $words, needs: $needs, partner: PartnerReach::$partner };
            }
        )+

        /// The whole matrix.
        pub const MATRIX: &[Rule] = &[$($name::RULE),+];
    };
}

const CREATE: Needs = Needs::Scope(Scope::CreateLeads);
const READ: Needs = Needs::Scope(Scope::ReadLeads);
const UPDATE_DELETE: Needs = Needs::Scope(Scope::UpdateDeleteLeads);
const KEEPER: Needs = Needs::Role(Role::KeyKeeper);
const COURIER: Needs = Needs::Role(Role::Courier);
const MANAGE_PARTNERS: Needs = Needs::Scope(Scope::ManagePartners);

matrix! {
    DescribeItself  "whoami.read"        "describe the key itself": Needs::AnyKey, Itself;
    DeleteItself    "whoami.delete"      "delete the key itself": Needs::AnyKey, Itself;
    CreateLeads     "leads.create"       "create leads": CREATE, Own;
    ReadLeads       "leads.read"         "read leads": READ, Own;
    ReadLeadHistory "leads.history"      "read the history of leads": READ, Never;
    UpdateLeads     "leads.update"       "update leads": UPDATE_DELETE, Own;
    DeleteLeads     "leads.delete"       "delete leads": UPDATE_DELETE, Own;
    ReadLeadGroups  "lead_groups.read"   "read lead groups": Needs::AnyKey, Linked;
    ReadLeadTypes   "lead_types.read"    "read lead types": Needs::AnyKey, Linked;
    ReadStatuses    "statuses.read"      "read statuses": Needs::AnyKey, Full;
    ReadIntroducers "introducers.read"   "read introducers": Needs::AnyKey, Record;
    ReadPartners    "partners.read"      "read partners": Needs::AnyKey, Record;
    ReadUsers       "users.read"         "read users": Needs::AnyKey, Never;
    ReadUserGroups  "user_groups.read"   "read user groups": Needs::AnyKey, Never;
    ReadMarketing   "marketing.read"     "read marketing sources, mediums and terms": Needs::AnyKey, Never;
    ReadSites       "sites.read"         "read sites": Needs::AnyKey, Never;
    FillDropdowns   "zapier.dropdowns"   "fill a dropdown with what the key may read": Needs::AnyKey, Readable;
    ReadSamples     "zapier.samples"     "read static examples of what hooks deliver": Needs::AnyKey, Example;
    CreateHooks     "hooks.create"       "subscribe to events, each with the scope of its data": Needs::AnyKey, Made;
    ReadHooks       "hooks.read"         "see what the key subscribed to": Needs::AnyKey, Made;
    ChangeHooks     "hooks.change"       "change the secret of what the key subscribed to": Needs::AnyKey, Made;
    DeleteHooks     "hooks.delete"       "end what the key subscribed to": Needs::AnyKey, Made;
    WritePartners   "partners.write"     "write partner records and their links": MANAGE_PARTNERS, Never;
    ReferLeads      "leads.refer"        "refer leads to a partner and take them back": MANAGE_PARTNERS, Never;
    UseAccount      "account.use"        "sign in, and see and change what is one's own": Needs::Person, Never;
    ImportLeads     "leads.import"       "import leads from a file": Needs::Admin, Never;
    RestoreLeads    "leads.restore"      "take leads out of the bin": Needs::Admin, Never;
    InspectLeads    "leads.inspect"      "see leads with their history, in the bin too": Needs::Admin, Never;
    EraseLeads      "leads.erase"        "erase leads at once": Needs::Admin, Never;
    ManageKeys      "keys.manage"        "make, list, change, rotate and delete access keys, and read what they did": Needs::Admin, Never;
    PreviewKeys     "keys.preview"       "see what an access key would see before it is made": Needs::Admin, Never;
    ManageUsers     "users.manage"       "manage users and user groups": Needs::Admin, Never;
    ManageSettings  "settings.manage"    "manage the account's settings, lead groups, lead types, statuses and sites": Needs::Admin, Never;
    ManageHooks     "hooks.manage"       "manage the subscriptions of the account and of its keys, and their deliveries": Needs::Admin, Never;
    ReadAudit       "audit.read"         "read the audit trail": Needs::Admin, Never;
    ManageAccounts  "accounts.manage"    "make, suspend, resume and delete accounts": Needs::Operator, Never;
    PurgeLeads      "leads.purge"        "erase leads whose time in the bin is over, again after a restore": Needs::Role(Role::Retention), Never;
    RetireLeads     "leads.retire"       "put leads into the bin whose days in their lead group or status are over": Needs::Role(Role::Retention), Never;
    PurgeRequestLog "request_log.purge"  "remove request log entries whose days are over": Needs::Role(Role::Retention), Never;
    PurgeAuditDetails "audit_details.purge" "remove details of audit entries whose days are over": Needs::Role(Role::Retention), Never;
    PurgeDeliveries "deliveries.purge"   "remove deliveries whose days are over": Needs::Role(Role::Retention), Never;
    Deliver         "hooks.deliver"      "deliver what waits, and keep what became of it": COURIER, Never;
    TellOfLeads     "hooks.tell"         "tell the account's own subscriptions of leads": COURIER, Never;
    EndDeletedKeys  "keys.end_deleted"   "delete keys again that a restore brought back": Needs::Role(Role::Deletions), Never;
    EndRotatedKeys  "keys.rotate_out"    "end a rotated key when its successor is first used": KEEPER, Never;
    MarkExposedKeys "keys.expose"        "mark a key that stood in a URL": KEEPER, Never;
    MarkKeysInClear "keys.sent_in_clear" "mark a key that came over plain http": KEEPER, Never;
    PostWebForm     "leads.post"         "create leads of a lead group from a web form": Needs::Role(Role::WebForm), Never;
}

#[cfg(test)]
mod tests {
    use super::{MATRIX, Needs, PartnerReach};

    #[test]
    fn what_a_partner_may_do_needs_no_scope_that_it_cannot_have() {
        for rule in MATRIX.iter().filter(|rule| rule.partner != PartnerReach::Never) {
            assert!(rule.open_to_keys(), "{}", rule.action);
            assert!(rule.scope().is_none_or(super::Scope::partner_may_have), "{}", rule.action);
        }
    }

    #[test]
    fn action_names_are_unique() {
        let mut names: Vec<_> = MATRIX.iter().map(|rule| rule.action).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MATRIX.len());
    }

    #[test]
    fn members_reach_leads_and_no_configuration() {
        let open = |action: &str| MATRIX.iter().any(|rule| rule.action == action && rule.open_to_members());
        for action in ["leads.read", "leads.create", "leads.update", "statuses.read", "account.use"] {
            assert!(open(action), "{action}");
        }
        for action in ["keys.manage", "audit.read", "users.manage", "partners.write", "leads.erase", "leads.purge"] {
            assert!(!open(action), "{action}");
        }
    }

    #[test]
    fn no_key_can_make_keys_or_read_the_audit_trail() {
        for action in ["keys.manage", "audit.read", "accounts.manage"] {
            let rule = MATRIX.iter().find(|rule| rule.action == action).unwrap();
            assert!(matches!(rule.needs, Needs::Admin | Needs::Operator), "{action}");
        }
    }
}
