// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The two flags that print and start nothing.
enum Help {
    static func print() -> Never { print(text, to: 1) }

    static func printVersion() -> Never { print("attache-exec 0.1.0\n", to: 1) }

    private static func print(_ text: Text, to descriptor: Int32) -> Never {
        if let start = text.bytes.baseAddress { ckernel_exec_write(descriptor, start, text.count) }
        ckernel_exec_exit(0)
    }

    private static var text: Text {
        """
        usage: attache-exec [flags] -- command [argument…]

        Fetches what is attached to this agent, puts it into the environment and becomes the command:
        same process, same signals, same exit code. Nothing is written to disk or to standard output.

        example:
          ATTACHE_GATEWAY_TOKEN_FILE=/run/secrets/attache attache-exec --require OPENAI_API_KEY -- python bot.py

        flags, each also a variable (lists are separated by commas and may be repeated):
          --keep NAMES       ATTACHE_KEEP           the inherited value wins over the vault's
          --only NAMES       ATTACHE_ONLY           take only these from the vault
          --require NAMES    ATTACHE_REQUIRE        do not start without these
          --strict           ATTACHE_STRICT=1       the vault must give exactly what is required, mapped or a file
          --map NAME=OTHER   ATTACHE_MAP            give the vault's NAME to the command as OTHER
          --prefix TEXT      ATTACHE_PREFIX         put TEXT before every name that --map does not name
          --file NAME[=PATH] ATTACHE_FILE           hand NAME over as a file in memory; NAME_FILE has its path
          --pass NAMES       ATTACHE_PASS           leave these ATTACHE_… variables to the command
          --session          ATTACHE_SESSION=1      same values, not a new instance: for shells and probes
          --allow-offline    ATTACHE_ALLOW_OFFLINE=1  start without values where no server can be reached
          --timeout SECONDS  ATTACHE_TIMEOUT        for everything before the command starts (default 30)
          --quiet            ATTACHE_QUIET=1        only errors
          --supervise        ATTACHE_SUPERVISE=1    stay as the parent: PID 1's duties, and what follows
          --on-change WHAT   ATTACHE_ON_CHANGE      report (default), restart, or signal:NAME
          --restart WHEN     ATTACHE_RESTART        never (default), on-failure or always
          --stop-timeout SECONDS  ATTACHE_STOP_TIMEOUT  from SIGTERM to SIGKILL in a restart (default 10)
          --cache memory:NAME     ATTACHE_CACHE     keep the last environment in memory for restarts
          --mask-output      ATTACHE_MASK_OUTPUT=1  show * for values in what the command prints
          --forward PORT     ATTACHE_FORWARD        lead 127.0.0.1:PORT to the server's proxy
          --help, --version

        variables:
          ATTACHE_ADDRESS             unix:///path, https://host:port; by default the socket that an
                                      engine's hook has mounted, or unix:///run/attache/agent.sock
          ATTACHE_CA_FILE             authorities to trust, instead of the image's store
          ATTACHE_CLIENT_CERTIFICATE_FILE, ATTACHE_CLIENT_KEY_FILE
                                      for a server that asks for a certificate
          ATTACHE_GATEWAY_TOKEN_FILE  file that holds the gateway token
          ATTACHE_GATEWAY_TOKEN       the token itself, where there is no file
          ATTACHE_INSTANCE            this replica's stable name (default: host name)

        exit code: the command's own, or 125 not started, 126 command not executable, 127 command not found

        """
    }
}
