// SPDX-License-Identifier: Apache-2.0

/// What was said on the command line of `attache serve`; the rest comes from the environment, the configuration file
/// and the defaults.
package struct ServeOptions: Sendable {
    package var data: String?
    package var listen: String?
    package var socket: String?
    package var agentSocket: String?
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var masterKeyFile: String?
    package var backupsFolder: String?
    package var backupsEvery: String?
    package var backupsKeep: String?
    package var agentURL: String?
    package var proxyAllow: String?
    package var proxyTrust: String?
    package var configurationFile: String?
    package var logLevel: String?

    package init() {}
}
