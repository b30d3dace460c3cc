// SPDX-License-Identifier: Apache-2.0

internal import Sealing
package import VaultModel

/// A master key in a file of its own, to be taken into use by a server that runs.
package struct NewMasterKey: Sendable {
    package let id: String
    /// The contents of the key's file.
    package let text: SharedSecret
    /// Whether the file was there before.
    package let wasThere: Bool

    /// Makes the file with a new key, or reads the one that is there.
    package init(file path: String) throws(ServeError) {
        let file = MasterKeyFile(path: path)
        let found = try file.read()
        let key: MasterKey
        if let found { key = found } else { key = try file.create() }
        wasThere = found != nil
        id = key.id.text
        text = key.withFileContents { SharedSecret(copying: $0) }
    }
}
