// SPDX-License-Identifier: Apache-2.0

import ContainerEdits
import Foundation
import Testing

struct BundleEditTests {
    static let places = HostPlaces(
        wrapper: "/usr/local/bin/attache-exec",
        agentSocket: "/run/attache/agents/agent.sock",
        operatorSocket: "/run/attache/attache.sock",
        hook: "/usr/local/bin/attache-hook"
    )

    private func edited(
        _ config: String,
        container: String? = "0123456789abcdef",
        places: HostPlaces = Self.places,
        stages: Set<HookStage> = Set(HookStage.allCases)
    ) throws -> String? {
        try BundleEdit(Array(config.utf8), container: container, places: places, stages: stages).map {
            String(decoding: $0.bytes, as: UTF8.self)
        }
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func theWrapperStandsInFrontOfTheResolvedArguments() throws {
        let config =
            #"{"process":{"args":["sh","-c","echo $X"],"env":["A=1"]},"annotations":{"io.attache.agent":"web"}}"#
        let text = try #require(try edited(config))
        let result = try object(text)
        let process = try #require(result["process"] as? [String: Any])
        #expect(process["args"] as? [String] == ["/.attache/attache-exec", "--", "sh", "-c", "echo $X"])
        #expect(
            process["env"] as? [String] == [
                "A=1", "ATTACHE_ADDRESS=unix:///.attache/run/agent.sock", "ATTACHE_INSTANCE=0123456789ab",
            ]
        )
        let mounts = try #require(result["mounts"] as? [[String: Any]])
        #expect(
            mounts.map { $0["destination"] as? String } == ["/.attache", "/.attache/attache-exec", "/.attache/run"]
        )
        #expect(
            mounts.map { $0["source"] as? String } == ["tmpfs", "/usr/local/bin/attache-exec", "/run/attache/agents"]
        )
        let hooks = try #require(result["hooks"] as? [String: [[String: Any]]])
        #expect(hooks["createRuntime"]?.first?["args"] as? [String] == ["attache-hook", "register", "--agent", "web"])
        #expect(hooks["poststop"]?.first?["args"] as? [String] == ["attache-hook", "end"])
    }

    /// Else a bundle whose agent was changed would go on getting the values of the one before.
    @Test(arguments: [Set(HookStage.allCases), [.poststop], []])
    func aBundleThatWasEditedForAnotherAgentIsRefused(stages: Set<HookStage>) throws {
        let config = #"{"process":{"args":["a"]},"annotations":{"io.attache.agent":"web"}}"#
        let once = try #require(try edited(config))
        #expect(try edited(once, stages: stages) == once)
        let other = once.replacing(#""io.attache.agent":"web""#, with: #""io.attache.agent":"bot""#)
        #expect(throws: ContainerEditError.editedForAnother) { try edited(other, stages: stages) }
    }

    @Test(arguments: [[], [HookStage.createRuntime], [.poststop]])
    func onlyTheHooksThatAreNeededAreAdded(stages: [HookStage]) throws {
        let config = #"{"process":{"args":["a"]},"annotations":{"io.attache.agent":"web"}}"#
        let result = try object(try #require(try edited(config, stages: Set(stages))))
        let hooks = result["hooks"] as? [String: [[String: Any]]] ?? [:]
        #expect(Set(hooks.keys) == Set(stages.map(\.rawValue)))
        #expect((result["process"] as? [String: [String]])?["args"]?.first == "/.attache/attache-exec")
    }

    @Test func aBundleThatWasEditedWithoutHooksGetsThemFromWhoeverNeedsThem() throws {
        let config = #"{"process":{"args":["a"]},"annotations":{"io.attache.agent":"web"}}"#
        let bare = try #require(try edited(config, stages: []))
        let whole = try #require(try edited(bare))
        #expect(try object(whole) as NSDictionary == object(try #require(try edited(config))) as NSDictionary)
        #expect(try edited(whole) == whole)
        #expect(try edited(whole, stages: []) == whole)
    }

    /// Configurations of many forms, each with what names the agent.
    static let forms = [
        #"{"process":{"args":["a"]},"annotations":{"io.attache.agent":"web"}}"#,
        #"{"annotations":{"io.attache.agent":"web"},"process":{"env":null,"args":["a"]},"mounts":null,"hooks":null}"#,
        #"{"process":{"args":["a"],"env":["ATTACHE_AGENT=web"]},"mounts":[],"hooks":{}}"#,
        #"{"process":{"args":["a"],"env":[]},"hooks":{"poststop":null,"createRuntime":[{"path":"/x"}]},"annotations":{"io.attache.agent":"web"}}"#,
        """
        {
            "ociVersion": "1.0.2-dev", "z": [1.50e+3, -0, 12345678901234567890, 1E200, 0.1],
            "process": {"user": {"uid": 0}, "args": [ "a" , "\\u00e9\\ud83d\\ude00" ], "env": [ "A=\\/" ], "cwd": "/"},
            "mounts": [ {"destination": "/proc", "type": "proc", "source": "proc"} ],
            "annotations": {"io.attache.agent": "web", "b": "1", "a": "2"},
            "linux": {"unknownField": {"deep": [[[null, true, false]]]}}, "a": ""
        }

        """,
    ]

    /// What the edit puts in, taken out again by the rules of JSON.
    private func removed(_ edited: [String: Any], from original: [String: Any]) throws -> [String: Any] {
        var result = edited
        var process = try #require(result["process"] as? [String: Any])
        let args = try #require(process["args"] as? [String])
        #expect(Array(args.prefix(2)) == ["/.attache/attache-exec", "--"])
        process["args"] = Array(args.dropFirst(2))
        let originalProcess = try #require(original["process"] as? [String: Any])
        let own = ["ATTACHE_ADDRESS=", "ATTACHE_INSTANCE="]
        let env = (process["env"] as? [String] ?? []).filter { text in !own.contains { text.hasPrefix($0) } }
        process["env"] = env.isEmpty ? originalProcess["env"] : env
        result["process"] = process
        let mounts = (result["mounts"] as? [[String: Any]] ?? []).filter {
            !("\($0["destination"] ?? "")".hasPrefix("/.attache"))
        }
        result["mounts"] = mounts.isEmpty ? original["mounts"] : mounts
        var hooks = try #require(result["hooks"] as? [String: Any])
        let originalHooks = original["hooks"] as? [String: Any]
        for name in ["createRuntime", "poststop"] {
            let left = (hooks[name] as? [[String: Any]] ?? []).filter { "\($0["path"] ?? "")" != Self.places.hook }
            hooks[name] = left.isEmpty ? originalHooks?[name] : left
        }
        result["hooks"] = hooks.isEmpty ? original["hooks"] : hooks
        return result
    }

    @Test(arguments: forms)
    func editingAndRemovingGivesTheOriginalBack(config: String) throws {
        let text = try #require(try edited(config))
        let original = try object(config)
        #expect(try removed(object(text), from: original) as NSDictionary == original as NSDictionary)
    }

    /// Whether `original` is left when some of `text` is taken out, `null` in front of a list aside.
    private func isLeft(_ original: String, of text: String) -> Bool {
        var rest = text.utf8[...]
        for byte in original.replacing("null", with: "").utf8 {
            guard let found = rest.firstIndex(of: byte) else { return false }
            rest = rest[rest.index(after: found)...]
        }
        return true
    }

    @Test(arguments: forms)
    func everyByteOfTheOriginalStaysInItsPlace(config: String) throws {
        let text = try #require(try edited(config))
        #expect(isLeft(config, of: text))
        for untouched in ["[1.50e+3, -0, 12345678901234567890, 1E200, 0.1]", "\\u00e9\\ud83d\\ude00", "A=\\/"]
        where config.contains(untouched) { #expect(text.contains(untouched)) }
    }

    /// A configuration of random members, blanks and numbers, always the same for a seed.
    private func random(_ seed: UInt64) -> String {
        var state = seed &* 6_364_136_223_846_793_005 &+ 1
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        func blank() -> String { ["", " ", "\n\t", ""][Int(next(4))] }
        func value(_ depth: Int) -> String {
            switch next(depth > 3 ? 5 : 7) {
            case 0: ["0", "-1", "1e9", "3.14", "123456789012345678901234567890"][Int(next(5))]
            case 1: "null"
            case 2: "true"
            case 3: "\"\\u0041\\n\(next(1_000))\""
            case 4: "\"ü\(next(9))\""
            case 5: "[\(blank())" + (0..<next(4)).map { _ in value(depth + 1) }.joined(separator: ",\(blank())") + "]"
            default: "{" + (0..<next(4)).map { "\"k\($0)\"\(blank()):\(value(depth + 1))" }.joined(separator: ",") + "}"
            }
        }
        var members = (0..<next(6)).map { "\"m\($0)\":\(blank())\(value(0))" }
        let extra = (0..<next(3)).map { ",\"p\($0)\":\(value(1))" }.joined()
        members.append("\"process\":{\"args\":[\(blank())\"a\"\(blank()),\"b\"]\(extra)}")
        members.append("\"annotations\":{\"io.attache.agent\":\"w\"}")
        if next(2) == 0 { members.append("\"mounts\":\(["null", "[]", "[{\"destination\":\"/x\"}]"][Int(next(3))])") }
        if next(2) == 0 { members.append("\"hooks\":\(["null", "{}", "{\"poststop\":[]}"][Int(next(3))])") }
        for index in members.indices.reversed() { members.swapAt(index, Int(next(UInt64(index + 1)))) }
        return "{\(blank())" + members.joined(separator: ",\(blank())") + "}\(blank())"
    }

    @Test(arguments: 1...200)
    func editingAndRemovingGivesARandomOriginalBack(seed: Int) throws {
        let config = random(UInt64(seed))
        let text = try #require(try edited(config))
        let original = try object(config)
        #expect(try removed(object(text), from: original) as NSDictionary == original as NSDictionary, "\(config)")
        #expect(isLeft(config, of: text), "\(config)")
    }

    @Test(arguments: forms)
    func editingTwiceIsEditingOnce(config: String) throws {
        let once = try #require(try edited(config))
        #expect(try edited(once) == once)
    }

    @Test(arguments: [
        #"{"process":{"args":["a"]}}"#, #"{"process":{"args":["a"],"env":["X=ATTACHE_AGENT=web"]},"annotations":{}}"#,
        #"{"annotations":{"io.attache.agent":"w","io.kubernetes.cri.container-type":"sandbox"},"process":{"args":["a"]}}"#,
        #"{"annotations":{"io.attache.agent":"w","io.kubernetes.cri-o.ContainerType":"sandbox"},"process":{"args":["a"]}}"#,
        "{}",
    ])
    func aContainerWithoutAnAgentAndASandboxAreLeftAlone(config: String) throws {
        #expect(try edited(config) == nil)
    }

    @Test(arguments: [
        (#"{"process":{"args":[],"env":["ATTACHE_AGENT=w"]}}"#, ContainerEditError.noArguments),
        (#"{"process":{"env":["ATTACHE_AGENT=w"]}}"#, .noArguments),
        (#"{"process":{"args":null,"env":["ATTACHE_AGENT=w"]}}"#, .noArguments),
        (#"{"process":{"args":"a","env":["ATTACHE_AGENT=w"]}}"#, .unexpectedForm("args")),
        (#"{"process":{"args":[1],"env":["ATTACHE_AGENT=w"]}}"#, .unexpectedForm("args")),
        (#"{"annotations":{"io.attache.agent":"w"}}"#, .noArguments),
        (#"{"process":{"args":["a"],"env":["ATTACHE_AGENT="]}}"#, .agentNameEmpty),
        (#"{"process":{"args":["a"]},"annotations":{"io.attache.agent":""}}"#, .agentNameEmpty),
        (#"{"process":{"args":["a"]},"annotations":{"io.attache.agent":"a\nb"}}"#, .agentNameInvalid),
        (#"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x"]},"annotations":{"io.attache.agent":"y"}}"#, .twoAgents),
        (
            #"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x","ATTACHE_GATEWAY_TOKEN=gwt_x"]}}"#, .tokenInEnvironment
        ),
        (
            #"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x"]},"mounts":[{"destination":"//.attache/./y/"}]}"#,
            .destinationTaken("/.attache/y")
        ),
        (#"{"process":{"args":["a"],"args":["b"],"env":["ATTACHE_AGENT=x"]}}"#, .ambiguousMember("args")),
        (#"{"process":{"Args":["a"],"env":["ATTACHE_AGENT=x"]}}"#, .ambiguousMember("args")),
        (#"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x"]},"mounts":{}}"#, .unexpectedForm("mounts")),
        (#"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x"]},"hooks":[]}"#, .unexpectedForm("hooks")),
        (#"{"process":{"args":["a"],"env":["ATTACHE_AGENT=x"]},"hooks":{"poststop":1}}"#, .unexpectedForm("poststop")),
        (#"[]"#, .unexpectedForm("config.json")), ("", .malformedJSON(offset: 0)), ("{", .malformedJSON(offset: 1)),
        ("{\"a\":01}", .malformedJSON(offset: 6)), ("{\"a\":\"\\ud800\"}", .malformedJSON(offset: 13)),
        ("{} x", .malformedJSON(offset: 3)), ("{\"a\":\"\u{1}\"}", .malformedJSON(offset: 6)),
    ])
    func whatCannotBeEditedIsRefused(config: String, expected: ContainerEditError) {
        #expect(throws: expected) { try edited(config) }
    }

    @Test func noFolderOfTheOperatorsSocketIsMounted() {
        var places = Self.places
        places.agentSocket = "/run/attache/agent.sock"
        let expected = ContainerEditError.operatorSocketExposed(folder: "/run/attache")
        #expect(throws: expected) { try edited(Self.forms[0], places: places) }
    }

    @Test func whatTheContainerSetsItselfIsKept() throws {
        let config =
            #"{"process":{"args":["a"],"env":["ATTACHE_AGENT=w","ATTACHE_INSTANCE=mine","ATTACHE_ALLOW_OFFLINE=1"]}}"#
        let text = try #require(try edited(config))
        let process = try #require(object(text)["process"] as? [String: Any])
        let env = try #require(process["env"] as? [String])
        #expect(env.filter { $0.hasPrefix("ATTACHE_INSTANCE=") } == ["ATTACHE_INSTANCE=mine"])
        #expect(env.filter { $0.hasPrefix("ATTACHE_ALLOW_OFFLINE=") } == ["ATTACHE_ALLOW_OFFLINE=1"])
    }

    @Test func anImageThatBringsTheWrapperIsNotWrappedTwice() throws {
        let config = #"{"process":{"args":["/bin/attache-exec","--","a"],"env":["ATTACHE_AGENT=w"]}}"#
        let text = try #require(try edited(config))
        let process = try #require(object(text)["process"] as? [String: Any])
        #expect(process["args"] as? [String] == ["/bin/attache-exec", "--", "a"])
    }

    @Test(arguments: [
        ("/libpod_parent/libpod-aabbccddeeff00", "aabbccddeeff"),
        ("machine.slice:libpod:aabbccddeeff00", "aabbccddeeff"),
        ("/default/web", "web"),
    ])
    func aHookWithoutAnIDFindsItInTheControlGroup(path: String, expected: String) throws {
        let config = #"{"process":{"args":["a"],"env":["ATTACHE_AGENT=w"]},"linux":{"cgroupsPath":"\#(path)"}}"#
        let text = try #require(try edited(config, container: nil))
        #expect(text.contains("ATTACHE_INSTANCE=\(expected)\""))
    }

    @Test func nestingWithoutEndIsRefused() {
        #expect(throws: ContainerEditError.self) { try edited(String(repeating: "[", count: 100_000)) }
    }

    @Test func noPointerHoldsMoreThanAPlaceAndAName() throws {
        let text = try #require(try edited(Self.forms[0]))
        let process = try #require(object(text)["process"] as? [String: Any])
        let env = try #require(process["env"] as? [String])
        #expect(env.allSatisfy { $0.hasPrefix("ATTACHE_ADDRESS=unix:///") || $0.hasPrefix("ATTACHE_INSTANCE=") })
    }
}
