//! What hooks tell of: a closed list, each with the scope that its data needs.

use serde::{Serialize, Serializer};

use crate::scope::Scope;

macro_rules! hook_events {
    ($($event:ident $name:literal $scope:ident $words:literal;)+) => {
        /// Something that a subscription can be told of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HookEvent {
            $(#[doc = $words] $event,)+
        }

        impl HookEvent {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$event),+];

            /// Its name in the API, the database and a delivery.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$event => $name,)+ }
            }

            /// When it happens, in words.
            pub const fn in_words(self) -> &'static str {
                match self { $(Self::$event => $words,)+ }
            }

            /// The scope that its data needs.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$event => Scope::$scope,)+ }
            }
        }
    };
}

hook_events! {
    LeadCreated       "lead.created"        ReadLeads        "A lead was made, or referred to the partner that is told.";
    LeadUpdated       "lead.updated"        ReadLeads        "A field of a lead changed that the receiver sees.";
    LeadStatusChanged "lead.status_changed" ReadLeads        "A lead has another status.";
    LeadDeleted       "lead.deleted"        ReadLeads        "A lead is no longer in the receiver's reach.";
    AppointmentBooked "appointment.booked"  Appointments     "An appointment was booked.";
    ActivityCreated   "activity.created"    ManageActivities "An activity record was made.";
}

as_text!(HookEvent);

impl HookEvent {
    /// Reads an event by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text)
    }

    /// Whether this server has the data that it tells of.
    pub const fn is_sent(self) -> bool {
        matches!(self.scope(), Scope::ReadLeads)
    }

    const fn bit(self) -> i64 {
        1 << self as i64
    }
}

/// The events of one subscription, stored as one whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSet(i64);

impl EventSet {
    /// The set of a stored number; bits that are no event are dropped.
    pub fn from_bits(bits: i64) -> Self {
        let all: Self = HookEvent::ALL.iter().copied().collect();
        Self(bits & all.0)
    }

    /// The number to store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the event is in it.
    pub const fn contains(self, event: HookEvent) -> bool {
        self.0 & event.bit() != 0
    }

    /// The events in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = HookEvent> {
        HookEvent::ALL.iter().copied().filter(move |event| self.contains(*event))
    }
}

impl FromIterator<HookEvent> for EventSet {
    fn from_iter<I: IntoIterator<Item = HookEvent>>(events: I) -> Self {
        Self(events.into_iter().fold(0, |bits, event| bits | event.bit()))
    }
}

impl Serialize for EventSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::{EventSet, HookEvent};

    #[test]
    fn a_set_survives_its_stored_number_and_names_are_read_back() {
        for bits in 0..64 {
            let set = EventSet::from_bits(bits);
            assert_eq!((set.bits(), set.iter().collect::<EventSet>()), (bits, set));
        }
        assert_eq!(EventSet::from_bits(-1).iter().count(), HookEvent::ALL.len());
        for event in HookEvent::ALL {
            assert_eq!(HookEvent::parse(event.as_str()), Some(*event));
        }
        assert_eq!(HookEvent::parse("lead"), None);
    }

    #[test]
    fn what_this_server_tells_of_is_leads() {
        for event in HookEvent::ALL {
            assert_eq!(event.is_sent(), event.as_str().starts_with("lead."), "{event}");
        }
    }
}
