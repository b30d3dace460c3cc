// SPDX-License-Identifier: Apache-2.0

/// What a line that was refused was probably meant to be.
package enum FindingHint: CaseIterable, Sendable {
    case addition
    case arrayElement
    case comment
    case exportWithoutValue
    case leadingDigit
    case longName
    case missingName
    case nonASCIIName
    case powerShell
    case punctuatedName
    case quotedName
    case section
    case tripleQuote
    case windowsSet
    case wordsBeforeName

    /// The advice, without any part of the file.
    package var text: String {
        switch self {
        case .addition: "+= is not known; write the whole value after NAME="
        case .arrayElement: "there are no arrays; write each element as a name of its own"
        case .comment: "a comment begins with #"
        case .exportWithoutValue: "no environment is consulted, so the value must stand in the file"
        case .leadingDigit: "put a letter or _ in front of the digit"
        case .longName: "at most 128 bytes"
        case .missingName: "nothing stands before ="
        case .nonASCIIName: "only ASCII letters; look for an accent or an invisible character"
        case .powerShell: "leave out $env:"
        case .punctuatedName: "write _ for each dash and dot"
        case .quotedName: "leave out the quotes around the name"
        case .section: "there are no sections; leave the line out"
        case .tripleQuote: "there are no triple quotes; one quote on each side spans lines too"
        case .windowsSet: "leave out set"
        case .wordsBeforeName: "only export may stand before the name"
        }
    }
}
