// SPDX-License-Identifier: Apache-2.0

/// The version that `attache --version`, the server and its clients tell.
package enum ProductVersion {
    package static let text = "0.1.0"
}
