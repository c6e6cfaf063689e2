//! Ampersands that programs put into values as they are, and HTML's named letters: repaired before the document is
//! parsed. Each letter is looked at once or, after an ampersand, a fixed number of times.

use std::borrow::Cow;

use quick_xml::escape::{escape, resolve_html5_entity};

/// How long the name of an HTML entity may be, and the digits of a number.
const NAME_MAX: usize = 32;

/// The text with every ampersand of its values escaped that began nothing.
pub(super) fn repair(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let (mut repaired, mut rest) = (String::with_capacity(text.len() + text.len() / 8), text);
    while let Some(at) = rest.find(['&', '<']) {
        repaired.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('&') { ampersand(rest, &mut repaired) } else { markup(rest, &mut repaired) };
        rest = &rest[taken..];
    }
    repaired.push_str(rest);
    repaired.into()
}

/// Writes what an ampersand begins, and gives how much of the text it was.
fn ampersand(rest: &str, repaired: &mut String) -> usize {
    let name = rest[1..].bytes().take(NAME_MAX).position(|byte| byte == b';').map(|end| &rest[1..=end]);
    match name {
        Some(name) if is_reference(name) => {
            let (own, behind) = rest.split_at(name.len() + 2);
            if let Some((letter, more)) = pair(name, behind) {
                repaired.push(letter);
                return own.len() + more;
            }
            repaired.push_str(own);
            own.len()
        }
        Some(name) => match resolve_html5_entity(name) {
            Some(letters) => {
                repaired.push_str(&escape(letters));
                name.len() + 2
            }
            None => bare(repaired),
        },
        None => bare(repaired),
    }
}

/// The one letter that two references stand for, as languages of UTF-16 escape it in halves, and how long the second is.
fn pair(name: &str, behind: &str) -> Option<(char, usize)> {
    let high = number(name).filter(|high| (0xd800..0xdc00).contains(high))?;
    let length = behind.bytes().take(NAME_MAX).position(|byte| byte == b';')?;
    let low = behind[..length]
        .strip_prefix('&')
        .filter(|low| is_reference(low))
        .and_then(number)
        .filter(|low| (0xdc00..0xe000).contains(low))?;
    let letter = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((letter, length + 1))
}

/// The number of a numbered reference, without its `&` and `;`.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('#')?;
    match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

fn bare(repaired: &mut String) -> usize {
    repaired.push_str("&amp;");
    1
}

/// What XML itself knows between `&` and `;`.
fn is_reference(name: &str) -> bool {
    let digits = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    match name.strip_prefix('#') {
        Some(number) => number.strip_prefix('x').map_or_else(|| digits(number, 10), |hex| digits(hex, 16)),
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    }
}

/// Writes a tag, a comment or a CDATA section as it is, and gives its length. One without an end is the parser's to name.
fn markup(rest: &str, repaired: &mut String) -> usize {
    let end = if rest.starts_with("<![CDATA[") {
        "]]>"
    } else if rest.starts_with("<!--") {
        "-->"
    } else {
        ">"
    };
    // Each search that fails takes the rest of the text with it: nothing is searched twice.
    let length = rest.find(end).map_or(rest.len(), |at| at + end.len());
    repaired.push_str(&rest[..length]);
    length
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[test]
    fn what_begins_nothing_is_escaped_and_what_means_something_stays() {
        for (text, repaired) in [
            ("<a>Marks & Spencer</a>", "<a>Marks &amp; Spencer</a>"),
            ("<a>?a=1&b=2&copy=3</a>", "<a>?a=1&amp;b=2&amp;copy=3</a>"),
            ("<a>&amp;&lt;&gt;&quot;&apos;&#233;&#xE9;</a>", "<a>&amp;&lt;&gt;&quot;&apos;&#233;&#xE9;</a>"),
            ("<a>caf&eacute; &pound;5 &nbsp;</a>", "<a>café £5 \u{a0}</a>"),
            ("<a>&LT; &AMP;</a>", "<a>&lt; &amp;</a>"),
            ("<a>&nonsense; &; &#; &#xZ;</a>", "<a>&amp;nonsense; &amp;; &amp;#; &amp;#xZ;</a>"),
            ("<a><![CDATA[a & b &eacute;]]>&</a>", "<a><![CDATA[a & b &eacute;]]>&amp;</a>"),
            ("<!-- a & b --><a>&</a>", "<!-- a & b --><a>&amp;</a>"),
            ("<a>&", "<a>&amp;"),
            ("<a>&é;</a>", "<a>&amp;é;</a>"),
            ("<a>plain</a>", "<a>plain</a>"),
            ("<a>a&#55357;&#56832;b &#xD83D;&#xDe00; &#55357;&#xDE00;</a>", "<a>a😀b 😀 😀</a>"),
            ("<a>&#55357; &#56832;&#55357;</a>", "<a>&#55357; &#56832;&#55357;</a>"),
            ("<a>&#55357;&#233;&#55357;&</a>", "<a>&#55357;&#233;&#55357;&amp;</a>"),
            ("<a><![CDATA[&#55357;&#56832;]]></a>", "<a><![CDATA[&#55357;&#56832;]]></a>"),
        ] {
            assert_eq!(repair(text), repaired, "{text}");
        }
    }

    #[test]
    fn the_time_goes_by_the_length() {
        for part in ["&", "&a", "<", "<!--", "<![CDATA[", "&&lt;", "&#55357;"] {
            let text = format!("{}&", part.repeat(200_000));
            let began = std::time::Instant::now();
            assert!(repair(&text).len() >= text.len());
            assert!(began.elapsed().as_secs() < 5, "{part}");
        }
    }
}
