// SPDX-License-Identifier: Apache-2.0

/// Why a container cannot be given its wrapper, or what an engine said cannot be read.
///
/// No case carries an argument or a variable of the container.
package enum ContainerEditError: Error, Equatable {
    /// Not JSON, from that byte on.
    case malformedJSON(offset: Int)
    /// A member that is there twice, or in other letters than it is read in.
    case ambiguousMember(String)
    /// A member that is no list, text or object, where it has to be one.
    case unexpectedForm(String)
    /// There is nothing to start.
    case noArguments
    case agentNameEmpty
    case agentNameInvalid
    /// The annotation and the variable name different agents.
    case twoAgents
    /// A gateway token stands in the engine's configuration.
    case tokenInEnvironment
    /// The container has a mount of its own where the wrapper goes.
    case destinationTaken(String)
    /// The socket is in one folder with the operator's, which no container may see.
    case operatorSocketExposed(folder: String)
    case containerIDInvalid
    /// A bundle that is used a second time, and says another agent now.
    case editedForAnother
    /// The wrapper is in front of the image's command already.
    case alreadyWrapped
    /// The image is for another kind of system.
    case notLinux
    /// There is not exactly one image.
    case severalImages
}

extension ContainerEditError {
    /// The error for people, in one line.
    package var text: String {
        switch self {
        case .malformedJSON(let offset): "what the engine wrote is not JSON (byte \(offset))"
        case .ambiguousMember(let name): "\"\(name)\" is there twice, or spelled in another case"
        case .unexpectedForm(let name): "\"\(name)\" is not of the form that the specification gives it"
        case .noArguments: "the container has no arguments, so there is nothing to put the wrapper in front of"
        case .agentNameEmpty: "the container names an agent, but the name is empty"
        case .agentNameInvalid: "an agent's name has 1 to 128 visible characters"
        case .twoAgents:
            "the annotation \(ContainerNaming.agentAnnotation) and ATTACHE_AGENT name different agents; leave one out"
        case .tokenInEnvironment:
            "ATTACHE_GATEWAY_TOKEN stands in the container's configuration, where everybody who may inspect it reads "
                + "it; leave it out, or mount a file and set ATTACHE_GATEWAY_TOKEN_FILE"
        case .destinationTaken(let path): "the container has a mount of its own at \(path)"
        case .operatorSocketExposed(let folder):
            "the agents' socket is in \(folder) together with the operator's socket, which no container may see; "
                + "name a folder of its own as agentSocket"
        case .alreadyWrapped: "the wrapper is in front of the image's command already"
        case .notLinux: "the image is not one of Linux"
        case .severalImages: "there is not exactly one image in it; save one, for one platform and without attestations"
        case .editedForAnother: "the bundle was edited for another agent before; make it anew"
        case .containerIDInvalid: "the container's id is not one: letters, digits and - + . _ up to 1,024"
        }
    }
}
