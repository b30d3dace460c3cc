// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import ArgumentParser
internal import EnvironmentFile
internal import VaultModel

extension EntryKind: ExpressibleByArgument {}

extension Role: ExpressibleByArgument {}

extension OnExisting: ExpressibleByArgument {}

extension Dialect: ExpressibleByArgument {}

extension ImportDialect: ExpressibleByArgument {}

extension ImportFormat: ExpressibleByArgument {}

extension ImportInterpolation: ExpressibleByArgument {}
