// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Endpoint {
    static let starts: [Endpoint] = [
        Endpoint(
            .start,
            .post,
            "/api/v1/starts",
            "Get the environment of a process that is about to start",
            access: .gateway,
            listeners: Set(Listener.allCases),
            parameters: startParameters,
            answer: Answer(
                status: 200,
                description: "`NAME=value` and a NUL, once for each attached entry.",
                content: .environment,
                headers: [
                    "Attache-Receipt": "The id of the receipt, which is recorded before a value leaves.",
                    "Attache-Allowed-Names":
                        "Names that change how a process is loaded and that this agent may receive; absent if none.",
                    "Attache-Readable-Names":
                        "For a supervised instance, names whose values are no secrets; absent if none.",
                ]
            ),
            errors: [.entryExpired, .invalidField, .proxyAddressMissing]
        ),
        Endpoint(
            .watchChanges,
            .get,
            "/api/v1/starts/{id}/changes",
            "Wait until a supervised instance's environment changes or it is asked to restart",
            access: .gateway,
            listeners: Set(Listener.allCases),
            parameters: [
                .query("wait", .integer(1...300), "How many seconds to wait at most; 60 unless told."),
                .query(
                    "seen",
                    .string(pattern: "^[0-9a-f]*$", length: 0...64),
                    "The `Attache-Environment` of an earlier answer, whose change is not told again."
                ),
            ],
            answer: Answer(
                status: 204,
                description: "A change, or the end of the wait.",
                content: .none,
                headers: [
                    "Attache-Change": "`none`, `values` or `restart`.",
                    "Attache-Environment": "Names the current set of entries and versions.",
                    "Attache-Changed-Names": "What differs from what the instance was given; absent if nothing does.",
                ]
            ),
            errors: [.instanceEnded, .notFound]
        ),
        Endpoint(
            .endInstance,
            .delete,
            "/api/v1/starts/{id}",
            "Say that a supervised instance has ended",
            access: .gateway,
            listeners: Set(Listener.allCases),
            answer: .done,
            errors: [.notFound]
        ),
    ]

    private static let startParameters: [Parameter] = [
        .header(
            "Attache-Instance",
            .string(pattern: "^[!-~]([ -~]*[!-~])?$", length: 1...DisplayName.maximumCharacters),
            "The replica's stable name; a start of the same name replaces the one before.",
            isRequired: true
        ),
        .header(
            "Attache-Start",
            .string(pattern: "^[A-Za-z0-9_-]+$", length: 8...64),
            "Unique to the start, so that a retry is the same start.",
            isRequired: true
        ),
        .header("Attache-Session", .oneOf(["1"]), "A shell or a probe starts: same values, no instance."),
        .header(
            "Attache-Supervised",
            .oneOf(["1"]),
            "A supervisor stays: the instance counts once it asks for changes, until it ends or is lost."
        ),
    ]
}
