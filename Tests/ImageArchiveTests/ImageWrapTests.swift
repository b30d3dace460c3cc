// SPDX-License-Identifier: Apache-2.0

import BackupArchive
import ContainerEdits
import Foundation
import ImageArchive
import TestSupport
import Testing

struct ImageWrapTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try SampleImage.writeProgram(to: directory.appending("attache-exec"))
    }

    private func wrap(
        _ image: SampleImage,
        agent: String? = nil,
        name: String? = nil,
        to output: String = "out.tar"
    ) throws -> ImageWrap.Result {
        let input = directory.appending("in-\(UUID().uuidString).tar")
        try image.write(to: input)
        return try wrap(input, agent: agent, name: name, to: output)
    }

    private func wrap(
        _ input: String,
        agent: String? = nil,
        name: String? = nil,
        to output: String
    ) throws -> ImageWrap.Result {
        let wrap = ImageWrap(
            wrapper: directory.appending("attache-exec"),
            agent: agent,
            address: "unix:///run/a.sock",
            tokenFile: "/run/secrets/t",
            name: name
        )
        return try wrap.wrap(input, to: directory.appending(output))
    }

    private func json(_ bytes: [UInt8]?) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(try #require(bytes)), options: .fragmentsAllowed)
    }

    @Test(arguments: SampleImage.Form.allCases)
    func theWrapperStandsInFrontOfTheEntrypointAndTheRestIsAsItWas(form: SampleImage.Form) throws {
        let made = try wrap(SampleImage(form: form), agent: "web")
        #expect(made.entrypoint == ["/bin/web"])
        let files = try files(of: directory.appending("out.tar"))
        let digest = made.id.dropFirst(7)
        let bytes = try #require(files[form == .docker ? "\(digest).json" : "blobs/sha256/\(digest)"])
        #expect(SampleImage.digest(bytes) == digest)
        let configuration = try #require(try json(bytes) as? [String: Any])
        let settings = try #require(configuration["config"] as? [String: Any])
        #expect(settings["Entrypoint"] as? [String] == ["/.attache/attache-exec", "--", "/bin/web"])
        #expect(settings["Cmd"] as? [String] == ["serve"])
        #expect(
            settings["Env"] as? [String] == [
                "PATH=/bin", "ATTACHE_ADDRESS=unix:///run/a.sock", "ATTACHE_GATEWAY_TOKEN_FILE=/run/secrets/t",
            ]
        )
        #expect(settings["Labels"] as? [String: String] == ["io.attache.agent": "web"])
        let layers = try #require((configuration["rootfs"] as? [String: Any])?["diff_ids"] as? [String])
        #expect(layers == ["sha256:\(SampleImage.digest(SampleImage().layer))", made.layer])
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""x":1.50"#))
        #expect((configuration["history"] as? [Any])?.count == 2)
    }

    @Test(arguments: SampleImage.Form.allCases)
    func everythingIsWhereItsDigestSays(form: SampleImage.Form) throws {
        let made = try wrap(SampleImage(form: form))
        let files = try files(of: directory.appending("out.tar"))
        for (name, bytes) in files where name.hasPrefix("blobs/") {
            #expect(name == "blobs/sha256/\(SampleImage.digest(bytes))")
        }
        let layer = form == .docker ? "\(made.layer.dropFirst(7)).tar" : "blobs/sha256/\(made.layer.dropFirst(7))"
        #expect("sha256:\(SampleImage.digest(try #require(files[layer])))" == made.layer)
        if form != .oci {
            let list = try #require(try json(files["manifest.json"]) as? [[String: Any]])
            let layers = try #require(list.first?["Layers"] as? [String])
            #expect(layers.count == 2 && layers.last == layer)
            #expect(layers.allSatisfy { files[$0] != nil })
            #expect(files[try #require(list.first?["Config"] as? String)] != nil)
        }
    }

    @Test(arguments: SampleImage.Form.allCases)
    func theSameInputGivesTheSameBytes(form: SampleImage.Form) throws {
        _ = try wrap(SampleImage(form: form), to: "one.tar")
        _ = try wrap(SampleImage(form: form), to: "two.tar")
        let one = try Data(contentsOf: URL(fileURLWithPath: directory.appending("one.tar")))
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.appending("two.tar"))) == one)
        #expect(!FileManager.default.fileExists(atPath: directory.appending("one.tar.layer")))
    }

    @Test(arguments: SampleImage.Form.allCases)
    func anotherNameIsTheNameThatItIsLoadedBy(form: SampleImage.Form) throws {
        _ = try wrap(SampleImage(form: form), name: "web:attache")
        let files = try files(of: directory.appending("out.tar"))
        let named = try #require(files[form == .docker ? "manifest.json" : "index.json"])
        #expect(String(decoding: named, as: UTF8.self).contains(#""web:attache""#))
    }

    @Test(arguments: SampleImage.Form.allCases)
    func anImageIsWrappedOnce(form: SampleImage.Form) throws {
        _ = try wrap(SampleImage(form: form))
        #expect {
            try wrap(directory.appending("out.tar"), to: "again.tar")
        } throws: { error in
            guard case ImageError.document(_, .alreadyWrapped) = error else { return false }
            return true
        }
        #expect(!FileManager.default.fileExists(atPath: directory.appending("again.tar")))
        #expect(!FileManager.default.fileExists(atPath: directory.appending("again.tar.layer")))
    }

    @Test(arguments: SampleImage.Form.allCases)
    func aLayerThatIsNotWhatItsDigestSaysIsRefused(form: SampleImage.Form) throws {
        let digest = String(repeating: "a", count: 64)
        #expect {
            try wrap(SampleImage(form: form, claimed: digest))
        } throws: { error in
            guard case ImageError.wrongDigest = error else { return false }
            return true
        }
        #expect(!FileManager.default.fileExists(atPath: directory.appending("out.tar")))
    }

    @Test func severalImagesAreRefused() throws {
        #expect(throws: ImageError.document(name: "index.json", .severalImages)) {
            try wrap(SampleImage(index: #"{"manifests":[MANIFEST,MANIFEST]}"#))
        }
        let list = #"[{"Config":"CONFIG","Layers":["LAYERFILE"]},{"Config":"CONFIG","Layers":["LAYERFILE"]}]"#
        #expect(throws: ImageError.document(name: "manifest.json", .severalImages)) {
            try wrap(SampleImage(form: .docker, list: list))
        }
        #expect(throws: ImageError.document(name: "index.json", .severalImages)) {
            try wrap(SampleImage(index: #"{"manifests":[]}"#))
        }
    }

    @Test(arguments: [
        #"{"architecture":"amd64","os":"windows","rootfs":{"diff_ids":["LAYER"]}}"#,
        #"{"architecture":"amd64","rootfs":{"diff_ids":["LAYER"]}}"#, #"{"architecture":"amd64","os":"linux"}"#,
        #"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":[]}}"#,
        #"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["LAYER"]},"config":{"Entrypoint":"sh"}}"#,
        #"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["LAYER"]},"config":[]}"#,
        #"{"architecture":"arm64","os":"linux","rootfs":{"diff_ids":["LAYER"]}}"#,
        #"{"architecture":"amd64","os":"linux","OS":"linux","rootfs":{"diff_ids":["LAYER"]}}"#, "no json",
    ])
    func whatIsNotUnderstoodIsRefused(configuration: String) throws {
        for form in SampleImage.Form.allCases {
            #expect(throws: ImageError.self) { try wrap(SampleImage(form: form, configuration: configuration)) }
        }
        #expect(!FileManager.default.fileExists(atPath: directory.appending("out.tar")))
    }

    @Test func anImageWithoutSettingsGetsThem() throws {
        let bare = #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["LAYER"]}}"#
        let made = try wrap(SampleImage(configuration: bare), agent: "web")
        let files = try files(of: directory.appending("out.tar"))
        let configuration = try json(files["blobs/sha256/\(made.id.dropFirst(7))"]) as? [String: Any]
        let settings = try #require(configuration?["config"] as? [String: Any])
        #expect(settings["Entrypoint"] as? [String] == ["/.attache/attache-exec", "--"])
    }

    @Test func aWrapperThatCannotRunThereIsRefused() throws {
        try SampleImage.writeProgram(to: directory.appending("attache-exec"), needsLibraries: true)
        #expect(throws: ImageError.self) { try wrap(SampleImage()) }
        try Data("#!/bin/sh".utf8).write(to: URL(fileURLWithPath: directory.appending("attache-exec")))
        #expect(throws: ImageError.self) { try wrap(SampleImage()) }
    }

    @Test func whatIsThereIsNotOverwritten() throws {
        try Data("keep".utf8).write(to: URL(fileURLWithPath: directory.appending("out.tar")))
        #expect(throws: ImageError.archive(path: directory.appending("out.tar"), .exists)) { try wrap(SampleImage()) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.appending("out.tar"))) == Data("keep".utf8))
    }

    @Test func aFileThatIsNoImageIsSaidToBeNone() throws {
        try Data("not an archive at all".utf8).write(to: URL(fileURLWithPath: directory.appending("x.tar")))
        #expect(throws: ImageError.archive(path: directory.appending("x.tar"), .malformed)) {
            try wrap(directory.appending("x.tar"), to: "out.tar")
        }
        #expect(throws: ImageError.archive(path: directory.appending("none.tar"), .notFound)) {
            try wrap(directory.appending("none.tar"), to: "out.tar")
        }
    }
}
