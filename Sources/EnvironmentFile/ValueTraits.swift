// SPDX-License-Identifier: Apache-2.0

/// What there is to say about one name and its value, each thing once.
struct ValueTraits: OptionSet {
    let rawValue: UInt32

    static let hashInValue = Self(rawValue: 1 << 0)
    static let inlineComment = Self(rawValue: 1 << 1)
    static let escape = Self(rawValue: 1 << 2)
    static let unknownEscape = Self(rawValue: 1 << 3)
    static let backslash = Self(rawValue: 1 << 4)
    static let dollar = Self(rawValue: 1 << 5)
    static let innerQuote = Self(rawValue: 1 << 6)
    static let multiline = Self(rawValue: 1 << 7)
    static let invisible = Self(rawValue: 1 << 8)
    static let dangerousName = Self(rawValue: 1 << 9)
    static let smartQuote = Self(rawValue: 1 << 10)
    static let swallowsAssignment = Self(rawValue: 1 << 11)
    static let notAValue = Self(rawValue: 1 << 12)
    static let spaceAroundEquals = Self(rawValue: 1 << 13)
    static let unquotedSpace = Self(rawValue: 1 << 14)
    static let empty = Self(rawValue: 1 << 15)
    static let otherValue = Self(rawValue: 1 << 16)

    /// The codes of what is in the set, gravest first.
    var codes: [FindingCode] { isEmpty ? [] : Self.table.filter { contains($0.trait) }.map(\.code) }

    private static let table: [(trait: Self, code: FindingCode)] = [
        (.hashInValue, .hashInValue), (.inlineComment, .inlineComment), (.escape, .escape),
        (.unknownEscape, .unknownEscape), (.backslash, .backslash), (.dollar, .dollar), (.innerQuote, .innerQuote),
        (.multiline, .multiline), (.invisible, .invisible), (.dangerousName, .dangerousName),
        (.smartQuote, .smartQuote), (.swallowsAssignment, .swallowsAssignment), (.notAValue, .notAValue),
        (.spaceAroundEquals, .spaceAroundEquals), (.unquotedSpace, .unquotedSpace), (.empty, .empty),
        (.otherValue, .otherValue),
    ]
}

extension ValueTraits {
    /// Looks at the value itself, however it was written.
    init(ofValue value: UnsafeRawBufferPointer) {
        self = value.isEmpty ? .empty : []
        if Self.foreignForms.contains(where: { value.has($0, at: 0, before: value.count) }) { insert(.notAValue) }
        var index = value.indexBeyondASCII(from: 0, to: value.count)
        while index < value.count {
            guard value[index] >= 0x80, let sequence = UTF8Sequence(value, at: index, before: value.count) else {
                index += 1
                continue
            }
            index += sequence.length
            if (0x2018...0x201F).contains(sequence.scalar.value) {
                insert(.smartQuote)
            } else if sequence.scalar.isInvisible {
                insert(.invisible)
            }
        }
    }

    /// What dotenvx, sops, 1Password, bank-vaults, vals, berglas and Ansible write in the place of a value.
    private static let foreignForms: [StaticString] = [
        "encrypted:", "ENC[", "op://", "vault:", ">>vault:", "ref+", "sm://", "berglas://", "$ANSIBLE_VAULT;",
    ]
}

extension Unicode.Scalar {
    /// Whether a reader of the text cannot see the character or takes it for a plain space.
    fileprivate var isInvisible: Bool {
        // What most texts are made of, without a look into the tables of Unicode.
        switch value {
        case 0x80..<0x300: return value == 0xA0 || value == 0xAD
        case 0x3400...0xD7FF: return false
        default: break
        }
        switch properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .format: return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }
}
