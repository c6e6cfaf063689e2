//! One way for every value that is a text: what it prints is what it serializes is `as_str`.

/// Implements `Display` and `Serialize` by way of the type's own `as_str`.
macro_rules! as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

/// A closed list of words: the enum, its words and how they are read; the text is what a wrong word is told.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $fault:literal: $($variant:ident $word:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl $name {
            /// Each of them, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Result<Self, crate::fault::Fault> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::fault::Fault::new("bad_choice", $fault)),
                }
            }
        }

        as_text!($name);
    };
}
