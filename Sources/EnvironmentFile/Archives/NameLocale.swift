// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The time during which this thread takes names of files for UTF-8.
///
/// libarchive converts names by the locale of the thread (nl_langinfo(3)), which is `C` in a server, and knows no
/// character above ASCII there. Other threads, and this one afterwards, keep theirs.
struct NameLocale {
    private let utf8: locale_t?
    private let before: locale_t?

    init() {
        utf8 = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)
        before = utf8.flatMap { uselocale($0) }
    }

    func leave() {
        if let before { uselocale(before) }
        if let utf8 { freelocale(utf8) }
    }
}
