// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import ArgumentParser
internal import EnvironmentFile
internal import VaultModel

extension EntryKind: ExpressibleByArgument {
    /// A credential has commands of its own.
    static var allValueStrings: [String] { plain.map(\.rawValue) }

    init?(argument: String) {
        guard let kind = Self.plain.first(where: { $0.rawValue == argument }) else { return nil }
        self = kind
    }
}

extension CredentialScheme: ExpressibleByArgument {}

extension ProviderCategory: ExpressibleByArgument {}

extension Delivery: ExpressibleByArgument {}

extension Role: ExpressibleByArgument {}

extension OnExisting: ExpressibleByArgument {}

extension Dialect: ExpressibleByArgument {}

extension ImportDialect: ExpressibleByArgument {}

extension ImportFormat: ExpressibleByArgument {}

extension ImportInterpolation: ExpressibleByArgument {}

extension AnswerPart: ExpressibleByArgument {}

extension MoveCredentialBody.Direction: ExpressibleByArgument {}

extension Plan: ExpressibleByArgument {}
