//! What is audited: a closed list.

macro_rules! events {
    ($($event:ident $name:literal),+ $(,)?) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $(#[doc = concat!("`", $name, "`")] $event,)+
        }

        impl Event {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$event),+];

            /// Its name in the chain.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$event => $name,)+ }
            }

            /// Reads a name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|event| event.as_str() == text)
            }
        }
    };
}

events! {
    AccountCreated "account.created", AccountSuspended "account.suspended", AccountResumed "account.resumed",
    AccountErasureBegun "account.erasure_begun", AccountDeleted "account.deleted",
    UserCreated "user.created", UserPasswordReset "user.password_reset",
    UserGroupCreated "user_group.created", LeadGroupCreated "lead_group.created", LeadTypeCreated "lead_type.created",
    StatusCreated "status.created", SiteCreated "site.created", PartnerCreated "partner.created",
    PartnerLinked "partner.linked", PartnerUnlinked "partner.unlinked", PartnerActivated "partner.activated",
    PartnerDeactivated "partner.deactivated", PartnerDeleted "partner.deleted", KeyCreated "key.created",
    KeyDeleted "key.deleted", KeyChanged "key.changed", KeyEnabled "key.enabled", KeyRotated "key.rotated",
    KeyRotatedOut "key.rotated_out", KeyExposed "key.exposed", KeySentInClear "key.sent_in_clear",
    LeadReferred "lead.referred",
    LeadUnreferred "lead.unreferred", LeadRestored "lead.restored", LeadPurged "lead.purged", LeadErased "lead.erased",
    LeadRetired "lead.retired",
    AccountChanged "account.changed", UserChanged "user.changed", UserGroupChanged "user_group.changed",
    UserGroupDeleted "user_group.deleted", LeadGroupChanged "lead_group.changed",
    LeadGroupDeleted "lead_group.deleted", LeadTypeChanged "lead_type.changed", LeadTypeDeleted "lead_type.deleted",
    StatusChanged "status.changed", StatusDeleted "status.deleted", SiteChanged "site.changed",
    SiteDeleted "site.deleted", PartnerChanged "partner.changed", ServerRestored "server.restored",
    HookCreated "hook.created", HookDeleted "hook.deleted", HookSecretChanged "hook.secret_changed",
    HookMoved "hook.moved", HookEnded "hook.ended", HookDisabled "hook.disabled", HookEnabled "hook.enabled",
    HookReplayed "hook.replayed",
    SignedIn "sign_in.accepted", SignInFailed "sign_in.failed", SignedOut "session.ended",
    SessionRevoked "session.revoked", UserLinkMade "user.link_made",
    UserDeleted "user.deleted", UserPasswordChanged "user.password_changed", UserEmailChanged "user.email_changed",
    AuthenticatorSet "user.authenticator_set", AuthenticatorRemoved "user.authenticator_removed",
    RecoveryCodesMade "user.recovery_codes_made", RecoveryCodeUsed "user.recovery_code_used",
}
