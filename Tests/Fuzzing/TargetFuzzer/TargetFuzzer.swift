// SPDX-License-Identifier: Apache-2.0

import ProxyRules

/// Reads what the fuzzer made up as a target's URL and as a rule for hosts.
///
/// Whatever it is, it is refused or means one thing: what is let through leads to the host of the rule, and what is read is
/// read the same again from its own parts.
@_cdecl("LLVMFuzzerTestOneInput")
package func readArbitraryTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    if let rule = try? HostRule(text) {
        // What does not hold ends the process, which is what the fuzzer looks for.
        precondition((try? HostRule(rule.description))?.description == rule.description)
    }
    guard let url = try? TargetURL(text) else { return 0 }
    let query = url.query.map { "?\($0)" } ?? ""
    let again = try? TargetURL("\(url.scheme.rawValue)://\(url.authority)\(url.path)\(query)")
    precondition(again == url)
    precondition(url.path.hasPrefix("/"))
    for line in [url.path, query, url.authority, url.redacted] {
        precondition(line.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }
    precondition(!url.authority.contains("@") && !url.path.contains("/../") && !url.path.hasSuffix("/.."))
    guard let exact = try? HostRule("api.ok/v1"), let wide = try? HostRule("*.ok.test") else { fatalError() }
    if HostDecision([exact], target: url, method: "GET") == .allowed {
        precondition(url.authority == "api.ok" && url.scheme == .https)
        precondition(url.path == "/v1" || url.path.hasPrefix("/v1/"))
    }
    if HostDecision([wide], target: url, method: "GET") == .allowed {
        let labels = url.authority.split(separator: ".", omittingEmptySubsequences: false)
        precondition(labels.count == 3 && labels[1] == "ok" && labels[2] == "test" && !labels[0].isEmpty)
    }
    precondition(HostDecision([], target: url, method: "GET") != .allowed)
    return 0
}
