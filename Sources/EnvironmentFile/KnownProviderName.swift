// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// How names of variables say whose key they hold, such as `MISTRAL_API_KEY`.
package struct KnownProviderName: Sendable {
    /// The word, between underscores, that names the provider.
    package let word: String
    package let provider: ProviderID

    /// The provider of a name that ends as those of keys do and has one of the words.
    package static func of(_ name: EnvironmentName) -> Self? {
        let words = name.text.uppercased().split(separator: "_")
        guard words.count > 1, let last = words.last, ["KEY", "TOKEN", "APIKEY"].contains(last) else { return nil }
        return all.first { known in words.dropLast().contains { $0 == known.word } }
    }

    package static let all: [Self] = names.compactMap { word, provider in
        ProviderID(provider).map { Self(word: word, provider: $0) }
    }

    private static let names: [(word: String, provider: String)] = [
        ("ANTHROPIC", "anthropic"), ("ASSEMBLYAI", "assemblyai"), ("BRAVE", "brave"), ("CARTESIA", "cartesia"),
        ("CEREBRAS", "cerebras"), ("CLAUDE", "anthropic"), ("COHERE", "cohere"), ("DEEPGRAM", "deepgram"),
        ("DEEPSEEK", "deepseek"), ("ELEVEN", "elevenlabs"), ("ELEVENLABS", "elevenlabs"), ("EXA", "exa"),
        ("FAL", "fal"), ("FIREWORKS", "fireworks"), ("GEMINI", "google"), ("GROK", "xai"), ("GROQ", "groq"),
        ("HF", "huggingface"), ("HUGGINGFACE", "huggingface"), ("LUMA", "luma"), ("MISTRAL", "mistral"),
        ("MOONSHOT", "moonshot"), ("NVIDIA", "nvidia"), ("OPENAI", "openai"), ("OPENROUTER", "openrouter"),
        ("PERPLEXITY", "perplexity"), ("PPLX", "perplexity"), ("REPLICATE", "replicate"), ("RUNWAY", "runway"),
        ("SERPAPI", "serpapi"), ("STABILITY", "stability"), ("TAVILY", "tavily"), ("TOGETHER", "together"),
        ("XAI", "xai"),
    ]
}
