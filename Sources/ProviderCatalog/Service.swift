// SPDX-License-Identifier: Apache-2.0

/// An API and how it takes a key, as its maker documents it.
struct Service {
    /// What its keys begin with, where nobody else's do.
    var keyPrefix = ""
    var environmentName: String
    var baseURLName: String
    /// What its SDK puts before each path.
    var baseURL: String?
    /// Nil for `Authorization: Bearer KEY`.
    var header: String?
    var introduction: String?
    var hosts: [String] = []
    var test: String?
    var testFields: [(name: String, value: String)] = []
    var refusals: [KeyRefusal] = []
    var keyPage: String?

    /// `word` begins the names of its variables, as in `GROQ_API_KEY` and `GROQ_BASE_URL`.
    ///
    /// Keys go to the host of `base`; `test` is a path on it.
    init(
        _ word: String,
        at base: String? = nil,
        keys prefix: String = "",
        from page: String? = nil,
        test path: String? = nil,
        header: String? = nil
    ) {
        environmentName = "\(word)_API_KEY"
        baseURLName = "\(word)_BASE_URL"
        baseURL = base
        keyPrefix = prefix
        keyPage = page
        self.header = header
        guard let host = base?.split(separator: "/").dropFirst().first else { return }
        hosts = [String(host)]
        test = path.map { "https://\(host)\($0)" }
    }

    /// The same with other facts.
    private func with(_ change: (inout Service) -> Void) -> Service {
        var service = self
        change(&service)
        return service
    }
}

extension Service {
    static let anthropic = Service(
        "ANTHROPIC",
        at: "https://api.anthropic.com",
        keys: "sk-ant-",
        from: "https://platform.claude.com/settings/keys",
        test: "/v1/models",
        header: "x-api-key"
    ).with { $0.testFields = [("anthropic-version", "2023-06-01")] }

    static let openAI = Service(
        "OPENAI",
        at: "https://api.openai.com/v1",
        keys: "sk-",
        from: "https://platform.openai.com/api-keys",
        test: "/v1/models"
    )

    static let openRouter = Service(
        "OPENROUTER",
        at: "https://openrouter.ai/api/v1",
        keys: "sk-or-",
        from: "https://openrouter.ai/settings/keys",
        test: "/api/v1/key"
    ).with { $0.hosts = ["openrouter.ai/api"] }

    static let groq = Service(
        "GROQ",
        at: "https://api.groq.com",
        keys: "gsk_",
        from: "https://console.groq.com/keys",
        test: "/openai/v1/models"
    )

    // Keys of this form open other services of its maker too, so they do not tell whose they are.
    static let gemini = Service(
        "GEMINI",
        at: "https://generativelanguage.googleapis.com",
        from: "https://aistudio.google.com/apikey",
        test: "/v1beta/models",
        header: "x-goog-api-key"
    ).with {
        $0.baseURLName = "GOOGLE_GEMINI_BASE_URL"
        $0.refusals = [KeyRefusal(status: 400, mark: "API_KEY_INVALID")]
    }

    // Its list of models is open to everybody; this is not, and takes keys of both of its kinds.
    static let venice = Service(
        "VENICE",
        at: "https://api.venice.ai/api/v1",
        from: "https://venice.ai/settings/api",
        test: "/api/v1/api_keys/rate_limits"
    )

    static let stability = Service(
        "STABILITY",
        at: "https://api.stability.ai",
        from: "https://platform.stability.ai/account/keys",
        test: "/v1/user/balance"
    )

    static let fal = Service("FAL", at: "https://fal.run", from: "https://fal.ai/dashboard/keys").with {
        $0.environmentName = "FAL_KEY"
        $0.header = "authorization"
        $0.introduction = "Key "
        $0.hosts = ["fal.run", "queue.fal.run"]
    }

    static let replicate = Service(
        "REPLICATE",
        at: "https://api.replicate.com",
        keys: "r8_",
        from: "https://replicate.com/account/api-tokens",
        test: "/v1/account"
    ).with {
        $0.environmentName = "REPLICATE_API_TOKEN"
        $0.baseURLName = "REPLICATE_API_BASE_URL"
    }

    static let runway = Service(
        "RUNWAYML",
        at: "https://api.dev.runwayml.com",
        from: "https://dev.runwayml.com",
        test: "/v1/organization"
    ).with {
        $0.environmentName = "RUNWAYML_API_SECRET"
        $0.testFields = [("x-runway-version", "2024-11-06")]
    }

    static let luma = Service(
        "LUMAAI",
        at: "https://api.lumalabs.ai/dream-machine/v1",
        keys: "luma-",
        from: "https://lumalabs.ai/dream-machine/api/keys",
        test: "/dream-machine/v1/credits"
    )

    static let elevenLabs = Service(
        "ELEVENLABS",
        at: "https://api.elevenlabs.io",
        from: "https://elevenlabs.io/app/settings/api-keys",
        test: "/v1/user",
        header: "xi-api-key"
    )

    static let cartesia = Service(
        "CARTESIA",
        at: "https://api.cartesia.ai",
        keys: "sk_car_",
        from: "https://play.cartesia.ai/keys"
    )

    // Has no request that shows a key and costs nothing.
    static let perplexity = Service(
        "PERPLEXITY",
        at: "https://api.perplexity.ai",
        keys: "pplx-",
        from: "https://www.perplexity.ai/settings/api"
    )

    static let tavily = Service(
        "TAVILY",
        at: "https://api.tavily.com",
        keys: "tvly-",
        from: "https://app.tavily.com/home",
        test: "/usage"
    )

    static let serper = Service(
        "SERPER",
        at: "https://google.serper.dev",
        from: "https://serper.dev/api-key",
        test: "/account",
        header: "x-api-key"
    )

    static let brave = Service(
        "BRAVE",
        at: "https://api.search.brave.com/res/v1",
        from: "https://api-dashboard.search.brave.com/app/keys",
        header: "x-subscription-token"
    ).with { $0.refusals = [KeyRefusal(status: 422, mark: "SUBSCRIPTION_TOKEN_INVALID")] }

    static let exa = Service(
        "EXA",
        at: "https://api.exa.ai",
        from: "https://dashboard.exa.ai/api-keys",
        header: "x-api-key"
    )
}
